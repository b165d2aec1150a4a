"""Judging in Chromium: by keys, without script, with a bad connection. Nothing gets lost."""

import pytest
from playwright.sync_api import expect

from annotation.labeling.models import Assignment, Judgment
from tests.browser.samples import FOUR, QUESTION
from tests.factories import make_item, make_member, make_project, make_prompt


@pytest.fixture
def project():
    return make_project(name="Everyday advice", overlap=1)


@pytest.fixture
def labeler(project):
    return make_member(project, username="mira")


@pytest.fixture
def desk(visit, project, labeler):
    """The judging page with an item of four on it, and another one waiting."""
    for n in range(2):
        make_item(project, FOUR, prompt=make_prompt(project, f"Item {n}. {QUESTION}"))

    def start(**options):
        return visit(**options).sign_in(labeler).open(f"/judge/{project.slug}/")

    return start


def shown(judgment):
    """Its ranks in the order the labeler saw, "x" for unacceptable."""
    return [
        "x" if judgment.unacceptable[position - 1] else judgment.ranks[position - 1]
        for position in judgment.order
    ]


def order_line(desk):
    return desk.page.locator("#order")


def saved(desk):
    return expect(desk.page.locator("#saved"))


def prompt(desk):
    return desk.page.locator(".prompt .text.rendered")


def test_a_strict_order_of_four_takes_five_presses_submit_included(desk):
    at = desk()
    expect(prompt(at)).to_contain_text("Item 0.")

    presses = at.press("2", "1", "4", "3", "Control+Enter")

    expect(prompt(at)).to_contain_text("Item 1.")
    assert presses == 5
    assert shown(Judgment.objects.get()) == [2, 1, 4, 3]
    expect(at.page.locator("[name=rank_a]").first).to_be_focused()
    expect(order_line(at)).to_contain_text("Nothing ranked yet")
    at.press("1")
    expect(order_line(at)).to_contain_text("A")


def test_the_same_without_javascript(desk):
    at = desk(java_script_enabled=False)

    for letter, rank in zip("abcd", (2, 1, 4, 3), strict=True):
        at.page.locator(f"[name=rank_{letter}][value='{rank}']").check()
    at.page.locator("[name=strength_1]").select_option("far")
    at.page.locator("[name=rating_helpfulness_a][value='4']").check()
    at.page.get_by_label("Why this order").fill("B answers all of it.")
    at.page.get_by_role("button", name="Submit").click()

    expect(prompt(at)).to_contain_text("Item 1.")
    judgment = Judgment.objects.get()
    assert shown(judgment) == [2, 1, 4, 3]
    assert judgment.strength == [3, None, None]
    assert judgment.rationale == "B answers all of it."
    assert judgment.ratings["helpfulness"][judgment.order[0] - 1] == 4


def test_without_javascript_a_refusal_keeps_everything_and_leads_to_the_gap(desk):
    at = desk(java_script_enabled=False)
    at.page.locator("[name=rank_a][value='1']").check()
    at.page.get_by_label("Why this order").fill("Kept.")

    at.page.get_by_role("button", name="Submit").click()

    expect(at.page.get_by_role("alert").first).to_contain_text("Rank response B.")
    expect(at.page.locator("#problem")).to_be_focused()
    expect(at.page.locator("[name=rank_a][value='1']")).to_be_checked()
    expect(at.page.get_by_label("Why this order")).to_have_value("Kept.")
    at.allow("422")


def test_without_javascript_skipping_needs_no_script_either(desk):
    at = desk(java_script_enabled=False)

    at.page.get_by_role("button", name="Skip").click()
    at.page.get_by_role("button", name="Something else").click()

    expect(prompt(at)).to_contain_text("Item 1.")
    assert Assignment.objects.get(state="skipped").skip_reason == "Something else"


