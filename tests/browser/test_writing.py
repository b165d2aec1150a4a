"""Correcting, comparing, marking, demonstrating in Chromium: what was entered is what is kept."""

import json

import pytest
from playwright.sync_api import expect

from annotation.labeling.models import Judgment
from annotation.projects.services import TagSpec
from annotation.prompts.models import Response
from tests.data import shared
from tests.factories import make_item, make_member, make_project

LABELS = [
    {"key": "fact", "label": "Wrong fact", "description": ""},
    {"key": "tone", "label": "Wrong tone", "description": "Rude or flattering"},
]
FIRST = "\n\nThe **quick** fox costs €5 & jumps over the `lazy` dog 👍🏽.\r\nשלום **עולם** \n "
SECOND = "The slow fox sleeps. It sleeps."


@pytest.fixture
def project():
    return make_project(
        name="Everyday advice",
        overlap=1,
        allows_corrections=True,
        demonstration="fallback",
        error_labels=[TagSpec(**label) for label in LABELS],
    )


@pytest.fixture
def desk(visit, project):
    labeler = make_member(project, username="mira")

    def start(texts=(FIRST, SECOND), **options):
        make_item(project, texts)
        at = visit(**options).sign_in(labeler).open(f"/judge/{project.slug}/")
        return at

    return start


def card(at, text):
    """The card of a response: it is shuffled."""
    return at.page.locator(".response").filter(has_text=text).first


def letter(at, text):
    return card(at, text).get_attribute("data-letter").lower()


def rank(at):
    at.page.locator("[name=rank_a][value='1']").check()
    at.page.locator("[name=rank_b][value='2']").check()


def submit(at):
    at.page.get_by_role("button", name="Submit").click()
    expect(at.page.get_by_role("heading", level=1)).to_have_text("Nothing left for you here")
    return Judgment.objects.latest("pk")


def written(kind):
    return Response.objects.filter(kind=kind)


def select(at, text, words, view=".rendered"):
    """Select words in a response, as a pointer would."""
    card(at, text).locator(f".body > {view}").evaluate(
        """(root, words) => {
          const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
          for (let node = walker.nextNode(); node; node = walker.nextNode()) {
            const found = node.data.indexOf(words);
            const end = found + words.length;
            if (found >= 0) getSelection().setBaseAndExtent(node, found, node, end);
          }
        }""",
        words,
    )


def test_a_correction_is_shown_as_a_diff_and_kept_as_a_response(desk):
    at = desk()
    second = card(at, "slow fox")
    second.get_by_role("button", name="Edit").click()
    editor = second.get_by_role("textbox")
    expect(editor).to_be_focused()
    expect(editor).to_have_value(SECOND)
    editor.fill(SECOND.replace("slow", "tired"))
    expect(second.locator(".changes del")).to_contain_text("slow")
    expect(second.locator(".changes ins")).to_contain_text("tired")
    expect(second.get_by_role("button", name="Corrected response")).to_be_visible()
    rank(at)

    submit(at)

    response = written("correction").get()
    assert response.text == "The tired fox sleeps. It sleeps."
    assert response.corrects.text == SECOND


def test_an_editor_that_was_only_opened_corrects_nothing(desk):
    at = desk()
    first = card(at, "quick")
    first.locator("[type=radio]").first.focus()
    at.press("e")
    expect(first.get_by_role("textbox")).to_be_focused()
    rank(at)
    submit(at)
    assert not written("correction").exists(), "line ends and leading lines are the form's"


def test_a_discarded_correction_comes_back_by_undo_and_survives_a_reload(desk):
    at = desk()
    second = card(at, "slow fox")
    second.get_by_role("button", name="Edit").click()
    second.get_by_role("textbox").fill("Mine.")
    second.get_by_role("button", name="Discard my correction").click()
    expect(second.locator(".body")).to_be_visible()
    second.get_by_role("button", name="Undo").click()
    expect(second.get_by_role("textbox")).to_have_value("Mine.")
    expect(at.page.locator("#saved")).to_have_text("Saved")

    at.page.reload()

    expect(card(at, "slow fox").get_by_role("textbox")).to_have_value("Mine.")


