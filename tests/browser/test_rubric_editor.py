"""A lead's rubric in Chromium: typing is saved, rows come and go, a version is published."""

import pytest
from playwright.sync_api import expect

from annotation.projects.models import Membership, RubricDraft
from annotation.projects.rubrics.drafts import draft_of, save_draft
from annotation.projects.services import current_rubric
from tests.factories import make_member, make_project

PATH = "/projects/shop/rubric/draft/"


@pytest.fixture
def lead():
    return make_member(make_project("shop"), role=Membership.Role.LEAD)


def saved(project):
    return RubricDraft.objects.get(project=project).content


def test_typing_is_saved_and_rows_keep_what_was_typed(visit, lead):
    at = visit().sign_in(lead).open(PATH)
    project = lead.membership.project
    at.page.get_by_role("textbox", name="Guideline").fill("Be kind.")
    expect(at.page.locator("#draft-saved")).to_contain_text("Saved")
    assert saved(project)["guideline"] == "Be kind."

    at.page.get_by_role("textbox", name="Guideline").fill("Be kinder.")
    at.page.get_by_role("button", name="Add a criterion").click()
    expect(at.page.locator("#c-3")).to_be_visible()
    row = at.page.locator("#c-3")
    row.get_by_label("Label").fill("Brief")
    row.get_by_label("Scale").select_option("0-4")
    expect(row.locator("#c-3-anchor-0")).to_be_visible()
    row.locator("#c-3-anchor-0").fill("Endless.")
    row.get_by_role("button", name="Move Brief up").click()
    expect(at.page.locator("#c-2-label")).to_have_value("Brief")
    expect(at.page.locator("#c-2-anchor-0")).to_have_value("Endless.")
    assert saved(project)["guideline"] == "Be kinder."
    bad, _passed = at.violations()
    assert bad == []


def test_a_draft_is_published(visit, lead):
    at = visit().sign_in(lead).open(PATH)
    at.page.get_by_role("textbox", name="Guideline").fill("Be kind.")
    at.page.get_by_role("button", name="Publish …").click()
    at.page.get_by_role("textbox", name="What changed").fill("Kinder.")
    at.page.get_by_role("button", name="Publish", exact=True).click()
    expect(at.page.get_by_role("heading", name="Version 2")).to_be_visible()
    assert current_rubric(lead.membership.project).guideline == "Be kind."


def test_two_leads_at_once(visit, lead):
    project = lead.membership.project
    other = make_member(project, role=Membership.Role.LEAD, username="bob")
    at, beside = visit().sign_in(lead).open(PATH), visit().sign_in(other).open(PATH)
    at.allow("409")
    beside.page.get_by_role("textbox", name="Guideline").fill("Be true.")
    expect(beside.page.locator("#draft-saved")).to_contain_text("Saved")

    at.page.get_by_role("textbox", name="Guideline").fill("Be kind.")
    expect(at.page.locator("#draft-saved")).to_contain_text("Somebody else")
    at.page.get_by_role("button", name="Save", exact=True).click()
    expect(at.page.get_by_text("bob saved it")).to_be_visible()
    expect(at.page.get_by_role("textbox", name="Guideline")).to_have_value("Be kind.")
    assert saved(project)["guideline"] == "Be true."
    at.page.get_by_role("button", name="Save mine in its place").click()
    expect(at.page.get_by_text("bob saved it")).to_have_count(0)
    assert saved(project)["guideline"] == "Be kind."


@pytest.mark.parametrize(
    ("theme", "width", "language"), [("dark", 360, "de"), ("light", 1280, "en")]
)
def test_the_pages_of_a_draft_are_accessible_and_fit(visit, lead, theme, width, language):
    project = lead.membership.project
    content = draft_of(project).content
    content["guideline"] += " One more sentence."
    content["criteria"][0] |= {"priority": "1", "scale": "own", "scale_min": "0"}
    content["criteria"][1]["examples"] = [{"text": "A case.", "item": ""}]
    save_draft(project=project, content=content, revision=0, actor=lead)
    window = {"width": width, "height": 800}
    at = visit(color_scheme=theme, viewport=window, locale=language).sign_in(lead)
    for path in ("?problems=1", "preview/", "publish/", "../compare/"):
        at.open(PATH + path)
        expect(at.page.get_by_role("heading", level=1)).to_be_visible()
        bad, _passed = at.violations()
        assert (path, bad) == (path, [])
        assert at.page.evaluate("document.documentElement.scrollWidth") <= width, path
    content["criteria"][0] |= {"scale": "1-7"}
    save_draft(project=project, content=content, revision=1, actor=lead)
    at.open(PATH + "publish/")
    expect(at.page.locator("#note")).to_be_visible()
    assert at.violations()[0] == []