def test_equal_numbers_and_the_equals_key_make_ties(desk):
    at = desk()

    at.press("1", "1", "2", "=")

    expect(order_line(at)).to_have_text("Order: A=B>how much?slightlyclearlyfarC=D")
    expect(at.page.locator("#live")).to_have_text("Response D rank 2 of 4, tied with C")
    at.press("Control+Enter")
    expect(prompt(at)).to_contain_text("Item 1.")
    assert shown(Judgment.objects.get()) == [1, 1, 2, 2]


def test_unacceptable_stands_apart_and_zero_clears(desk):
    at = desk()

    at.press("1", "x", "2", "k", "0", "j", "3")

    expect(order_line(at)).to_contain_text("B unacceptable")
    expect(order_line(at)).to_contain_text("C not ranked")
    at.press("2", "Control+Enter")
    expect(prompt(at)).to_contain_text("Item 1.")
    assert shown(Judgment.objects.get()) == [1, "x", 2, 3]


def test_shift_moves_a_response_by_a_place(desk):
    at = desk()

    at.press("2", "k", "Shift+J", "Shift+J", "Shift+J", "Shift+J")
    expect(at.page.locator("[name=rank_a]:checked")).to_have_value("4")
    at.press("Shift+K")
    expect(at.page.locator("[name=rank_a]:checked")).to_have_value("3")


def test_a_strength_belongs_to_its_two_tiers_and_is_not_inherited(desk):
    at = desk()
    at.press("1", "2", "3", "4")
    first = at.page.get_by_label("How much better: A over B")
    first.select_option("far")

    at.page.locator("[name=rank_b][value='4']").check()
    expect(at.page.get_by_label("How much better: A over C")).to_have_value("")
    at.page.locator("[name=rank_b][value='2']").check()
    expect(first).to_have_value("3")
    at.page.get_by_role("button", name="Submit").click()

    expect(prompt(at)).to_contain_text("Item 1.")
    assert Judgment.objects.get().strength == [3, None, None]


def test_the_rubric_is_rated_by_keys_and_the_rationale_swallows_them(desk):
    at = desk()

    at.press("1", "k", "r", "4", "2", "ArrowUp", "j", "5", "c")
    at.page.keyboard.type("j1x0 is only text?")
    at.press("Escape")

    expect(at.page.locator("[name=rating_helpfulness_a]:checked")).to_have_value("4")
    expect(at.page.locator("[name=rating_truthfulness_a]:checked")).to_have_value("2")
    expect(at.page.locator("[name=rating_truthfulness_b]:checked")).to_have_value("5")
    expect(at.page.get_by_label("Why this order")).to_have_value("j1x0 is only text?")
    expect(at.page.locator("[name=rank_b]").first).to_be_focused()
    expect(at.page.locator("[name=rank_a]:checked")).to_have_value("1")
    assert at.page.locator("[name^=rank_]:checked").count() == 1


def test_keys_do_nothing_outside_the_form(desk):
    at = desk()
    at.page.get_by_role("link", name="Queue").focus()

    at.press("1", "x", "j", "s")

    assert at.page.locator("[name^=rank_]:checked").count() == 0
    expect(at.page.locator("#skip")).to_be_hidden()


def test_help_and_skip_open_by_key_and_close_by_escape(desk):
    at = desk()

    at.press("?")
    expect(at.page.locator("#keys")).to_be_visible()
    expect(at.page.locator("#keys")).to_be_focused()  # its top, not its last button
    at.press("Escape", "s")
    expect(at.page.locator("#keys")).to_be_hidden()
    expect(at.page.locator("#skip")).to_be_visible()
    at.press("Escape")
    expect(at.page.locator("#skip")).to_be_hidden()
    at.press("s", "2")

    expect(prompt(at)).to_contain_text("Item 1.")
    assert Assignment.objects.get(state="skipped").skip_reason


