"""Endpoints as people and programs set them: the key goes in and never comes out."""

import json

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse

from annotation.candidates.endpoints import pace, services
from annotation.candidates.models import Endpoint
from annotation.core import jobs
from annotation.core.addresses import Origins
from annotation.core.errors import Conflict
from annotation.core.models import Event, Job
from annotation.core.options import BadOption
from annotation.core.sealed import unseal
from annotation.projects.models import Membership
from tests.annotation.candidates.fake_openai import refusing, saying, speaking
from tests.factories import make_key, make_member, make_project

pytestmark = pytest.mark.django_db
KEY = "sk-never-to-be-seen-4711"
SLUG = "shop"


@pytest.fixture(scope="module")
def server():
    with speaking() as server:
        yield server


@pytest.fixture
def project(server, settings):
    settings.EGRESS_ORIGINS = Origins([server.origin, "https://llm.example.com"])
    server.answers, server.asked = [], []
    return make_project(SLUG)


@pytest.fixture
def engineer(project, client):
    engineer = make_member(project, Membership.Role.ENGINEER)
    client.force_login(engineer)
    return engineer


@pytest.fixture
def endpoint(project, server):
    return services.add_endpoint(
        project=project, name="fake", base_url=server.base_url, model="m-7b", key=KEY
    )


def url(name, *args):
    return reverse(f"candidates:{name}", args=[SLUG, *args])


def given(server, **changes):
    return {
        "name": "fake",
        "base_url": server.base_url,
        "model": "m-7b",
        "concurrency": "8",
        "timeout_seconds": "30",
        "currency": "usd",
        "key": KEY,
    } | changes


def test_an_engineer_adds_an_endpoint_and_no_page_shows_its_key(client, engineer, server):
    added = client.post(
        url("new-endpoint"), given(server, price_in="0.15", price_out="0.6", tokens_per_minute=900)
    )
    endpoint = Endpoint.objects.get()
    assert added.headers["Location"] == url("show-endpoint", endpoint.pk)
    assert (endpoint.concurrency, endpoint.currency) == (8, "USD")
    assert (str(endpoint.price_in), endpoint.tokens_per_minute) == ("0.1500", 900)
    assert unseal(endpoint.sealed_key, place=endpoint.place) == KEY
    for page in (url("list-endpoints"), url("show-endpoint", endpoint.pk)):
        said = client.get(page).content.decode()
        assert "m-7b" in said
        assert KEY not in said
        assert endpoint.sealed_key not in said
    assert KEY not in str(Endpoint.objects.values().get()) + str(list(Event.objects.values()))
    assert Event.objects.get(kind="endpoint.added").actor == engineer


def test_a_form_that_is_refused_does_not_give_the_key_back(client, engineer, server):
    refused = client.post(url("new-endpoint"), given(server, price_in="1"))
    assert refused.status_code == 422
    assert "both prices" in refused.content.decode()
    assert KEY not in refused.content.decode()
    assert not Endpoint.objects.exists()


@pytest.mark.parametrize(
    ("change", "field", "reason"),
    [
        ({"base_url": "http://169.254.169.254/v1"}, "base_url", "operator must allow"),
        ({"base_url": "ftp://llm.example.com"}, "base_url", "no address"),
        ({"base_url": "https://llm.example.com/v1?key=x"}, "base_url", "question mark"),
        ({"model": " "}, "model", "Nothing is said here"),
        ({"concurrency": 0}, "concurrency", "It is 1 or more."),
        ({"concurrency": 65}, "concurrency", "It is 64 or less."),
        ({"timeout_seconds": float("nan")}, "timeout_seconds", "finite"),
        ({"timeout_seconds": 10_000}, "timeout_seconds", "600"),
        ({"requests_per_minute": 0}, "requests_per_minute", "It is 1 or more."),
        ({"price_in": -1, "price_out": 1}, "price_in", "It is 0 or more."),
        ({"price_in": 1}, "price_out", "both prices"),
        ({"currency": "€"}, "currency", "three letters"),
        ({"key": "two words"}, "key", "one word"),
        ({"key": "sk\r\nX-Evil: 1"}, "key", "one word"),
        ({"key": "ключ"}, "key", "one word"),
        ({"colour": "red"}, "colour", "no setting"),
    ],
)
def test_what_no_endpoint_can_be_is_refused_and_names_the_field(
    project, server, change, field, reason
):
    order = {"name": "fake", "base_url": server.base_url, "model": "m"} | change
    with pytest.raises(BadOption, match=reason) as caught:
        services.add_endpoint(project=project, **order)
    assert caught.value.field == field
    assert KEY not in str(caught.value)
    assert not Endpoint.objects.exists()


