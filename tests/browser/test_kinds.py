"""Every kind of judgment in Chromium: by keys, by pointer, without script, for everybody."""

import re

import pytest
from playwright.sync_api import expect

from annotation.labeling.models import Judgment
from annotation.projects.services import CriterionSpec, TagSpec
from tests.browser.samples import FOUR, LOUD
from tests.factories import make_item, make_member, make_project, make_prompt

FLAGS = (TagSpec("unsafe", "Unsafe"), TagSpec("broken", "Broken", "Cut off."))
CRITERIA = (
    CriterionSpec("overall", "Overall", scale_min=1, scale_max=7, anchors={"7": "Excellent."}),
    CriterionSpec(
        "follows", "Follows", scale_min=0, scale_max=1, is_yes_no=True, is_required=True
    ),
    CriterionSpec("coherence", "Coherent", scale_min=0, scale_max=4, allows_na=True),
)
WIDTHS = (360, 704, 768, 1024, 1280, 1728, 1920)
EVERYTHING = {"flags": FLAGS, "confidence": "required", "rationale": "required"}


@pytest.fixture
def desk(visit):
    """The judging page of a new project, two items long."""

    def start(count=2, texts=None, window=None, **fields):
        project = make_project(overlap=1, **fields)
        labeler = make_member(project)
        for n in range(2):
            responses = texts or [f"Text {k} of item {n}." for k in range(1, count + 1)]
            make_item(project, responses, prompt=make_prompt(project, f"Item {n}."))
        at = visit(**(window or {})).sign_in(labeler).open(f"/judge/{project.slug}/")
        on_item(at, 0)
        return at

    return start


def on_item(at, number):
    expect(at.page.locator(".prompt .text.rendered").last).to_have_text(f"Item {number}.")


def submitted(at):
    at.press("Control+Enter")
    on_item(at, 1)
    return Judgment.objects.get()


def shown(judgment, values):
    """Values by position in the order the labeler saw."""
    return [values[position - 1] for position in judgment.order]


def focused(at, name):
    expect(at.page.locator(f"[name={name}]:focus")).to_have_count(1)


def chosen(at, name):
    return expect(at.page.locator(f"[name={name}]:checked"))


def test_the_best_three_of_six_stop_the_advance_and_leave_the_rest(desk):
    at = desk(6, ordering="partial", top_k=3)
    order = at.page.locator("#order")
    expect(order).to_contain_text("Rank the best 3, leave the rest")

    at.press("2", "j", "1", "3")

    expect(order).to_contain_text("the rest: B, E, F")
    focused(at, "rank_d")
    judgment = submitted(at)
    assert shown(judgment, judgment.ranks) == [2, None, 1, 3, None, None]
    assert judgment.rest_below


@pytest.mark.parametrize(("points", "key", "value"), [(4, "1", -2), (7, "7", 3), (9, "5", 0)])
def test_a_digit_chooses_the_point_from_the_left(desk, points, key, value):
    at = desk(ordering="scale", scale_points=points)
    focused(at, "preference")

    at.press(key)
    chosen(at, "preference").to_have_value(str(value))

    judgment = submitted(at)
    turned = -value if judgment.order[0] != 1 else value
    assert (judgment.scale, judgment.preference) == (points, turned)


@pytest.mark.parametrize(("key", "both"), [("g", "good"), ("b", "bad")])
def test_both_good_and_both_bad_have_a_key_each_also_from_a_response(desk, key, both):
    at = desk(ordering="scale")
    at.press("j")
    expect(at.page.locator("#response-b .body")).to_be_focused()

    at.press("3", key)

    chosen(at, "preference").to_have_value(both)
    expect(at.page.locator("#live")).to_have_text(f"Both {both}")
    assert submitted(at).both == both


def test_the_scale_by_pointer_and_taken_back_by_a_second_click(desk):
    at = desk(ordering="scale")
    point = at.page.get_by_role("radio", name="B much better")

    point.click()
    expect(point).to_be_checked()
    point.click()
    expect(point).not_to_be_checked()
    at.page.get_by_role("radio", name="A slightly better").click()

    at.page.get_by_role("button", name="Submit").click()
    on_item(at, 1)
    assert abs(Judgment.objects.get().preference) == 1