def test_a_draft_survives_a_reload(desk):
    at = desk()
    at.press("1", "2", "c")
    at.page.keyboard.type("A is right, B is")
    at.page.get_by_label("How much better: A over B").select_option("clearly")
    saved(at).to_have_text("Saved")

    at.page.reload()

    expect(order_line(at)).to_contain_text("C, D not ranked")
    expect(at.page.get_by_label("Why this order")).to_have_value("A is right, B is")
    expect(at.page.get_by_label("How much better: A over B")).to_have_value("2")


def test_what_was_typed_the_moment_before_leaving_is_saved(desk, project):
    at = desk()
    at.press("1", "c")
    at.page.keyboard.type("Last words")
    at.open("/")
    at.open(f"/judge/{project.slug}/")

    expect(at.page.get_by_label("Why this order")).to_have_value("Last words")


def test_a_double_click_records_one_judgment_and_leaves_the_next_item_alone(desk):
    at = desk()
    at.press("1", "2", "3", "4")

    at.page.get_by_role("button", name="Submit").dblclick()

    expect(prompt(at)).to_contain_text("Item 1.")
    assert Judgment.objects.count() == 1
    expect(at.page.locator("#problem")).to_have_count(0)


def test_keys_pressed_the_moment_the_next_item_appears_count(desk):
    at = desk()
    at.page.evaluate(
        """() => new MutationObserver(() => {
             window.focused = document.activeElement.name;
           }).observe(document.body, {childList: true})"""
    )
    at.press("1", "2", "3", "4", "Control+Enter")
    expect(prompt(at)).to_contain_text("Item 1.")

    assert at.page.evaluate("window.focused") == "rank_a", "before anybody could press a key"


def test_back_after_a_submit_without_script_shows_what_is_next_not_what_is_done(desk):
    at = desk(java_script_enabled=False)
    for letter, rank in zip("abcd", (1, 2, 3, 4), strict=True):
        at.page.locator(f"[name=rank_{letter}][value='{rank}']").check()
    at.page.get_by_role("button", name="Submit").click()
    expect(prompt(at)).to_contain_text("Item 1.")

    at.page.go_back()

    expect(prompt(at)).to_contain_text("Item 1.")
    assert Judgment.objects.count() == 1


def test_back_after_a_submit_by_htmx_leads_out_and_forward_leads_on(desk, project, labeler):
    at = desk()
    at.open("/").open(f"/judge/{project.slug}/")
    at.press("1", "2", "3", "4", "Control+Enter")
    expect(prompt(at)).to_contain_text("Item 1.")
    assert at.page.url.endswith(f"/judge/{project.slug}/")

    at.page.go_back()
    expect(at.page.get_by_role("heading", level=1)).to_contain_text("work for you")
    at.page.go_forward()

    expect(prompt(at)).to_contain_text("Item 1.")
    assert Judgment.objects.count() == 1


def test_a_refusal_takes_the_focus_and_keeps_everything(desk):
    at = desk()
    at.allow("422")
    at.press("1", "2", "Control+Enter")

    problem = at.page.locator("#problem")
    expect(problem).to_be_focused()
    expect(problem).to_contain_text("Two things are missing. Rank response C. Rank response D.")
    expect(at.page.locator("[name=rank_b]:checked")).to_have_value("2")
    problem.get_by_role("link", name="Rank response D.").click()
    at.press("j")
    at.page.locator("[name=rank_c][value='3']").check()
    at.page.locator("[name=rank_d][value='4']").check()
    at.press("Control+Enter")

    expect(prompt(at)).to_contain_text("Item 1.")
    expect(at.page.locator("[name=rank_a]").first).to_be_focused()


def test_offline_keeps_the_work_and_records_it_once_when_back(desk):
    at = desk()
    at.allow("ERR_INTERNET_DISCONNECTED|Failed to fetch")
    at.press("1", "2", "3", "4")
    saved(at).to_have_text("Saved")
    at.page.context.set_offline(True)

    at.press("Control+Enter")

    trouble = at.page.locator("#trouble")
    expect(trouble).to_contain_text("Your work is still here")
    assert not Judgment.objects.exists()
    at.page.context.set_offline(False)
    expect(prompt(at)).to_contain_text("Item 1.")
    assert Judgment.objects.count() == 1


