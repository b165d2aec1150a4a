"""Going on and going back at the desk: undo, a second tab, a withdrawn item."""

import pytest
from playwright.sync_api import expect

from annotation.labeling.models import Assignment, Item, ItemReport, Judgment
from tests.browser.samples import FOUR, QUESTION
from tests.factories import make_item, make_member, make_project, make_prompt


@pytest.fixture
def project():
    return make_project(name="Everyday advice", overlap=1)


@pytest.fixture
def desk(visit, project):
    """The judging page with an item of four on it, and others waiting."""
    labeler = make_member(project, username="mira")
    for n in range(3):
        make_item(project, FOUR, prompt=make_prompt(project, f"Item {n}. {QUESTION}"))

    def start(**options):
        return visit(**options).sign_in(labeler).open(f"/judge/{project.slug}/")

    return start


def prompt(at):
    return at.page.locator(".prompt .text.rendered")


def ranks_on(at):
    return at.page.locator(".rank input:checked").evaluate_all("all => all.map(one => one.value)")


@pytest.mark.parametrize("by", ["key", "button"])
def test_undo_brings_the_last_item_back_as_it_was(desk, by):
    at = desk()
    at.press("2", "1", "3", "x", "Control+Enter")
    expect(prompt(at)).to_contain_text("Item 1.")
    undo = at.page.get_by_role("button", name="Undo")
    expect(undo).to_be_visible()
    expect(at.page.locator("#judgment :focus")).to_have_count(1)

    at.press("z") if by == "key" else undo.click()

    expect(prompt(at)).to_contain_text("Item 0.")
    expect(at.page.get_by_text("Taken back.")).to_be_visible()
    assert ranks_on(at) == ["2", "1", "3", "x"]
    assert not Judgment.objects.current().exists()
    expect(at.page.get_by_role("button", name="Undo")).to_have_count(0)
    at.press("Control+Enter")
    expect(prompt(at)).to_contain_text("Item 1.")
    assert Judgment.objects.current().count() == 1


def test_a_skip_is_undone_by_the_same_key(desk):
    at = desk()
    at.press("s", "2")
    expect(prompt(at)).to_contain_text("Item 1.")
    expect(at.page.locator("#judgment :focus")).to_have_count(1)
    at.press("z")
    expect(prompt(at)).to_contain_text("Item 0.")
    assert Assignment.objects.live().count() == 1


def test_undo_works_without_script(desk):
    at = desk(java_script_enabled=False)
    for letter in "abcd":
        at.page.locator(f"[name=rank_{letter}][value='1']").check(force=True)
    at.page.get_by_role("button", name="Submit").click()
    expect(prompt(at)).to_contain_text("Item 1.")
    at.page.get_by_role("button", name="Undo").click()
    expect(prompt(at)).to_contain_text("Item 0.")
    assert ranks_on(at) == ["1"] * 4


def test_the_bar_does_not_move_when_undo_comes(desk):
    at = desk()
    submit = at.page.locator("#submit")
    before = submit.bounding_box()
    at.press("1", "2", "3", "4", "Control+Enter")
    expect(at.page.get_by_role("button", name="Undo")).to_be_visible()
    assert submit.bounding_box() == before


def test_a_second_tab_keeps_its_text_and_chooses(desk):
    at = desk()
    at.allow("409")
    other = at.page.context.new_page()
    other.goto(at.page.url)
    at.press("1", "2", "3", "4", "Control+Enter")
    expect(prompt(at)).to_contain_text("Item 1.")

    other.locator("[name=rank_a][value='1']").focus()
    for key in ("4", "3", "2", "1"):
        other.keyboard.press(key)
    other.get_by_label("Why this order").fill("Thought again")
    other.keyboard.press("Control+Enter")
    problem = (
        other.get_by_role("alert")
        .filter(has_text="judged this item already")
        .or_(other.get_by_role("alert").filter(has_text="submitted already"))
    )
    expect(problem).to_be_visible()
    expect(other.get_by_label("Why this order")).to_have_value("Thought again")
    other.get_by_role("button", name="Replace it with what is here").click()

    expect(other.get_by_text("Replaced.")).to_be_visible()
    current = Judgment.objects.current().get()
    assert (current.revision, current.rationale) == (2, "Thought again")


def test_a_withdrawn_item_asks_what_becomes_of_the_work(desk):
    at = desk()
    at.allow("409")
    Item.objects.filter(assignments__state="live").update(state="withdrawn")
    at.press("1", "2", "3", "4", "Control+Enter")
    expect(at.page.get_by_text("withdrawn while you were judging")).to_be_visible()
    assert ranks_on(at) == ["1", "2", "3", "4"]
    at.page.get_by_role("button", name="Keep mine apart").click()
    expect(prompt(at)).to_contain_text("Item 1.")
    assert Judgment.objects.get().is_surplus


def test_a_problem_is_reported_beside_the_desk(desk):
    at = desk()
    at.press("2", "1")
    at.page.locator("#order [name=strength_1]").select_option("3")
    at.page.locator("[name=rank_a]:checked").focus()
    at.press("s")
    at.page.get_by_text("Something is wrong with the item itself").click()
    at.page.get_by_label("Personal data").check()
    at.page.get_by_label("In your words").fill("A phone number.")
    at.page.get_by_role("button", name="Report it").click()

    expect(at.page.get_by_text("Thank you.")).to_be_visible()
    assert ranks_on(at) == ["2", "1"]
    expect(at.page.locator("#order [name=strength_1]")).to_have_value("3")
    assert ItemReport.objects.get().text == "A phone number."


@pytest.mark.parametrize("width", [1024, 1280])
def test_nothing_moves_when_something_is_said_above_the_sheets(visit, width):
    project = make_project(name="A project whose name is rather long to read on one line")
    for n in range(2):
        make_item(project, FOUR, prompt=make_prompt(project, f"Item {n}. {QUESTION}"))
    labeler = make_member(project, username="somebody-with-a-rather-long-name")
    at = visit(viewport={"width": width, "height": 800}).sign_in(labeler)
    at.open(f"/judge/{project.slug}/")
    before = at.page.locator(".answers").bounding_box()
    at.press("s", "1")
    expect(prompt(at)).to_contain_text("Item 1.")
    expect(at.page.locator("#saved")).not_to_be_empty()
    assert at.page.locator(".answers").bounding_box() == before
    assert at.page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize(
    ("last", "is_seen"), [("And now?", True), ("Now " + "listen. " * 200, False)]
)
def test_a_conversation_opens_at_its_end_unless_that_is_long(visit, last, is_seen):
    project = make_project()
    prompt = make_prompt(project)
    roles = ["system", *["user", "assistant"] * 3, "user"]
    prompt.messages = [{"role": role, "content": "Some words. " * 30} for role in roles]
    prompt.messages[-1]["content"] = last
    prompt.save()
    make_item(project, FOUR, prompt=prompt)
    at = visit().sign_in(make_member(project)).open(f"/judge/{project.slug}/")
    turn = at.page.locator(".prompt .turn .text.rendered").last
    expect(turn).to_contain_text(last[:6])
    box, body = turn.bounding_box(), at.page.locator(".prompt > .body").bounding_box()
    ends_within = box["y"] + box["height"] <= body["y"] + body["height"]
    assert ends_within == is_seen
    assert at.page.locator(".prompt > .body").evaluate("body => body.scrollTop") == 0
    at.page.locator(".prompt > .body").hover()
    at.page.mouse.wheel(0, -4000 if is_seen else 4000)
    at.until("document.querySelector('.prompt > .body').scrollTop !== 0")