def test_a_rank_is_taken_back_by_a_second_click_and_by_the_keyboard_it_is_not(desk):
    at = desk(3)
    two = at.page.locator("[name=rank_a][value='2']")
    two.click()
    two.press(" ")
    expect(two).to_be_checked()

    two.click()

    expect(two).not_to_be_checked()
    expect(at.page.locator("#order")).to_have_text("Order: Nothing ranked yet")


def test_every_criterion_of_every_response_is_rated_by_digits_alone(desk):
    at = desk(ordering="none", criteria=CRITERIA)
    focused(at, "rating_overall_a")

    presses = at.press("7", "1", "n", "2", "0", "4", "Control+Enter")

    on_item(at, 1)
    assert presses == 7
    judgment = Judgment.objects.get()
    assert {key: shown(judgment, values) for key, values in judgment.ratings.items()} == {
        "overall": [7, 2],
        "follows": [1, 0],
        "coherence": ["na", 4],
    }


def test_a_draft_goes_on_where_it_was_and_the_next_item_begins_with_a(desk):
    at = desk(ordering="none", criteria=CRITERIA)
    at.press("7", "1", "n", "2")
    expect(at.page.locator("#saved")).to_have_text("Saved")

    at.page.reload()

    focused(at, "rating_overall_b")
    at.press("ArrowDown", "1", "3", "Control+Enter")
    on_item(at, 1)
    focused(at, "rating_overall_a")
    at.press("5")
    chosen(at, "rating_overall_a").to_have_value("5")


def test_arrows_walk_the_criteria_and_j_keeps_the_criterion(desk):
    at = desk(3, criteria=CRITERIA)
    at.press("r")
    focused(at, "rating_overall_a")
    at.press("ArrowDown", "ArrowDown")
    focused(at, "rating_coherence_a")
    at.press("j")
    focused(at, "rating_coherence_b")
    at.press("0")
    chosen(at, "rating_coherence_b").to_have_value("0")
    focused(at, "rating_overall_c")
    at.press("k", "ArrowDown", "ArrowDown", "ArrowUp")
    focused(at, "rating_follows_b")

    at.press("Escape")

    focused(at, "rank_b")


def test_backspace_takes_a_rating_back(desk):
    at = desk(criteria=CRITERIA)
    at.press("r", "5", "ArrowUp")
    chosen(at, "rating_overall_a").to_have_value("5")

    at.press("Backspace")

    expect(at.page.locator("[name=rating_overall_a]:checked")).to_have_count(0)


def test_the_words_of_a_chosen_point_are_shown(desk):
    at = desk(criteria=CRITERIA)
    words = at.page.locator("#rating_overall_a .anchor", has_text="7: Excellent.")
    expect(words).to_be_hidden()

    at.press("r", "7")

    expect(words).to_be_visible()


def test_flags_are_ticked_by_digits_and_stay_visible_when_closed(desk):
    at = desk(flags=FLAGS)
    unsafe = at.page.locator("[name=flag_unsafe_a]")
    expect(unsafe).to_be_hidden()

    at.press("f")
    expect(unsafe).to_be_focused()
    at.press("2", "ArrowUp", "ArrowDown", "Escape")

    focused(at, "rank_a")
    expect(at.page.locator("[name=flag_broken_a]")).to_be_visible()
    expect(unsafe).to_be_hidden()
    assert at.page.locator("[name^=rank_]:checked").count() == 0, "a digit there is no rank"
    at.press("1", "2")
    judgment = submitted(at)
    assert shown(judgment, judgment.flags["broken"]) == [True, False]
    assert "unsafe" not in judgment.flags


def test_flags_by_pointer_need_no_script(desk):
    at = desk(flags=FLAGS, window={"java_script_enabled": False})
    card = at.page.locator("#response-b")

    card.get_by_label("Flags of response B").first.check()
    card.get_by_label("Unsafe").check()
    card.get_by_label("Flags of response B").first.uncheck()

    expect(card.get_by_label("Unsafe")).to_be_visible()
    at.page.locator("[name=rank_a][value='1']").check()
    at.page.locator("[name=rank_b][value='2']").check()
    at.page.get_by_role("button", name="Submit").click()
    on_item(at, 1)
    judgment = Judgment.objects.get()
    assert shown(judgment, judgment.flags["unsafe"]) == [False, True]


