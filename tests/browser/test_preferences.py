"""Keys of one's own, and the looks that can be chosen, in a browser."""

import pytest
from playwright.sync_api import expect

from annotation.accounts.preferences import Preferences, save_preferences
from annotation.labeling.models import Assignment
from tests.browser.samples import FOUR
from tests.factories import make_item, make_member, make_project, make_prompt


@pytest.fixture
def labeler():
    project = make_project("shop", overlap=1)
    for n in range(2):
        make_item(project, FOUR, prompt=make_prompt(project, f"Item {n}."))
    return make_member(project)


def ranks_on(at):
    return at.page.locator(".rank input:checked").evaluate_all("all => all.map(one => one.value)")


def test_other_keys_act_and_the_hints_name_them(visit, labeler):
    save_preferences(labeler, Preferences(keys={"unacceptable": "q", "skip": "w"}))
    at = visit().sign_in(labeler).open("/judge/shop/")
    expect(at.page.get_by_role("button", name="Skip")).to_contain_text("W")
    at.press("x")
    assert ranks_on(at) == []
    at.press("q")
    assert ranks_on(at) == ["x"]
    at.press("w", "1")
    expect(at.page.locator(".prompt")).to_contain_text("Item 1.")
    assert Assignment.objects.filter(state="skipped").count() == 1


def test_keys_can_be_off_and_the_native_controls_still_act(visit, labeler):
    save_preferences(labeler, Preferences(has_keys=False))
    at = visit().sign_in(labeler).open("/judge/shop/")
    at.press("2", "x", "s")
    expect(at.page.locator("#skip")).to_be_hidden()
    assert ranks_on(at) == []
    at.press(" ")  # the focused radio, as the browser itself does it
    assert ranks_on(at) == ["1"]


@pytest.mark.parametrize("theme", ["light", "dark", "contrast"])
def test_a_chosen_theme_is_on_every_page(visit, labeler, theme):
    at = visit().sign_in(labeler)
    at.page.context.add_cookies([{"name": "theme", "value": theme, "url": at.server.url}])
    for path in ("/preferences/", "/judge/shop/", "/history/", "/"):
        at.open(path)
        expect(at.page.locator("html")).to_have_attribute("data-theme", theme)


def test_the_preferences_are_accessible_in_every_theme(visit, labeler):
    at = visit().sign_in(labeler).open("/preferences/")
    assert at.faults(themes=("light", "dark", "contrast")) == []