def test_a_diff_takes_the_place_of_the_text_and_leaves_by_key(desk):
    at = desk()
    second = card(at, "slow fox")
    second.locator("[type=radio]").first.focus()
    before = second.bounding_box()
    at.press("d")
    expect(second.locator(".compare ins").first).to_be_visible()
    expect(second.locator(".body")).to_be_hidden()
    assert second.bounding_box() == before, "nothing moves"
    at.press("Escape")
    expect(second.locator(".body")).to_be_visible()
    second.get_by_role("button", name="Diff").click()
    expect(second.locator(".compare")).to_be_visible()
    at.press("d")
    expect(second.locator(".compare")).to_have_count(0)


def test_selected_words_are_marked_by_their_place_in_the_raw_text(desk):
    at = desk()
    first = card(at, "quick")
    select(at, "quick", "fox costs")
    at.page.get_by_role("button", name="Mark as an error").click()
    dialog = at.page.locator("#marking")
    expect(dialog.locator("blockquote")).to_have_text("fox costs")
    at.press("2")
    dialog.get_by_label("Note").fill("<b>free</b>")
    dialog.get_by_role("button", name="Mark them").click()
    expect(first.locator(".marks li")).to_contain_text("fox costs")
    expect(first.locator(".marks li")).to_contain_text("<b>free</b>")
    painted = "name => [...CSS.highlights.get(name)].map(String)"
    assert at.page.evaluate(painted, "error-1") == ["fox costs", "fox costs"], "rendered and raw"
    first.locator(".marks").get_by_role("button", name="Change").focus()
    assert at.page.evaluate(painted, "error-now") == ["fox costs", "fox costs"]
    rank(at)

    judgment = submit(at)

    (mark,) = judgment.highlights
    assert FIRST[mark["start"] : mark["end"]] == "fox costs"
    assert (mark["label"], mark["note"]) == ("tone", "<b>free</b>")


def test_words_of_the_raw_view_are_marked_by_key_past_what_nobody_sees(desk):
    text = "\ufeffA zero\u200bwidth space\r\nand 👍🏽 **bold words** here."
    at = desk((text, SECOND))
    first = card(at, "bold")
    first.get_by_label("as raw text").check()
    select(at, "bold", "bold words", view=".text.raw")
    expect(at.page.locator("#mark-these")).to_be_visible()
    first.locator(".body").focus()
    at.press("h")
    expect(at.page.locator("#marking blockquote")).to_have_text("bold words")
    at.press("1", "Control+Enter")
    expect(first.locator(".marks li")).to_contain_text("bold words")
    rank(at)

    (mark,) = submit(at).highlights

    assert text[mark["start"] : mark["end"]] == "bold words"


def test_without_a_connection_it_says_so_and_the_page_stays(desk):
    at = desk()
    at.allow("ERR_INTERNET_DISCONNECTED|ERR_FAILED")
    second = card(at, "slow fox")
    second.get_by_role("button", name="Edit").click()
    second.get_by_role("textbox").fill("Mine.")
    expect(second.locator(".changes ins")).to_be_visible()
    at.page.context.set_offline(True)
    card(at, "quick").get_by_role("button", name="Edit").click()
    expect(at.page.locator("#not-loaded")).to_contain_text("could not be loaded")
    expect(second.get_by_role("textbox")).to_have_value("Mine.")
    at.page.context.set_offline(False)
    card(at, "quick").get_by_role("button", name="Edit").click()
    expect(card(at, "quick").get_by_role("textbox")).to_be_focused()
    expect(at.page.locator("#not-loaded")).to_have_count(0)


def test_words_are_quoted_by_key_changed_and_removed(desk):
    at = desk()
    at.allow("422")
    second = card(at, "slow fox")
    second.locator("[type=radio]").first.focus()
    at.press("h")
    dialog = at.page.locator("#marking")
    dialog.get_by_label("Quote the words").fill("sleeps")
    dialog.get_by_label("Wrong fact").check()
    dialog.get_by_role("button", name="Mark them").click()
    expect(dialog.get_by_role("alert")).to_contain_text("“sleeps” is there 2 times")
    dialog.get_by_label("Quote the words").fill("It sleeps")
    dialog.get_by_role("button", name="Mark them").click()
    entry = second.locator(".marks li")
    expect(entry).to_contain_text("It sleeps")
    entry.get_by_role("button", name="Change").click()
    dialog.get_by_label("Wrong tone").check()
    at.press("Control+Enter")
    expect(entry).to_contain_text("Wrong tone")
    entry.get_by_role("button", name="Remove").click()
    expect(entry).to_have_count(0)
    rank(at)
    assert submit(at).highlights == []


