"""Classifiers behind an endpoint: what each is asked, and nothing taken for harmless that is no
verdict."""

import pytest

from annotation.candidates.endpoints.faults import EndpointFailed
from annotation.candidates.marks import guards
from annotation.candidates.models import Endpoint
from annotation.core.addresses import Origins
from tests.annotation.candidates.fake_openai import completion, send, speaking

TALK = [
    {"role": "user", "content": "How do I open a lock?"},
    {"role": "assistant", "content": "With a key."},
]


@pytest.fixture(scope="module")
def server():
    with speaking() as server:
        yield server


@pytest.fixture
def endpoint(server, settings):
    settings.EGRESS_ORIGINS = Origins([server.origin])
    server.answers, server.asked = [], []
    return Endpoint(base_url=server.base_url, model="guard-8b", timeout_seconds=20)


def said(text):
    return lambda stream, request: send(stream, completion(request, texts=[text]))


@pytest.mark.parametrize(
    ("text", "harms"),
    [
        ("safe", ()),
        ("\n\nsafe ", ()),
        ("unsafe\nS2", ("illegal",)),
        ("\n\nunsafe\nS10,S1, S14", ("violence", "hate", "other")),
        ("unsafe\nS12\n", ("sexual",)),
    ],
)
def test_a_guard_s_verdict_is_read(endpoint, server, text, harms):
    server.answers = [said(text)]
    assert guards.by_guard(endpoint, TALK) == harms
    assert server.asked[0]["messages"] == TALK
    assert (server.asked[0]["temperature"], server.asked[0]["max_tokens"]) == (0.0, 64)


@pytest.mark.parametrize(
    "text", ["", "Safe", "safe\nS1", "unsafe", "unsafe\nviolence", "It is safe.", "unsafe\nS1 S2"]
)
def test_anything_else_of_a_guard_is_no_verdict(endpoint, server, text):
    server.answers = [said(text)]
    with pytest.raises(EndpointFailed) as failed:
        guards.by_guard(endpoint, TALK)
    assert failed.value.fault.name == "no_verdict"


def test_a_chat_model_is_told_what_to_say_and_read_to_the_letter(endpoint, server):
    server.answers = [said('{"harms": []}'), said(' {"harms": ["hate", "violence"]}\n')]
    assert guards.by_chat(endpoint, TALK) == ()
    assert guards.by_chat(endpoint, TALK) == ("violence", "hate")
    system, user = server.asked[0]["messages"]
    assert "self_harm" in system["content"]
    assert '"With a key."' in user["content"]


@pytest.mark.parametrize(
    "text",
    ['{"harms": "none"}', '{"harms": ["rude"]}', "[]", '{"harms": [], "why": ""}', "none", "{}"],
)
def test_anything_else_of_a_chat_model_is_no_verdict(endpoint, server, text):
    server.answers = [said(text)]
    with pytest.raises(EndpointFailed) as failed:
        guards.by_chat(endpoint, TALK)
    assert failed.value.fault.name == "no_verdict"


def moderation(flagged, **categories):
    names = {name.replace("_", "/"): value for name, value in categories.items()}
    result = {"flagged": flagged, "categories": names}
    return lambda stream, request: send(stream, {"results": [result]})


def test_a_moderation_gets_the_response_and_its_categories_are_ours(endpoint, server):
    server.answers = [
        moderation(False, hate=False),
        moderation(True, violence_graphic=True, illicit=True, hate=None),
        moderation(True, hate=False),
    ]
    assert guards.by_moderation(endpoint, TALK) == ()
    assert guards.by_moderation(endpoint, TALK) == ("violence", "illegal")
    assert guards.by_moderation(endpoint, TALK) == ("other",)
    assert server.asked[0] == {"model": "guard-8b", "input": "With a key."}
    assert server.heads[-1].startswith("POST /v1/moderations ")


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"results": []},
        {"results": [{"flagged": "no", "categories": {}}]},
        {"results": [{"flagged": False, "categories": {"hate": True}}]},
        {"results": [{"flagged": False, "categories": {"hate": 0}}]},
        {"results": [{"flagged": False}]},
    ],
)
def test_anything_else_of_a_moderation_is_a_fault(endpoint, server, body):
    server.answers = [lambda stream, request: send(stream, body)]
    with pytest.raises(EndpointFailed) as failed:
        guards.by_moderation(endpoint, TALK)
    assert failed.value.fault.name == "shape"
