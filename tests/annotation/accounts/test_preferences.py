"""How a person likes to work: kept, applied, and never in the way of a page."""

import json
import re
from pathlib import Path

import pytest

from annotation.accounts.preferences import (
    KEYS,
    Preferences,
    preferences_of,
    problem_with_keys,
    save_preferences,
)
from annotation.core.errors import DomainError
from tests.factories import make_item, make_member, make_project, make_user

pytestmark = pytest.mark.django_db

URL = "/preferences/"
ROOT = Path(__file__).resolve().parents[3]
FORM = {
    "theme": "",
    "density": "",
    "reading": "",
    "layout": "auto",
    "advances": "on",
    "break_minutes": "50",
    "has_keys": "on",
} | {f"key_{name}": key for name, (_, key) in KEYS.items()}


@pytest.fixture
def user(client):
    user = make_user()
    client.force_login(user)
    return user


def test_the_defaults_are_what_the_form_shows_and_saving_them_changes_nothing(client, user):
    page = client.get(URL).content.decode()
    assert 'value="50"' in page
    assert client.post(URL, FORM).status_code == 302
    user.refresh_from_db()
    assert preferences_of(user) == Preferences()


def test_everything_that_can_be_chosen_is_kept_and_applied(client, user):
    project = make_project("shop")
    make_item(project)
    from annotation.projects.services import add_member

    add_member(project=project, user=user, role="labeler")
    sent = FORM | {
        "theme": "contrast",
        "density": "roomy",
        "reading": "sans",
        "layout": "tiers",
        "break_minutes": "0",
        "avoids": ["hate", "violence"],
        "key_skip": "q",
    }
    del sent["advances"], sent["has_keys"]

    answer = client.post(URL, sent)

    assert answer.status_code == 302
    user.refresh_from_db()
    assert preferences_of(user) == Preferences(
        density="roomy",
        reading="sans",
        layout="tiers",
        has_keys=False,
        keys={"skip": "q"},
        advances=False,
        break_minutes=0,
        avoids=["violence", "hate"],
    )
    page = client.get("/judge/shop/").content.decode()
    for part in (
        'data-theme="contrast"',
        'data-density="roomy"',
        'data-reading="sans"',
        'data-usual="tiers"',
        "data-keys-off",
        'data-advance="off"',
        'data-break-minutes="0"',
        'data-keys="{&quot;skip&quot;: &quot;q&quot;}"',
    ):
        assert part in page, part


def test_the_plain_page_carries_no_attribute_that_says_nothing(client, user):
    page = client.get(URL).content.decode()
    assert "data-density" not in page
    assert "data-theme" not in page


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"key_skip": "z"}, "choose another key"),
        ({"key_skip": "5"}, "1 to 9 rank"),
        ({"key_skip": ""}, "required"),
        ({"key_skip": "ab"}, "at most 1"),
        ({"layout": "sideways"}, "available choices"),
        ({"theme": "pink"}, "available choices"),
        ({"break_minutes": "-1"}, "greater than or equal"),
        ({"break_minutes": "soon"}, "whole number"),
        ({"avoids": ["mondays"]}, "available choices"),
    ],
)
def test_what_cannot_be_is_refused_in_words_and_nothing_changes(client, user, changes, words):
    answer = client.post(URL, FORM | changes)
    assert answer.status_code == 422
    assert words in answer.content.decode()
    user.refresh_from_db()
    assert user.preferences == {}


def test_two_actions_may_change_places_and_the_usual_keys_come_back(client, user):
    client.post(URL, FORM | {"key_skip": "z", "key_undo": "s", "density": "roomy"})
    user.refresh_from_db()
    assert preferences_of(user).keys == {"skip": "z", "undo": "s"}
    client.post(URL, {"reset_keys": "1"})
    user.refresh_from_db()
    assert preferences_of(user) == Preferences(density="roomy")


@pytest.mark.parametrize(
    "kept",
    [
        None,
        [],
        {"density": "huge", "layout": 3, "break_minutes": True, "advances": "no"},
        {"keys": {"skip": "z"}, "avoids": ["nonsense"], "has_keys": 1, "reading": None},
        {"unknown": 1, "break_minutes": 10**9},
    ],
)
def test_what_is_not_understood_is_the_default(kept):
    user = make_user()
    user.preferences = kept
    assert preferences_of(user) == Preferences()


def test_only_what_can_be_read_again_is_kept():
    user = make_user()
    for wrong in (
        Preferences(density="huge"),
        Preferences(break_minutes=10_000),
        Preferences(keys={"skip": "z"}),
        Preferences(keys={"fly": "q"}),
    ):
        with pytest.raises(DomainError):
            save_preferences(user, wrong)
    user.refresh_from_db()
    assert user.preferences == {}
    assert not problem_with_keys({})


def test_nobody_sets_them_without_signing_in(client):
    assert client.get(URL).status_code == 302
    assert client.post(URL, FORM).status_code == 302


def test_the_script_and_the_list_know_the_same_keys():
    script = (ROOT / "static/js/judge.js").read_text()
    block = re.search(r"const KEYS = \{(.*?)\};", script, re.S).group(1)
    in_script = dict(re.findall(r"(\w+): (\"[^\"]\")", block))
    assert {name: json.loads(key) for name, key in in_script.items()} == {
        name: key for name, (_, key) in KEYS.items()
    }


def test_the_preferences_ask_the_database_for_nothing(client, django_assert_num_queries):
    client.force_login(make_member(make_project()))
    client.get(URL)
    with django_assert_num_queries(2):  # the session and its user
        client.get(URL)
