"""A labeler asks and judges, three disagree, a reviewer settles it, the labeler reads it."""

import pytest
from playwright.sync_api import expect

from annotation.labeling.models import Adjudication, Assignment, Question
from annotation.projects.models import Membership
from tests.factories import make_item, make_judgment, make_member, make_project, make_prompt


@pytest.fixture
def project():
    return make_project(name="Everyday advice", overlap=3)


@pytest.fixture
def item(project):
    texts = ("Eleven is a prime.", "Nine is a prime.")
    return make_item(project, texts, prompt=make_prompt(project, "Name a prime."))


def test_from_a_question_at_the_desk_to_the_settled_verdict(visit, project, item):
    mira = make_member(project, username="mira")
    at = visit().sign_in(mira).open(f"/judge/{project.slug}/")
    at.press("2", "1")
    at.page.locator("[name=rank_a]:checked").focus()
    at.press("s")
    at.page.get_by_text("Ask about this item").click()
    at.page.get_by_label("Your question").fill("Is one a prime?")
    at.page.get_by_role("button", name="Ask it").click()
    expect(at.page.get_by_text("The answer comes under Feedback")).to_be_visible()
    assert at.page.locator(".rank input:checked").count() == 2, "the desk is as it was"
    assert Assignment.objects.live().count() == 1
    at.press("Escape")
    at.page.locator("[name=rank_a]:checked").focus()
    at.press("Control+Enter")
    expect(at.page.get_by_role("heading", name="Nothing left for you here")).to_be_visible()
    mine = mira.judgments.get()
    other = [2, 1] if mine.ranks == [1, 2] else [1, 2]
    for ranks in (mine.ranks, other):
        make_judgment(item, make_member(project), ranks)

    reviewer = make_member(project, role=Membership.Role.REVIEWER)
    at = visit(viewport={"width": 1280, "height": 800}).sign_in(reviewer)
    at.open(f"/projects/{project.slug}/review/")
    at.page.get_by_role("button", name="Refresh").click()
    expect(at.page.get_by_role("heading", name="1 item waits")).to_be_visible()
    assert at.violations()[0] == []
    at.page.get_by_role("link", name="Review the first").click()
    expect(at.page.get_by_role("heading", name="contradict each other by 67 %")).to_be_visible()
    assert at.violations()[0] == []
    places = (
        ["1", "2"]
        if "Eleven" in at.page.locator("[aria-labelledby=r-A] .text").inner_text()
        else ["2", "1"]
    )
    at.press(places[0], "j", places[1], "c")
    at.page.keyboard.type("Nine is three times three.")
    at.press("Control+Enter")
    expect(at.page.get_by_text("Nothing else waits here.")).to_be_visible()
    made = Adjudication.objects.get()
    assert (made.ranks, made.reason) == ([1, 2], "Nine is three times three.")

    at.page.get_by_role("link", name="Questions").click()
    expect(at.page.get_by_role("heading", name="One question waits")).to_be_visible()
    at.page.get_by_label("The answer").fill("No: it has one divisor.")
    at.page.get_by_role("button", name="Answer", exact=True).click()
    expect(at.page.get_by_text("Answered. The labeler finds it")).to_be_visible()
    assert at.violations()[0] == []
    assert Question.objects.get().answered_by == reviewer

    at = visit(viewport={"width": 360, "height": 740}, color_scheme="dark").sign_in(mira)
    at.open("/feedback/")
    expect(at.page.get_by_text("Nine is three times three.")).to_be_visible()
    expect(at.page.get_by_text("No: it has one divisor.")).to_be_visible()
    assert at.violations()[0] == []
    assert at.page.evaluate("document.documentElement.scrollWidth") <= 360