def test_strengths_are_kept_on_the_first_item_and_on_those_that_follow(desk):
    """What follows comes as a fragment, in which a browser does not leave out a noscript."""
    at = desk(3)
    at.press("1", "2", "3")
    at.page.locator("#order [name=strength_2]").select_option("3")
    at.press("Control+Enter")
    on_item(at, 1)
    expect(at.page.locator("#judgment :focus")).to_have_count(1)

    at.press("1", "2", "3")
    at.page.locator("#order [name=strength_2]").select_option("2")
    at.press("Control+Enter")

    expect(at.page.get_by_role("heading", name="Nothing left")).to_be_visible()
    assert [one.strength for one in Judgment.objects.order_by("pk")] == [[None, 3], [None, 2]]


def test_a_comparison_that_comes_after_the_end_is_nobodys(desk):
    at = desk(allows_corrections=True)
    at.press("1", "2")
    submitted(at)
    expect(at.page.locator("#judgment :focus")).to_have_count(1)
    at.press("1", "2")
    card = at.page.locator(".response").first
    card.get_by_role("button", name="Edit").click()
    expect(card.get_by_role("textbox")).to_be_focused()
    at.page.evaluate("""() => {
      const [text] = document.querySelectorAll(".edit textarea");
      text.value = "Mine.";
      text.dispatchEvent(new Event("input", {bubbles: true}));
      document.getElementById("judgment").remove();  // as the answer to a submit does
    }""")
    at.page.wait_for_timeout(600)  # longer than the editor waits before it compares
    expect(at.page.locator("#not-loaded")).to_have_count(0)


def test_confidence_by_its_key(desk):
    at = desk(confidence="optional")

    at.press("1", "2", "v", "4")

    chosen(at, "confidence").to_have_value("4")
    assert submitted(at).confidence == 4


def test_all_of_it_without_script(desk):
    at = desk(
        ordering="scale", criteria=CRITERIA, window={"java_script_enabled": False}, **EVERYTHING
    )
    page = at.page

    page.get_by_role("radio", name="Both bad").check()
    page.locator("[name=rating_follows_a][value='1']").check()
    page.get_by_role("radio", name="Response B").check()
    page.locator("[name=rating_follows_b][value='0']").check()
    page.locator("[name=confidence][value='2']").check()
    page.get_by_label("Why this order").fill("Neither helps.")
    page.get_by_role("button", name="Submit").click()

    on_item(at, 1)
    judgment = Judgment.objects.get()
    assert (judgment.both, judgment.confidence) == ("bad", 2)
    assert shown(judgment, judgment.ratings["follows"]) == [1, 0]
    assert judgment.rationale == "Neither helps."


def test_what_is_missing_is_led_to_and_gone_once_it_is_there(desk):
    at = desk(3, criteria=CRITERIA)
    at.allow("422")
    at.press("1", "2", "3", "r", "ArrowDown", "1", "Control+Enter")
    problem = at.page.locator("#problem")
    expect(problem).to_be_focused()
    expect(problem).to_contain_text("Two things are missing. Rate response A")

    problem.get_by_role("link", name="Rate response B").click()
    focused(at, "rating_follows_b")
    at.press("1")

    expect(problem).to_contain_text("Still missing: ")
    expect(problem.get_by_role("link", name="Rate response B")).to_be_hidden()
    focused(at, "rating_coherence_b")
    at.page.locator("#on-a").check()
    at.page.locator("[name=rating_follows_a][value='0']").check()
    expect(problem).to_be_hidden()
    submitted(at)


@pytest.mark.parametrize(
    ("fields", "keys"),
    [({"ordering": "scale"}, "2"), ({"ordering": "partial", "top_k": 1}, "1")],
    ids=["scale", "best"],
)
def test_keys_go_on_after_a_refusal_that_the_next_key_mends(desk, fields, keys):
    at = desk(**fields)
    at.allow("422")
    at.press("Control+Enter")
    problem = at.page.locator("#problem")
    expect(problem).to_be_focused()
    at.page.wait_for_load_state("networkidle")  # what hides the message is loaded with it

    at.press(keys)

    expect(problem).to_be_hidden()
    expect(at.page.locator("#judge :checked:focus")).to_have_count(1)
    at.press("s")
    expect(at.page.locator("#skip")).to_be_visible()
    at.press("Escape")
    submitted(at)


def test_zero_takes_back_the_choice_on_a_scale(desk):
    at = desk(ordering="scale")
    at.press("2")
    chosen(at, "preference").to_have_count(1)

    at.press("0")

    chosen(at, "preference").to_have_count(0)
    focused(at, "preference")


