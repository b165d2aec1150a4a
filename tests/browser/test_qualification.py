"""A labeler's way to the work: the training with its explanations, a failed test, a passed one."""

from playwright.sync_api import expect

from annotation.projects.models import Membership
from tests.annotation.labeling.ladder.world import Stage, make_ladder, membership
from tests.factories import make_item, make_member


def answer(at, *, right):
    """The first response is the better one; the page says which that is by its text."""
    expect(at.page.locator("#response-a")).to_be_visible()
    first_is_a = at.page.locator("#response-a .text.rendered").inner_text().startswith("One")
    at.page.locator("[name=rank_a]").first.focus()
    at.press(*(("1", "2") if first_is_a == right else ("2", "1")))
    at.press("Control+Enter")


def test_the_way_to_the_work(visit):
    project = make_ladder(
        training=2, sections=[("Truth", 2)], retake_wait_hours=0, probation_items=5
    )
    make_item(project)
    labeler = make_member(project)
    at = visit().sign_in(labeler).open("/")
    at.page.get_by_role("link", name="Begin the training").click()

    expect(at.page.get_by_text("Training: item 1 of 2.")).to_be_visible()
    answer(at, right=False)
    expect(at.page.get_by_role("heading", name="The known answer is another one")).to_be_visible()
    expect(at.page.locator("tr.differs")).to_have_count(2)
    assert at.violations()[0] == []
    at.page.get_by_role("link", name="Go on").click()
    expect(at.page.get_by_text("Training: item 2 of 2.")).to_be_visible()
    answer(at, right=True)
    expect(at.page.get_by_role("heading", name="That is the known answer")).to_be_visible()
    at.page.get_by_role("link", name="Go on").click()

    expect(at.page.get_by_role("heading", name="The test comes next")).to_be_visible()
    at.page.get_by_role("link", name="To your qualification").click()
    for right, title in ((False, "The test was not passed"), (True, "You have passed the test")):
        at.page.get_by_role("button", name="Begin the test").click()
        expect(at.page.get_by_text("Test: item 1 of 2.")).to_be_visible()
        answer(at, right=right)
        expect(at.page.get_by_text("Test: item 2 of 2.")).to_be_visible()
        answer(at, right=right)
        expect(at.page.get_by_role("heading", name=title)).to_be_visible()
        at.page.get_by_role("link", name="See the result").click()
        expect(at.page.get_by_role("heading", name="The way to the work")).to_be_visible()
        assert at.violations()[0] == []

    expect(at.page.get_by_role("heading", name="Probation: 0 of 5")).to_be_visible()
    assert membership(labeler).stage == Stage.PROBATION
    at.page.get_by_role("link", name="Judge").first.click()
    answer(at, right=True)
    expect(at.page.get_by_role("heading", name="Nothing left for you")).to_be_visible()


def test_a_lead_sees_who_is_where_and_suspends(visit):
    project = make_ladder(probation_items=5)
    labeler = make_member(project, handle="mira")
    lead = make_member(project, Membership.Role.LEAD)
    at = visit(viewport={"width": 360, "height": 740}).sign_in(lead)
    at.open(f"/projects/{project.slug}/qualification/")
    expect(at.page.get_by_role("heading", name="Who is where")).to_be_visible()
    assert at.violations()[0] == []
    at.page.get_by_role("link", name="mira").click()
    expect(at.page.get_by_role("heading", name="The numbers now")).to_be_visible()
    at.page.get_by_label("Reason").fill("Every rationale was copied.")
    at.page.get_by_role("button", name="Suspend").click()
    expect(at.page.get_by_text("Suspended. The labeler sees")).to_be_visible()
    assert at.violations()[0] == []
    assert at.page.evaluate("document.documentElement.scrollWidth") <= 360

    own = visit().sign_in(labeler).open(f"/judge/{project.slug}/")
    expect(own.page.get_by_role("heading", name="You are suspended")).to_be_visible()
    own.page.get_by_role("link", name="See why").click()
    own.page.get_by_label("What speaks against it").fill("They were mine.")
    own.page.get_by_role("button", name="Send the appeal").click()
    expect(own.page.get_by_text("They were mine.")).to_be_visible()
    assert own.violations()[0] == []