def test_an_answer_that_was_lost_on_the_way_counts_once(desk):
    at = desk()
    at.allow("ERR_FAILED|Failed to fetch")
    at.press("1", "2", "3", "4")
    saved(at).to_have_text("Saved")

    def take_and_lose(route):
        route.fetch()
        route.abort()

    at.page.route("**/judge/*/*/", take_and_lose, times=1)
    at.press("Control+Enter")
    expect(at.page.locator("#trouble")).to_contain_text("No connection")
    assert Judgment.objects.count() == 1, "the server took it"

    at.page.get_by_role("button", name="Try again").click()

    expect(prompt(at)).to_contain_text("Item 1.")
    assert Judgment.objects.count() == 1


def test_a_server_error_never_takes_the_place_of_the_work(desk):
    at = desk()
    at.allow("503")
    at.press("1", "2", "3", "4")
    saved(at).to_have_text("Saved")
    at.page.route(
        "**/judge/*/*/", lambda route: route.fulfill(status=503, body="<h1>Down</h1>"), times=1
    )

    at.press("Control+Enter")

    expect(at.page.locator("#trouble")).to_contain_text("could not take it just now")
    expect(at.page.locator("[name=rank_d]:checked")).to_have_value("4")
    at.press("Control+Enter")
    expect(prompt(at)).to_contain_text("Item 1.")


def test_signed_out_meanwhile_says_so_and_keeps_the_page(desk):
    at = desk()
    at.press("1", "2", "3", "4")
    saved(at).to_have_text("Saved")
    at.page.context.clear_cookies(name="sessionid")

    at.press("Control+Enter")

    expect(at.page.locator("#trouble")).to_contain_text("You were signed out")
    expect(at.page.locator("[name=rank_d]:checked")).to_have_value("4")
    assert not Judgment.objects.exists()


def test_signed_in_again_elsewhere_the_old_page_still_submits(desk, labeler):
    at = desk()
    at.allow("403")
    at.press("1", "2", "3", "4")
    saved(at).to_have_text("Saved")
    at.page.context.clear_cookies()  # the session ends, and with it the page's token
    at.press("Control+Enter")
    expect(at.page.locator("#trouble")).to_contain_text("You were signed out")

    at.sign_in(labeler)
    at.page.get_by_role("button", name="Try again").click()

    expect(prompt(at)).to_contain_text("Item 1.")
    assert Judgment.objects.count() == 1


def test_a_page_in_use_keeps_its_item_and_one_left_open_gives_it_back(desk):
    at = desk()
    beats = []
    at.page.on("request", lambda r: beats.append(r.url) if r.url.endswith("/lease/") else None)
    at.page.clock.install()
    at.page.reload()
    at.press("1")

    at.page.clock.run_for(3 * 61_000)
    assert len(beats) == 3
    at.page.clock.run_for(20 * 61_000)
    assert 3 < len(beats) <= 5, "five minutes without a key, and it stops"


def test_the_last_submit_leads_to_a_kind_end(visit, project, labeler):
    make_item(project)
    at = visit().sign_in(labeler).open(f"/judge/{project.slug}/")

    at.press("1", "2", "Control+Enter")

    expect(at.page.get_by_role("heading", level=1)).to_have_text("Nothing left for you here")
    assert "Nothing to judge" in at.page.title()


def test_the_layout_is_remembered_and_raw_text_is_one_key_away(desk):
    at = desk()
    at.page.get_by_label("Layout").select_option("columns")
    at.page.reload()
    expect(at.page.get_by_label("Layout")).to_have_value("columns")

    first = at.page.locator("#response-a")
    expect(first.locator(".rendered")).to_be_visible()
    at.page.locator("[name=rank_a]").first.focus()
    at.press("m")
    expect(first.locator(".raw")).to_be_visible()
    expect(first.locator(".rendered")).to_be_hidden()