@pytest.mark.parametrize("width", [360, 1280])
def test_what_a_message_leads_to_is_not_under_it(desk, width):
    at = desk(
        criteria=CRITERIA, window={"viewport": {"width": width, "height": 740}}, **EVERYTHING
    )
    at.allow("422")
    at.press("1", "2", "Control+Enter")
    problem = at.page.locator("#problem")
    expect(problem).to_be_focused()
    at.page.wait_for_load_state("networkidle")  # what leads there is loaded with the message

    for name in ("Say how sure you are.", "Say why you decided so."):
        problem.get_by_role("link", name=name).click()
        field = at.page.locator(":focus")
        expect(field).to_have_attribute("name", re.compile("confidence|rationale"))
        box = field.bounding_box()
        assert box["y"] + box["height"] <= problem.bounding_box()["y"], name


def test_a_refusal_moves_nothing_on_the_page(desk):
    at = desk(4)
    at.allow("422")
    at.press("1")
    places = """() => [...document.querySelectorAll(".response, .prompt, .bar")].map((one) => {
      const {x, y, width, height} = one.getBoundingClientRect();
      return [x, y, width, height]; })"""
    before = at.page.evaluate(places)

    at.press("Control+Enter")

    expect(at.page.locator("#problem")).to_be_focused()
    assert at.page.evaluate(places) == before
    assert len(before) == 6
    at.page.get_by_role("button", name="Hide").click()
    expect(at.page.locator("#problem")).to_be_hidden()
    focused(at, "rank_b")


SHIFTS = """window.shifts = [];
new PerformanceObserver((list) => {
  for (const {value, sources} of list.getEntries())
    shifts.push([value, sources.map(({node}) => node?.className ?? "")]);
}).observe({type: "layout-shift", buffered: true});"""


@pytest.mark.parametrize("width", [360, 1280])
def test_nothing_jumps_while_the_page_loads_and_is_ranked(desk, width):
    """Every shift counts here, also those just after a key, which the metric leaves out."""
    at = desk(texts=list(FOUR), flags=FLAGS, window={"viewport": {"width": width, "height": 800}})
    at.page.add_init_script(SHIFTS)
    at.page.reload()
    on_item(at, 0)

    at.press("2", "1", "4")
    expect(at.page.locator("#order")).to_contain_text("D not ranked")

    shifts = at.page.evaluate("shifts")
    assert sum(value for value, _ in shifts) < 0.02, shifts


def test_the_shifts_would_be_seen(desk):
    at = desk(texts=list(FOUR))
    at.page.add_init_script(SHIFTS)
    at.page.reload()
    on_item(at, 0)

    at.page.evaluate("document.querySelector('.top').style.paddingBlockEnd = '200px'")

    at.until("shifts.some(([value]) => value > 0.02)")


def test_keys_can_be_others(desk):
    at = desk(3)
    at.page.locator("#judgment").evaluate(
        "form => form.dataset.keys = JSON.stringify({unacceptable: 'u', rank_clear: 'l'})"
    )

    at.press("u", "x")
    chosen(at, "rank_a").to_have_value("x")
    assert at.page.locator("[name^=rank_]:checked").count() == 1
    at.press("k", "l")
    expect(at.page.locator("[name^=rank_]:checked")).to_have_count(0)


def test_keys_can_be_off_and_submitting_stays(desk):
    at = desk(2)
    at.page.locator("#judgment").evaluate("form => form.dataset.keysOff = ''")

    at.press("1", "x")
    assert at.page.locator("[name^=rank_]:checked").count() == 0
    at.page.locator("[name=rank_a][value='1']").check()
    at.page.locator("[name=rank_b][value='2']").check()
    submitted(at)


def test_without_advance_the_focus_stays(desk):
    at = desk(3)
    at.page.locator("#judgment").evaluate("form => form.dataset.advance = 'off'")

    at.press("1", "3")

    chosen(at, "rank_a").to_have_value("3")
    assert at.page.locator("[name^=rank_]:checked").count() == 1


def test_the_sign_fills_once_the_end_was_on_the_screen(desk):
    at = desk(texts=["Short.", LOUD * 6])
    read = at.page.get_by_role("img", name="Read to the end", exact=True)
    unread = at.page.get_by_role("img", name="Not read to the end yet")
    expect(read).to_have_count(1)
    expect(unread).to_have_count(1)

    at.page.locator(".response", has=unread).locator(".end").scroll_into_view_if_needed()

    expect(read).to_have_count(2)


