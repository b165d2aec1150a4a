"""Judging by program."""

import json
import uuid

import pytest
from rest_framework.test import APIClient

from annotation.labeling.models import Judgment
from annotation.projects.models import Membership
from tests.factories import make_item, make_key, make_member, make_project

pytestmark = pytest.mark.django_db


@pytest.fixture
def project():
    return make_project("shop", overlap=1)


def client_of(user):
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {make_key(user)}")
    return client


def borrow(client):
    return client.post("/api/projects/shop/next/").json()["assignment"]


def send(client, assignment, verdict, key=None):
    return client.post(
        f"/api/assignments/{assignment['id']}/judgment/",
        verdict,
        format="json",
        headers={"Idempotency-Key": str(key or assignment["key"])},
    )


def test_a_program_borrows_judges_and_gets_the_next(project):
    for _ in range(2):
        make_item(project, ["One.", "Two.", "Three."])
    client = client_of(make_member(project))

    first = borrow(client)
    answer = send(client, first, {
        "ranking": [["b"], ["a", "c"]], "strength": [2],
        "ratings": {"helpfulness": {"b": 5}}, "rationale": "B answers.", "seconds": 12,
    })  # fmt: skip

    assert answer.status_code == 201, answer.json()
    assert answer.json()["next"]["id"] != first["id"]
    judgment = Judgment.objects.get()
    assert judgment.ranks == [2, 1, 2]
    assert judgment.ratings == {"helpfulness": [None, 5, None]}
    assert (judgment.origin, judgment.seconds) == ("api", 12)


def test_an_id_that_ends_in_a_space_can_be_ranked(project):
    item = make_item(project)
    item.item_responses.filter(key="a").update(key="a ")
    client = client_of(make_member(project))

    answer = send(client, borrow(client), {"ranking": [["a "]], "unacceptable": ["b"]})

    assert answer.status_code == 201, answer.json()


def test_the_end_of_the_queue_is_null(project):
    client = client_of(make_member(project))
    assert client.post("/api/projects/shop/next/").json() == {"assignment": None}


def test_a_labeler_never_learns_who_wrote_a_response(project):
    make_item(project, metadata={"gold": "canary-gold"})
    client = client_of(make_member(project))

    lent = client.post("/api/projects/shop/next/")
    sent = send(client, lent.json()["assignment"], {"ranking": [["a"], ["b"]]})

    for answer in (lent, sent):
        assert "secret-model" not in answer.content.decode()
        assert "canary-gold" not in answer.content.decode()


def test_a_retry_is_the_same_judgment(project):
    make_item(project)
    client = client_of(make_member(project))
    assignment = borrow(client)

    answers = [send(client, assignment, {"ranking": [["a"], ["b"]]}) for _ in range(3)]

    assert [a.status_code for a in answers] == [201] * 3
    assert len({json.dumps(a.json()) for a in answers}) == 1
    assert Judgment.objects.count() == 1


@pytest.mark.parametrize(
    ("verdict", "field", "words"),
    [
        ({"ranking": [["a"], ["z"]]}, "ranking[1][0]", "no response “z”"),
        ({"ranking": [["a"], ["b", "a"]]}, "ranking[1][1]", "ranked twice"),
        ({"ranking": [["a"], []]}, "ranking[1]", "empty"),
        ({"ranking": []}, "ranking", "names no response"),
        ({"ranking": [["a"], ["b"]], "unacceptable": ["q"]}, "unacceptable[0]", "no response"),
        ({"ranking": [["a", "b"]], "strength": [1]}, "strength", "0 steps"),
        ({"ranking": [["a"], ["b"]], "ratings": {"beauty": {"a": 1}}}, "ratings.beauty", "no c"),
        ({"ranking": [["a"], ["b"]], "ratings": {"clarity": {"a": 9}}}, "ratings.clarity", "to 5"),
        ({"ranking": [["a"], ["b"]], "seconds": -1}, "seconds", "0 to"),
    ],
)  # fmt: skip
def test_a_broken_verdict_names_its_field_and_leaves_the_item_lent(project, verdict, field, words):
    make_item(project)
    client = client_of(make_member(project))
    assignment = borrow(client)

    answer = send(client, assignment, verdict)

    assert answer.status_code == 400
    assert answer.json()["field"] == field
    assert words in answer.json()["detail"]
    assert not Judgment.objects.exists()
    assert borrow(client)["id"] == assignment["id"]
    assert send(client, assignment, {"ranking": [["a"], ["b"]]}).status_code == 201


@pytest.mark.parametrize(
    "body",
    [
        b'{"ranking": [["a"], ["b"]], "rationale": "a\\u0000b"}',
        b'{"ranking": [["a"], ["b"]], "rationale": "\\ud800"}',
        b'{"ranking": [["a"], ["b"]], "seconds": 1e999}',
        b'{"ranking": ' + b"[" * 100_000,
        b'{"ranking": [["a"], ["b"]], "ranking": [["b"], ["a"]]}',
        b'{"ranking": [["a"]',
        b'["ranking"]',
        b'{"ranking": [["a"], ["b"]], "rationale": true}',
        b"",
    ],
)
def test_hostile_bodies_are_a_400_and_nothing_is_written(project, body):
    make_item(project)
    client = client_of(make_member(project))
    assignment = borrow(client)

    answer = client.post(
        f"/api/assignments/{assignment['id']}/judgment/",
        body,
        content_type="application/json",
        headers={"Idempotency-Key": assignment["key"]},
    )

    assert answer.status_code == 400, answer.content
    assert not Judgment.objects.exists()


def test_a_missing_idempotency_key_is_explained(project):
    make_item(project)
    client = client_of(make_member(project))
    assignment = borrow(client)
    answer = client.post(
        f"/api/assignments/{assignment['id']}/judgment/", {"ranking": [["a"]]}, format="json"
    )
    assert answer.status_code == 400
    assert "Idempotency-Key" in answer.json()["detail"]


def test_somebody_elses_assignment_looks_absent(project):
    make_item(project)
    owner, other = make_member(project), make_member(project)
    assignment = borrow(client_of(owner))

    answer = send(client_of(other), assignment, {"ranking": [["a"], ["b"]]})
    absent = send(client_of(other), {"id": 10**9, "key": uuid.uuid4()}, {"ranking": [["a"]]})

    assert answer.status_code == absent.status_code == 404
    assert answer.json() == absent.json()
    assert send(client_of(owner), assignment, {"ranking": [["a"], ["b"]]}).status_code == 201


def test_a_project_of_others_looks_absent(project):
    make_item(project)
    stranger = make_member(make_project("other"))
    assert client_of(stranger).post("/api/projects/shop/next/").status_code == 404
    assert client_of(stranger).post("/api/projects/nowhere/next/").status_code == 404
    assert client_of(stranger).post("/api/projects/other/next/").status_code == 200


@pytest.mark.parametrize("header", ["", "Bearer concord_wrong", "Token nonsense"])
def test_without_a_good_token_the_api_answers_401(project, header):
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=header)
    assert client.post("/api/projects/shop/next/").status_code == 401


def test_a_revoked_token_stops_at_once(project):
    user = make_member(project, Membership.Role.LABELER)
    client = client_of(user)
    assert client.post("/api/projects/shop/next/").status_code == 200
    user.api_tokens.update(revoked_at="2020-01-01T00:00Z")
    assert client.post("/api/projects/shop/next/").status_code == 401