def test_the_address_is_taken_with_or_without_what_the_protocol_adds(project):
    for number, end in enumerate(("", "/", "/chat/completions", "/chat/completions/")):
        made = services.add_endpoint(
            project=project,
            name=str(number),
            base_url=f"https://llm.example.com/v1{end}",
            model="m",
        )
        assert made.base_url == "https://llm.example.com/v1"


def test_a_name_is_taken_once_until_its_endpoint_is_removed(project, endpoint):
    order = {"base_url": "https://llm.example.com/v1", "model": "m"}
    with pytest.raises(Conflict, match="of this name"):
        services.add_endpoint(project=project, name="FAKE", **order)
    services.remove_endpoint(endpoint=endpoint)
    services.add_endpoint(project=project, name="FAKE", **order)
    endpoint.refresh_from_db()
    assert endpoint.sealed_key == ""
    with pytest.raises(Conflict, match="removed meanwhile"):
        services.replace_key(endpoint=endpoint, key=KEY)


def test_a_key_does_not_follow_an_endpoint_to_another_server(endpoint):
    """Else whoever may change the address could have the key sent to themselves."""
    with pytest.raises(BadOption, match="sent nowhere else"):
        services.change_endpoint(endpoint=endpoint, base_url="https://llm.example.com/v1")
    services.change_endpoint(endpoint=endpoint, base_url=endpoint.origin + "/v2", model="m-8b")
    assert (endpoint.base_url, endpoint.model) == (endpoint.origin + "/v2", "m-8b")
    services.replace_key(endpoint=endpoint, key="")
    services.change_endpoint(endpoint=endpoint, base_url="https://llm.example.com/v1")
    assert endpoint.origin == "https://llm.example.com"


