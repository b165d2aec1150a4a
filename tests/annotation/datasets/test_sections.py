"""The questions of the form: what is chosen stands in words, what is not as usual is open."""

import re

import pytest
from django.urls import reverse

from annotation.datasets.choices import TIES
from annotation.projects.models import Membership
from tests.annotation.datasets.world import make_world
from tests.factories import make_member

pytestmark = pytest.mark.django_db
SENT = {
    "labels": "majority", "pairs": "all", "min_votes": "1", "demonstrations": "include",
    "train": "80", "dev": "0", "test": "20", "drop_empty": "on", "drop_equal": "on",
    "drop_both_unacceptable": "on",
}  # fmt: skip


@pytest.fixture
def url(client):
    project = make_world()
    client.force_login(make_member(project, Membership.Role.LEAD))
    return reverse("datasets:new-dataset", args=["shop"])


def questions(page):
    """{key: (is it open, what it is answered)}"""
    found = re.findall(
        r'<details class="fold" id="q-(\w+)"( open)?>.*?<span class="note" id="now-\w+">'
        r"(.*?)</span>",
        page.content.decode(),
        re.DOTALL,
    )
    return {key: (bool(is_open), said) for key, is_open, said in found}


def test_all_as_usual_is_folded_and_said_in_a_sentence(client, url):
    found = questions(client.get(url))
    assert list(found) == [
        "judgments", "comparisons", "ties", "amounts", "imitate", "personal", "split",
    ]  # fmt: skip
    assert not any(is_open for is_open, _said in found.values())
    assert found["ties"][1].startswith("Ties kept apart")
    assert found == questions(client.get(url, SENT)), "a form that was sent says the same"


def test_what_is_chosen_is_open_and_named(client, url):
    said = SENT | {"ties": "soft", "train": "70", "dev": "10", "drop_personal": "on"}
    del said["drop_empty"]
    found = questions(client.get(url, said))
    assert {key for key, (is_open, _said) in found.items() if is_open} == {
        "ties", "amounts", "personal", "split",
    }  # fmt: skip
    assert found["ties"][1] == f"Ties: {TIES['soft']}"
    assert found["amounts"][1] == "kept: Pairs with an empty response"
    assert found["personal"][1].startswith("left out: Texts with personal data")
    assert found["split"][1] == "train 70 % · dev 10 % · test 20 %"


def test_an_error_opens_its_question_and_what_was_typed_is_only_text(client, url):
    answer = client.post(url, SENT | {"without_labelers": "<b>nobody</b>"})
    assert answer.status_code == 422
    is_open, said = questions(answer)["judgments"]
    assert is_open
    assert "&lt;b&gt;nobody" in said
    assert "Nobody here has the handle" in answer.content.decode()
    wrong = questions(client.post(url, SENT | {"min_votes": "many"}))
    assert wrong["comparisons"] == (True, "Votes a pair needs: many")


def test_each_change_brings_the_words_with_the_counts(client, url):
    page = client.get(url, SENT | {"ties": "drop"}, headers={"HX-Request": "true"})
    text = page.content.decode()
    assert 'id="preview"' in text
    assert f'id="now-ties" hx-swap-oob="true">Ties: {TIES["drop"]}<' in text
    assert text.count("hx-swap-oob") == 7


def test_an_aim_opens_what_it_changes(client, url):
    found = questions(client.get(url, {"for": "dpo"}))
    assert found["comparisons"][0]
    assert "The best against each of the rest" in found["comparisons"][1]
    assert not found["personal"][0]