@pytest.mark.parametrize("view", ["rendered", "raw"])
def test_each_paragraph_runs_as_its_own_script_says(desk, view):
    at = desk(texts=["Left to right.\n\nمن اليمين إلى اليسار.", "مرحبا.\n\nHello there."])
    if view == "raw":
        at.press("m", "j", "m")

    sides = at.page.locator(f".response .text.{view}").evaluate_all(
        """texts => texts.map((text) => {
          const box = text.getBoundingClientRect(), sides = {};
          const walker = document.createTreeWalker(text, NodeFilter.SHOW_TEXT);
          for (let node; (node = walker.nextNode());)
            for (const [, line] of node.data.matchAll(/([^\\n]+)/g)) {
              const range = document.createRange();
              range.setStart(node, node.data.indexOf(line));
              range.setEnd(node, node.data.indexOf(line) + line.length);
              const {left, right} = range.getBoundingClientRect();
              const isArabic = /[\u0600-\u06ff]/.test(line);
              sides[isArabic ? "arabic" : "latin"] =
                left - box.left < box.right - right ? "left" : "right";
            }
          return sides;
        })"""
    )
    assert sides == [{"latin": "left", "arabic": "right"}] * 2


def test_by_touch_on_a_phone_an_order_of_two(desk):
    at = desk(window={"viewport": {"width": 360, "height": 740}, "has_touch": True})
    at.page.locator("[name=rank_a][value='2']").tap()
    at.page.locator("[name=rank_b][value='1']").tap()
    expect(at.page.locator("#order")).to_contain_text("B>")

    at.page.get_by_role("button", name="Submit").tap()

    on_item(at, 1)
    judgment = Judgment.objects.get()
    assert shown(judgment, judgment.ranks) == [2, 1]


def test_on_a_phone_a_very_long_response_is_folded_until_it_is_asked_for(desk):
    at = desk(texts=["Short.", LOUD * 20], window={"viewport": {"width": 360, "height": 740}})
    long = at.page.locator(".response.long")
    expect(long).to_have_count(1)
    folded = long.bounding_box()["height"]

    long.get_by_text("Show all").click()

    expect(long.get_by_text("Show all")).to_be_hidden()
    assert long.bounding_box()["height"] > folded * 2


def test_the_board_of_tiers_sets_the_same_ranks(desk):
    at = desk(3)
    at.page.get_by_label("Layout").select_option("tiers")
    board = at.page.get_by_role("region", name="Tiers")
    expect(board).to_be_visible()
    row = board.get_by_role("group", name="Place 1")

    at.page.get_by_label("Move response B up").click()  # from "not ranked" to the floor
    chosen(at, "rank_b").to_have_value("x")
    at.page.locator("[name=rank_a][value='1']").check()
    expect(row.get_by_label("Read response A")).to_be_visible()
    board.get_by_label("Read response C").drag_to(row)

    chosen(at, "rank_c").to_have_value("1")
    expect(at.page.locator("#order")).to_contain_text("A=C")
    board.get_by_label("Move response C down").press("Enter")
    chosen(at, "rank_c").to_have_value("2")
    expect(board.get_by_label("Move response C down")).to_be_focused()
    expect(at.page.locator("#saved")).to_have_text("Saved")
    at.page.reload()
    expect(board).to_be_visible()
    at.page.locator("[name=rank_a]").first.focus()
    judgment = submitted(at)
    assert shown(judgment, judgment.ranks) == [1, None, 2]
    assert shown(judgment, judgment.unacceptable) == [False, True, False]


def test_stacked_shows_whole_responses_one_below_the_other(desk):
    at = desk(texts=list(FOUR))
    at.page.get_by_label("Layout").select_option("stacked")

    boxes = [at.page.locator(".response").nth(n).bounding_box() for n in range(4)]

    assert len({box["x"] for box in boxes}) == 1
    assert all(a["y"] + a["height"] <= b["y"] for a, b in zip(boxes, boxes[1:], strict=False))
    assert at.page.locator(".response .body").evaluate_all(
        "all => all.every((one) => one.scrollHeight <= one.clientHeight + 1)"
    )


