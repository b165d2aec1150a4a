"""Guessing, replaying and planting at the same moment, from several places at once."""

import threading

import pytest
from django.contrib.auth.hashers import Argon2PasswordHasher
from django.db import connections
from django.test import Client

from annotation.accounts.second_factor import accept_code
from tests.annotation.accounts.sign_on import (
    PASSWORD,
    app_code,
    give_app,
    give_codes,
    is_in,
    make_person,
    sign_in,
)

TRIES = 12


def at_once(call, times=TRIES):
    """What `call(n)` returned in so many threads that began together."""
    results, ready = [], threading.Barrier(times)

    def run(n):
        ready.wait()
        try:
            results.append(call(n))
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=[n]) for n in range(times)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(results) == times
    return results


@pytest.mark.django_db(transaction=True)
def test_parallel_tries_from_everywhere_cost_five_hashes_at_most(monkeypatch):
    user = make_person()
    tried, verify = [], Argon2PasswordHasher.verify

    def counted(self, password, encoded):
        tried.append(encoded == user.password)
        return verify(self, password, encoded)

    monkeypatch.setattr(Argon2PasswordHasher, "verify", counted)

    def guess(n):  # each from an address of its own, so that only the name's limit counts
        data = {"login": "ada", "password": f"wrong {n}"}
        return Client(REMOTE_ADDR=f"10.0.0.{n + 1}").post("/sign-in/", data).status_code

    assert set(at_once(guess)) <= {422, 429}
    assert 1 <= sum(tried) <= 5


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("kind", ["app", "recovery"])
def test_a_code_sent_many_times_at_once_opens_once(kind):
    user = make_person()
    give_app(user)
    code = app_code() if kind == "app" else give_codes(user)[0]

    accepted = at_once(lambda _n: accept_code(user, code) is not None)

    assert sorted(accepted) == [False] * (TRIES - 1) + [True]


@pytest.mark.django_db
def test_the_key_changes_with_the_second_factor_too(client):
    """A key from between password and code, copied or planted, opens nothing afterwards."""
    give_app(make_person())
    client.get("/sign-in/")
    sign_in(client, password=PASSWORD)
    assert not is_in(client)
    half_done = client.cookies["sessionid"].value

    client.post("/sign-in/code/", {"code": app_code()})

    assert is_in(client)
    assert client.cookies["sessionid"].value != half_done
    thief = Client()
    thief.cookies["sessionid"] = half_done
    assert thief.get("/security/sessions/")["Location"].startswith("/sign-in/")
    assert not thief.post("/sign-in/code/", {"code": app_code(1)}).url.startswith("/security")
    assert not is_in(thief)
