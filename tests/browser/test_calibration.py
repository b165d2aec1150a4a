"""A calibration round in Chromium: three judge, the lead reveals, they talk, it is settled."""

import re

import pytest
from playwright.sync_api import expect

from annotation.labeling.models import CalibrationOutcome, CalibrationRound
from annotation.projects.models import Membership
from tests.factories import make_item, make_member, make_project, make_prompt

TEXTS = ("Eleven is a prime number.", "It is not: eleven times one.", "I **cannot** say.")


@pytest.fixture
def project():
    project = make_project("shop", name="The shop")
    for number in (1, 2):
        prompt = make_prompt(project, f"Is eleven a prime number? (Question {number})")
        make_item(project, TEXTS, prompt=prompt, external_id=f"q{number}")
    return project


def judge(at, ranks, value):
    """Both items of the round, on the desk; the fields are the same without a script."""
    at.open("/judge/shop/")
    for _ in range(2):
        before = at.page.locator("#judgment input[name=key]").input_value()
        for letter, rank in zip("abc", ranks, strict=True):
            at.page.locator(f"input[name=rank_{letter}][value='{rank}']").check(force=True)
            rating = f"input[name=rating_clarity_{letter}][value='{value}']"
            at.page.locator(rating).check(force=True)
        at.page.locator("textarea[name=rationale]").fill("A names the reason.")
        at.press("Control+Enter")
        gone = at.page.locator(f"input[name=key][value='{before}']")
        expect(gone).to_have_count(0)


def test_from_a_draft_to_an_agreed_verdict(visit, project):
    lead = make_member(project, Membership.Role.LEAD, handle="lea")
    labelers = [make_member(project, handle=name) for name in ("mira", "noah", "olga")]
    at = visit(viewport={"width": 1280, "height": 900}).sign_in(lead)
    at.open("/projects/shop/calibration/new/")
    at.page.get_by_label("Name").fill("Primes")
    at.page.get_by_role("textbox", name="Items").fill("q1\nq2")
    at.page.get_by_role("button", name="Save the draft").click()
    at.page.get_by_role("button", name="Open it").click()
    expect(at.page.get_by_text("0 of 2 judged")).to_have_count(3)

    desks = [visit().sign_in(one) for one in labelers]
    ranks = [(1, 2, 3), (1, 2, 3), (3, 2, 1)]
    for desk, given, value in zip(desks, ranks, (5, 4, 1), strict=True):
        judge(desk, given, value)

    round_ = CalibrationRound.objects.get()
    at.open(f"/projects/shop/calibration/{round_.pk}/")
    expect(at.page.get_by_text("Nobody is missing any more.")).to_be_visible()
    at.page.get_by_role("button", name="Reveal to everybody in it").click()
    expect(at.page.get_by_role("heading", name="Agreement")).to_be_visible()
    expect(at.page.get_by_text("What can be compared")).to_be_visible()

    here = f"/projects/shop/calibration/{round_.pk}/items/1/"
    mira = desks[0].open(here)
    mira.page.get_by_label("What do you say?").fill("The *second* one does not know.")
    mira.page.get_by_role("button", name="Post").click()
    expect(mira.page.get_by_text("The second one does not know.")).to_be_visible()

    noah = visit(viewport={"width": 360, "height": 740}, color_scheme="dark").sign_in(labelers[1])
    noah.open("/")
    expect(noah.page.get_by_text("1 new post.")).to_be_visible()
    noah.open(here)
    expect(noah.page.get_by_text("New", exact=True)).to_be_visible()
    noah.page.get_by_text(re.compile("^Reply")).first.click()
    noah.page.get_by_label("Your reply").fill("Agreed.")
    noah.page.get_by_role("button", name="Reply").click()
    expect(noah.page.locator(".reply", has_text="Agreed.")).to_be_visible()
    assert noah.page.evaluate("document.documentElement.scrollWidth") <= 360

    at.open(here)
    at.page.get_by_label("Why (optional)").fill("The reason counts.")
    at.page.get_by_role("button", name="This is what we agreed on").click()
    expect(at.page.get_by_text("Everybody in the round sees it.")).to_be_visible()
    assert CalibrationOutcome.objects.get().note == "The reason counts."
    noah.open(here)
    expect(noah.page.get_by_text("The reason counts.")).to_be_visible()