CONTROLS = """() => {
  const seen = new Set();
  const all = "a[href], button, input, select, textarea, summary, [tabindex='0']";
  for (const one of document.querySelectorAll(all)) {
    const isShown = one.checkVisibility({visibilityProperty: true});
    if (one.type === "hidden" || one.tabIndex < 0 || !isShown) continue;
    const start = one.outerHTML.slice(0, 80);
    seen.add(one.dataset.stop = one.type === "radio" ? one.name : `${seen.size} ${start}`);
  }
  return [...seen];
}"""


@pytest.mark.parametrize("ordering", ["full", "scale", "none"])
def test_every_control_is_reached_by_the_tab_key(desk, ordering):
    at = desk(ordering=ordering, criteria=CRITERIA, **EVERYTHING)
    at.page.get_by_label("Flags of response A").first.check()
    # The panel rates the response that the focus went through last; its letters change that.
    controls = {re.sub("_[ab]$", "", stop) for stop in at.page.evaluate(CONTROLS)}
    assert {"rating_overall", "rating_follows", "on"} <= controls
    assert len(controls) > 15
    assert "confidence" in controls

    reached = set()
    for _ in range(3 * len(controls)):
        at.press("Tab")
        stop = at.page.evaluate(
            "document.activeElement.dataset.stop ?? document.activeElement.name"
        )
        reached.add(re.sub("_[ab]$", "", stop or ""))

    assert controls - reached == set()


@pytest.mark.parametrize(
    "fields",
    [
        {"ordering": "scale", "scale_points": 9},
        {"ordering": "partial", "top_k": 1},
        {"ordering": "none", "criteria": CRITERIA},
    ],
    ids=["scale", "partial", "none"],
)
def test_every_kind_has_no_accessibility_violation(desk, fields):
    at = desk(**(EVERYTHING | fields))
    at.allow("422")
    at.page.get_by_label("Flags of response A").first.check()
    at.press("Control+Enter")
    expect(at.page.locator("#problem")).to_be_focused()

    assert at.faults(widths=(1280,)) == []


def test_the_board_of_tiers_has_no_accessibility_violation(desk):
    at = desk(4)
    at.page.get_by_label("Layout").select_option("tiers")
    expect(at.page.get_by_role("region", name="Tiers")).to_be_visible()

    assert at.faults(widths=(1280,)) == []


@pytest.mark.parametrize("points", [4, 7, 9])
def test_no_scale_scrolls_sideways(desk, points):
    at = desk(ordering="scale", scale_points=points)
    for width in WIDTHS:
        at.page.set_viewport_size({"width": width, "height": 800})
        assert at.page.evaluate("document.documentElement.scrollWidth") <= width
        last = at.page.locator("#preference input").last.bounding_box()
        assert last["x"] + last["width"] <= width


def test_ratings_of_all_scales_can_be_seen_at_any_width(desk):
    at = desk(ordering="none", criteria=CRITERIA)
    focused(at, "rating_overall_a")
    for width in (360, 768, 1280):
        at.page.set_viewport_size({"width": width, "height": 800})
        for criterion in CRITERIA:
            expect(at.page.locator(f"#rating_{criterion.key}_a .seg")).to_be_visible()


EVERY_TOOL = {"allows_corrections": True, "error_labels": (TagSpec("factual", "Wrong fact"),)}


@pytest.mark.parametrize("tools", [{}, EVERY_TOOL], ids=["few", "all"])
@pytest.mark.parametrize("count", [4, 6, 9])
def test_on_no_card_the_tools_lie_over_the_ranks(desk, count, tools):
    at = desk(count, flags=FLAGS, **tools)
    for width in WIDTHS:
        at.page.set_viewport_size({"width": width, "height": 800})
        overlaps = at.page.locator(".response").evaluate_all(
            """cards => cards.map((card) => {
              const place = (one) => card.querySelector(one).getBoundingClientRect();
              const [rank, views] = [place(".rank"), place(".views")];
              const isBeside = rank.right <= views.left, isApart = rank.bottom <= views.top;
              const edge = card.getBoundingClientRect().right + 1;
              return !(isBeside || isApart) || views.right > edge;
            })"""
        )
        assert overlaps == [False] * count, width


def test_the_head_takes_one_line_on_a_phone(desk):
    at = desk(window={"viewport": {"width": 360, "height": 740}})
    assert at.page.locator("header.top").bounding_box()["height"] < 60