def test_when_nothing_is_acceptable_a_response_is_asked_for(desk):
    at = desk()
    at.allow("422")
    box = at.page.locator("#demonstration")
    expect(box).to_be_hidden()
    for name in "ab":
        at.page.locator(f"[name=rank_{name}][value=x]").check()
    expect(box).to_be_visible()
    at.page.get_by_role("button", name="Submit").click()
    expect(at.page.locator("#problem")).to_contain_text("Write the response that you would give.")
    box.fill("  **Mine**\n\nשלום ")
    at.page.get_by_role("button", name="Preview").click()
    expect(at.page.locator(".preview strong")).to_have_text("Mine")

    submit(at)

    assert written("demonstration").get().text == "  **Mine**\n\nשלום "


def test_all_of_it_without_javascript(desk):
    at = desk(java_script_enabled=False)
    at.allow("422")
    page, name = at.page, letter(at, "slow fox")
    rank(at)
    page.get_by_label("Why this order").fill("Kept.")
    card(at, "slow fox").get_by_role("button", name="Diff").click()
    expect(card(at, "slow fox").locator(".compare ins").first).to_be_attached()
    page.get_by_role("button", name="Back to the text").click()
    card(at, "slow fox").get_by_role("button", name="Edit").click()
    expect(page.locator(f"#edit_{name}")).to_have_value(SECOND)
    page.locator(f"#edit_{name}").fill("Better.")
    page.get_by_role("button", name="Discard my correction").click()
    page.get_by_role("button", name="Undo").click()
    expect(page.locator(f"#edit_{name}")).to_have_value("Better.")
    page.locator(f"[name=open][value=mark_{name}]").first.click()
    page.locator(f"#quote_{name}").fill("sleeps")
    page.get_by_role("button", name="Mark them").click()
    expect(page.locator("#problem")).to_contain_text("“sleeps” is there 2 times")
    page.locator(f"#quote_{name}").fill("slow fox")
    page.get_by_role("button", name="Mark them").click()
    expect(page.locator(".marks li")).to_contain_text("slow fox")
    expect(page.get_by_label("Why this order")).to_have_value("Kept.")

    judgment = submit(at)

    assert written("correction").get().text == "Better."
    (mark,) = judgment.highlights
    assert SECOND[mark["start"] : mark["end"]] == "slow fox"
    assert judgment.rationale == "Kept."


def test_enter_on_a_rank_still_submits(desk):
    at = desk()
    rank(at)
    at.page.locator("[name=rank_b]:checked").press("Enter")
    expect(at.page.get_by_role("heading", level=1)).to_have_text("Nothing left for you here")


def test_hostile_notes_corrections_and_quotes_stay_inert(desk):
    corpus = json.loads(shared("security/xss_corpus.json").read_text())
    payloads = [one["payload"] for one in corpus if "alert" in one["payload"]][:12]
    assert len(payloads) == 12
    hostile = "\n\n".join(payloads)
    at = desk((hostile, SECOND))
    at.page.evaluate("window.ran = []; window.alert = (x) => window.ran.push(x); null")
    name = next(n for n in "ab" if n != letter(at, "slow fox"))
    bad = at.page.locator(f"#response-{name}")
    bad.get_by_role("button", name="Edit").click()
    bad.get_by_role("textbox").fill(f"{hostile} and more")
    expect(bad.locator(".changes ins").first).to_be_visible()
    bad.get_by_role("button", name="Mark an error in").click()
    dialog = at.page.locator("#marking")
    dialog.get_by_label("Quote the words").fill(payloads[0])
    dialog.get_by_label("Note").fill(payloads[1])
    dialog.get_by_label("Wrong fact").check()
    dialog.get_by_role("button", name="Mark them").click()
    expect(bad.locator(".marks li")).to_have_count(1)
    bad.get_by_role("button", name="Diff").click()
    expect(bad.locator(".compare")).to_be_visible()

    assert at.page.evaluate("window.ran") == []
    assert bad.locator(".changes :is(script, img, svg, iframe)").count() == 0
    assert at.violations()[0] == []
