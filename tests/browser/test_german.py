"""The desk in German: what the scripts say comes from the page, so it is German too."""

from playwright.sync_api import expect

from annotation.labeling.models import Assignment, Judgment
from tests.browser.samples import FOUR, QUESTION
from tests.factories import make_item, make_member, make_project, make_prompt


def test_a_judgment_and_a_skip_in_german(visit):
    project = make_project(name="Everyday advice", overlap=1)
    labeler = make_member(project, username="mira")
    for n in range(3):
        make_item(project, FOUR, prompt=make_prompt(project, f"Item {n}. {QUESTION}"))
    at = visit(locale="de").sign_in(labeler).open(f"/judge/{project.slug}/")
    page = at.page
    expect(page.locator("#order")).to_contain_text("Noch nichts eingeordnet")

    at.press("1", "2", "x")
    expect(page.locator("#order")).to_contain_text("C inakzeptabel")
    expect(page.locator("#order")).to_contain_text("D nicht eingeordnet")
    expect(page.locator("#saved")).to_have_text("Gespeichert")
    at.allow("422")
    at.press("Control+Enter")
    missing = page.get_by_role("link", name="Ordnen Sie Antwort D ein.")
    expect(missing).to_be_visible()
    assert not Judgment.objects.exists()
    missing.click()
    expect(page.locator("#response-d :focus")).to_have_count(1)
    at.press("3", "Control+Enter")
    expect(page.get_by_role("button", name="Rückgängig")).to_be_visible()
    assert Judgment.objects.get().labeler == labeler

    at.press("s")
    expect(page.get_by_role("button", name="Der Prompt ist unverständlich")).to_be_visible()
    at.press("2")
    expect(page.locator("#live")).to_contain_text("Übersprungen. Die Aufgabe geht an")
    # Kept as it is in every language, so that reasons can be counted.
    skipped = Assignment.objects.get(state=Assignment.State.SKIPPED)
    assert skipped.skip_reason == "The prompt cannot be understood"