def test_the_database_holds_to_it(endpoint):
    for wrong in (
        {"concurrency": 0},
        {"timeout_seconds": 0},
        {"price_in": 1},
        {"tokens_per_minute": 0},
        {"removed_at": endpoint.created_at},
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            Endpoint.objects.filter(pk=endpoint.pk).update(**wrong)


def try_it(client, endpoint):
    client.post(url("change-endpoint", endpoint.pk), {"do": "try"})
    jobs.run(Job.objects.latest("pk").pk)
    return client.get(url("show-endpoint", endpoint.pk)).content.decode()


def test_a_trial_says_what_came_back(client, engineer, endpoint, server):
    server.answers = [saying(model="m-7b-0125")]
    said = try_it(client, endpoint)
    assert len(server.asked) == 1
    assert server.asked[0]["max_tokens"] == 64
    for words in ("It answers.", "who are you? answer 1.", "m-7b-0125", "not the name we asked"):
        assert words in said
    assert 'hx-trigger="every 1s"' not in said


def test_a_trial_that_fails_says_why_and_shows_no_key(client, engineer, endpoint, server):
    server.answers = [refusing("401 No", json.dumps({"error": {"message": KEY}}).encode())]
    said = try_it(client, endpoint)
    assert "does not accept the key (status 401)." in said
    job = Job.objects.latest("pk")
    assert (job.state, job.result) == ("done", {"fault": "wrong_key", "detail": ""})
    assert KEY not in said


def test_a_trial_waits_for_its_moment_once(endpoint, server):
    services.change_endpoint(endpoint=endpoint, requests_per_minute=1)
    pace.take_moment(endpoint, tokens=1)  # by somebody else
    job = services.request_trial(endpoint=endpoint)
    jobs.run(job.pk)
    job.refresh_from_db()
    assert (job.state, server.asked) == ("queued", [])
    assert 50 < (job.not_before - job.created_at).total_seconds() < 70
    Job.objects.filter(pk=job.pk).update(not_before=job.created_at)
    jobs.run(job.pk)
    job.refresh_from_db()
    assert (job.state, len(server.asked)) == ("done", 1)


def test_a_removed_endpoint_is_not_tried(endpoint, server):
    job = services.request_trial(endpoint=endpoint)
    services.remove_endpoint(endpoint=endpoint)
    jobs.run(job.pk)
    job.refresh_from_db()
    assert (job.state, server.asked) == ("failed", [])
    assert "was removed meanwhile" in job.error


def test_a_trial_under_way_is_shown_and_not_begun_twice(client, engineer, endpoint, server):
    for _ in range(2):
        client.post(url("change-endpoint", endpoint.pk), {"do": "try"})
    assert Job.objects.filter(kind="try-endpoint").count() == 1
    live = client.get(url("show-endpoint", endpoint.pk), headers={"HX-Request": "true"})
    assert b"<html" not in live.content
    assert b'hx-trigger="every 1s"' in live.content
    assert server.asked == []  # no page asks


def test_a_reviewer_looks_and_changes_nothing(client, project, endpoint):
    client.force_login(make_member(project, Membership.Role.REVIEWER))
    said = client.get(url("show-endpoint", endpoint.pk)).content.decode()
    assert "m-7b" in said
    assert "<form" not in said.split("<main")[1]
    assert client.post(url("change-endpoint", endpoint.pk), {"do": "remove"}).status_code == 404


def test_the_page_removes_and_replaces_the_key(client, engineer, endpoint):
    client.post(url("change-endpoint", endpoint.pk), {"do": "replace_key", "key": "sk-another"})
    endpoint.refresh_from_db()
    assert unseal(endpoint.sealed_key, place=endpoint.place) == "sk-another"
    bad = client.post(url("change-endpoint", endpoint.pk), {"do": "replace_key", "key": "a b"})
    assert bad.status_code == 400
    assert "one word" in bad.content.decode()
    client.post(url("change-endpoint", endpoint.pk), {"do": "remove"})
    assert client.get(url("show-endpoint", endpoint.pk)).status_code == 404


def test_a_program_does_all_of_it_and_reads_no_key(client, project, server):
    key = make_key(make_member(project, Membership.Role.ENGINEER))

    def call(method, path, body=None):
        answer = client.generic(
            method,
            f"/api/{path}",
            json.dumps(body or {}),
            "application/json",
            headers={"Authorization": f"Bearer {key}"},
        )
        assert KEY not in answer.content.decode()
        return answer.status_code, answer.json() if answer.content else None

    order = {"name": "fake", "base_url": server.base_url, "model": "m", "key": KEY}
    status, made = call("POST", f"projects/{SLUG}/endpoints/", order)
    assert (status, made["has_key"], made["timeout_seconds"]) == (201, True, 120.0)
    assert call("POST", f"projects/{SLUG}/endpoints/", order)[0] == 409
    one = f"endpoints/{made['id']}/"
    status, changed = call("PATCH", one, {"requests_per_minute": 60})
    assert (status, changed["requests_per_minute"], changed["model"]) == (200, 60, "m")
    status, said = call("PATCH", one, {"base_url": "https://llm.example.com/v1"})
    assert (status, said["field"]) == (400, "base_url")
    assert call("PUT", f"{one}key/", {"key": ""})[1]["has_key"] is False
    status, tried = call("POST", f"{one}try/")
    assert status == 202
    jobs.run(tried["job"])
    assert call("GET", f"jobs/{tried['job']}/")[1]["result"]["model"] == "m"
    assert call("DELETE", one)[0] == 204
    assert call("GET", one)[0] == 404
    assert call("GET", f"projects/{SLUG}/endpoints/") == (200, [])


def test_requests_take_evenly_spaced_moments_and_a_pause_moves_them(endpoint):
    assert [pace.take_moment(endpoint, tokens=10) for _ in range(3)] == [0.0, 0.0, 0.0]
    services.change_endpoint(endpoint=endpoint, requests_per_minute=60)
    waits = [pace.take_moment(endpoint, tokens=10) for _ in range(4)]
    assert waits == sorted(waits)
    assert 2.5 < waits[-1] <= 3.0
    services.change_endpoint(endpoint=endpoint, requests_per_minute=None, tokens_per_minute=6000)
    Endpoint.objects.update(requests_free_at=None, tokens_free_at=None)
    assert pace.take_moment(endpoint, tokens=6000) == 0.0
    assert 55 < pace.take_moment(endpoint, tokens=1) <= 60  # the tokens before it fill a minute
    pace.hold(endpoint, seconds=500)
    assert 400 < pace.take_moment(endpoint, tokens=1) <= 500
