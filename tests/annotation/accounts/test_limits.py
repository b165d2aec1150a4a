"""Guessing: how often, by whom, and what the answers tell."""

import threading

import pytest
from django.contrib.auth import hashers
from django.core.cache import cache
from django.db import connection, connections

from annotation.accounts.limits import LimitCache
from annotation.accounts.models import Limit
from annotation.accounts.services import clear_expired
from tests.annotation.accounts.sign_on import PASSWORD, is_in, make_person, sign_in

pytestmark = pytest.mark.django_db


def test_after_five_wrong_passwords_the_right_one_is_refused_too(client):
    make_person()
    for _ in range(5):
        assert sign_in(client, password="wrong").status_code == 422

    answer = sign_in(client)

    assert "Too many attempts" in answer.content.decode()
    assert not is_in(client)


def test_the_limit_is_of_a_name_not_of_everybody(client):
    make_person()
    make_person("bea")
    for _ in range(5):
        sign_in(client, password="wrong")

    assert sign_in(client, "bea").status_code == 302


def test_the_limit_ends(client):
    make_person()
    for _ in range(6):
        sign_in(client, password="wrong")
    assert not is_in(client)

    # Five minutes are over; the limit's own history is by the clock, so it is the rows that go.
    Limit.objects.all().delete()
    assert sign_in(client).status_code == 302


def test_signing_in_rightly_does_not_count(client):
    make_person()
    for _ in range(7):
        assert sign_in(client).status_code == 302
        client.post("/sign-out/")


def test_one_address_guesses_many_names_no_more_than_ten_times_a_minute(client):
    make_person()
    for n in range(10):
        sign_in(client, f"somebody{n}", "wrong")

    assert "Too many attempts" in sign_in(client).content.decode()


def test_an_address_that_a_client_claims_is_not_believed(client, settings):
    """Behind one proxy only what that one added counts."""
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = 1
    make_person()
    for n in range(10):
        client.post(
            "/sign-in/",
            {"login": f"somebody{n}", "password": "wrong"},
            headers={"x-forwarded-for": f"10.0.0.{n}, 203.0.113.7"},
        )

    answer = client.post(
        "/sign-in/",
        {"login": "ada", "password": PASSWORD},
        headers={"x-forwarded-for": "10.9.9.9, 203.0.113.7"},
    )
    assert "Too many attempts" in answer.content.decode()


@pytest.mark.parametrize(
    ("name", "fields"),
    [
        ("nobody", {}),
        ("nobody@example.com", {}),
        ("ada", {}),
        ("ada@example.com", {}),
        ("ada", {"is_active": False}),
    ],
)
def test_every_refusal_says_the_same_after_the_same_work(client, monkeypatch, name, fields):
    make_person(email="ada@example.com", **fields)
    hashed = []
    argon = hashers.Argon2PasswordHasher
    encode, verify = argon.encode, argon.verify
    monkeypatch.setattr(argon, "encode", lambda *a: hashed.append("hash") or encode(*a))
    monkeypatch.setattr(argon, "verify", lambda *a: hashed.append("check") or verify(*a))

    answer = sign_in(client, name, PASSWORD if fields else "wrong")

    assert answer.status_code == 422
    assert "Please enter a correct name and password" in answer.content.decode()
    assert len(hashed) == 1
    assert not is_in(client)


def test_a_sign_in_by_e_mail_address(client):
    make_person(email="ada@example.com")

    assert sign_in(client, "Ada@Example.com").status_code == 302
    assert is_in(client)


def test_an_address_that_two_people_have_is_nobodys_name(client):
    make_person(email="both@example.com")
    make_person("bea", email="both@example.com")

    assert sign_in(client, "both@example.com").status_code == 422


def test_a_labeler_of_an_import_is_never_signed_in_by_address(client):
    make_person(email="ada@example.com", kind="imported", is_active=False)

    assert sign_in(client, "ada@example.com").status_code == 422


def test_the_cache_keeps_values_until_their_end():
    cache.set("a", [1, 2], 60)
    assert cache.get("a") == [1, 2]
    cache.set("empty", [], 60)
    assert cache.get("empty", "absent") == []
    assert cache.touch("a", 0)
    assert cache.get("a") is None
    assert cache.delete("a")
    assert not cache.delete("a")
    assert not cache.touch("a", 60)


def test_only_the_first_adds():
    assert cache.add("a", 1, 60)
    assert not cache.add("a", 2, 60)
    assert cache.get("a") == 1
    cache.touch("a", 0)
    assert cache.add("a", 3, 60)


def test_the_cache_is_the_one_that_is_used():
    assert isinstance(cache._connections[cache._alias], LimitCache)


def test_what_has_ended_is_cleared():
    cache.set("old", 1, 0)
    cache.set("new", 1, 60)
    clear_expired()
    assert Limit.objects.count() == 1
    cache.clear()
    assert not Limit.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_of_many_at_once_one_adds():
    added, ready = [], threading.Barrier(8)

    def add(n):
        ready.wait()
        added.append(cache.add("a", n, 60))
        connections.close_all()

    threads = [threading.Thread(target=add, args=[n]) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(added) == [False] * 7 + [True]
    assert connection.is_usable()
