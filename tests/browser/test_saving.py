"""Whatever breaks, the words are there afterwards, and one judgment exists."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone
from playwright.sync_api import expect

from annotation.accounts.models import Session
from annotation.accounts.preferences import Preferences, save_preferences
from annotation.labeling.models import Assignment, Judgment
from annotation.labeling.queue import expire_leases
from tests.browser.samples import FOUR
from tests.factories import make_item, make_member, make_project, make_prompt

PASSWORD = "a long enough word"  # noqa: S105
WORDS = "The second one answers what was asked."


@pytest.fixture
def project():
    return make_project("shop", overlap=1)


@pytest.fixture
def labeler(project):
    for n in range(2):
        make_item(project, FOUR, prompt=make_prompt(project, f"Item {n}."))
    labeler = make_member(project, username="mira")
    labeler.set_password(PASSWORD)
    labeler.save()
    return labeler


@pytest.fixture
def desk(visit, labeler):
    def start(**options):
        at = visit(**options).sign_in(labeler).open("/judge/shop/")
        expect(prompt(at)).to_contain_text("Item 0.")
        return at

    return start


def prompt(at):
    return at.page.locator(".prompt .text.rendered")


def why(at):
    return at.page.get_by_label("Why this order")


def saved(at):
    return expect(at.page.locator("#saved"))


def copies(at):
    return at.page.evaluate(
        "Object.keys(localStorage).filter(name => name.startsWith('concord:desk:')).length"
    )


def kept_here(at, words):
    """The words lie in this browser by now."""
    at.until(
        "words => Object.entries(localStorage).some(([name, text]) =>"
        " name.startsWith('concord:desk:') && text.includes(words))",
        words,
    )


def rank_all(at):
    at.page.locator("[name=rank_a][value='1']").focus()
    at.press("1", "2", "3", "4")


def test_a_cut_network_keeps_the_words_and_sends_them_when_it_is_back(desk):
    at = desk()
    at.allow("ERR_INTERNET_DISCONNECTED|Failed to fetch")
    rank_all(at)
    saved(at).to_have_text("Saved")
    at.page.context.set_offline(True)
    why(at).fill(WORDS)
    saved(at).to_have_text("Not saved yet")
    assert Assignment.objects.get(state="live").draft.get("rationale", "") == ""
    at.page.context.set_offline(False)
    at.page.evaluate("dispatchEvent(new Event('online'))")
    saved(at).to_have_text("Saved")
    assert Assignment.objects.get(state="live").draft["rationale"] == WORDS
    assert copies(at) == 0


def test_a_submit_without_a_network_goes_by_itself_once_it_is_back(desk):
    at = desk()
    at.allow("ERR_INTERNET_DISCONNECTED|Failed to fetch")
    rank_all(at)
    why(at).fill(WORDS)
    saved(at).to_have_text("Saved")
    at.page.context.set_offline(True)
    at.press("Control+Enter")
    expect(at.page.locator("#trouble")).to_contain_text("goes by itself")
    at.page.context.set_offline(False)
    at.page.evaluate("dispatchEvent(new Event('online'))")
    expect(prompt(at)).to_contain_text("Item 1.")
    assert Judgment.objects.get().rationale == WORDS
    assert copies(at) == 0


def test_what_is_changed_after_a_failed_submit_goes_only_when_it_is_submitted_again(desk):
    at = desk()
    at.allow("ERR_INTERNET_DISCONNECTED|Failed to fetch")
    rank_all(at)
    saved(at).to_have_text("Saved")
    at.page.context.set_offline(True)
    at.press("Control+Enter")
    expect(at.page.locator("#trouble")).to_contain_text("goes by itself")
    why(at).fill("Half a")
    expect(at.page.locator("#trouble")).to_contain_text("Submit again when you are done")
    at.page.context.set_offline(False)
    at.page.evaluate("dispatchEvent(new Event('online'))")
    saved(at).to_have_text("Saved")
    assert not Judgment.objects.exists()
    why(at).fill(WORDS)
    at.press("Control+Enter")
    expect(prompt(at)).to_contain_text("Item 1.")
    assert Judgment.objects.get().rationale == WORDS


def test_newer_words_from_another_browser_win_over_an_old_copy(desk):
    at = desk()
    at.allow("ERR_INTERNET_DISCONNECTED|Failed to fetch")
    at.page.context.set_offline(True)
    why(at).fill("Old words")
    kept_here(at, "Old words")
    page = at.page
    at.page = page.context.new_page()
    page.close()
    at.page.context.set_offline(False)
    later = timezone.now() + timedelta(hours=1)
    Assignment.objects.update(draft={"rationale": WORDS}, draft_at=later)
    at.open("/judge/shop/")
    expect(why(at)).to_have_value(WORDS)
    at.until("!Object.keys(localStorage).some(name => name.startsWith('concord:desk:'))")
    assert Assignment.objects.get(state="live").draft["rationale"] == WORDS


def test_a_killed_browser_finds_its_words_again(desk):
    at = desk()
    at.allow("ERR_INTERNET_DISCONNECTED|Failed to fetch")
    at.page.context.set_offline(True)
    rank_all(at)
    why(at).fill(WORDS)
    kept_here(at, WORDS)
    page = at.page
    at.page = page.context.new_page()
    page.close(run_before_unload=False)
    at.page.context.set_offline(False)

    at.open("/judge/shop/")

    expect(at.page.get_by_text("is back")).to_be_visible()
    expect(why(at)).to_have_value(WORDS)
    saved_ranks = at.page.locator(".rank input:checked").evaluate_all("all => all.length")
    assert saved_ranks == 4
    at.page.locator("#submit").click()
    expect(prompt(at)).to_contain_text("Item 1.")
    assert Judgment.objects.get().rationale == WORDS


def test_the_saved_words_can_be_taken_instead(desk):
    at = desk()
    at.allow("ERR_INTERNET_DISCONNECTED|Failed to fetch")
    why(at).fill("Saved words")
    saved(at).to_have_text("Saved")
    at.page.context.set_offline(True)
    why(at).fill(WORDS)
    kept_here(at, WORDS)
    page = at.page
    at.page = page.context.new_page()
    page.close()
    at.page.context.set_offline(False)
    at.open("/judge/shop/")
    expect(why(at)).to_have_value(WORDS)

    at.page.get_by_role("button", name="Use the saved one instead").click()

    expect(why(at)).to_have_value("Saved words")
    saved(at).to_have_text("Saved")
    assert Assignment.objects.get(state="live").draft["rationale"] == "Saved words"


def test_a_server_in_trouble_is_asked_again(desk):
    at = desk()
    at.allow("503")
    down = [True]

    def answer(route):
        if down[0]:
            route.fulfill(status=503, body="Down")
        else:
            route.continue_()

    at.page.route("**/judge/shop/*/**", answer)
    rank_all(at)
    why(at).fill(WORDS)
    saved(at).to_have_text("Not saved yet")
    at.press("Control+Enter")
    expect(at.page.locator("#trouble")).to_contain_text("Your work is still here")
    down[0] = False
    expect(prompt(at)).to_contain_text("Item 1.", timeout=30_000)
    assert Judgment.objects.get().rationale == WORDS


def test_a_lapsed_lease_keeps_the_words_and_one_judgment(desk, project):
    at = desk()
    at.allow("409")
    rank_all(at)
    saved(at).to_have_text("Saved")
    Assignment.objects.update(lease_until="2020-01-01T00:00Z")
    expire_leases(project=project)
    why(at).fill(WORDS)
    saved(at).to_have_text("Saved")
    at.press("Control+Enter")
    expect(prompt(at)).to_contain_text("Item 1.")
    judgment = Judgment.objects.get()
    assert (judgment.rationale, judgment.is_surplus) == (WORDS, False)


def test_an_ended_session_keeps_the_words_through_signing_in(desk):
    at = desk()
    rank_all(at)
    saved(at).to_have_text("Saved")
    Session.objects.all().delete()
    why(at).fill(WORDS)
    trouble = at.page.locator("#trouble")
    expect(trouble).to_contain_text("You were signed out")
    kept_here(at, WORDS)

    trouble.get_by_role("link", name="Sign in").click()
    at.page.get_by_label("User name").or_(at.page.get_by_label("Username")).fill("mira")
    at.page.get_by_label("Password").fill(PASSWORD)
    at.page.get_by_role("button", name="Sign in").click()

    expect(why(at)).to_have_value(WORDS)
    at.page.locator("#submit").click()
    expect(prompt(at)).to_contain_text("Item 1.")
    assert Judgment.objects.get().rationale == WORDS


def test_somebody_else_in_the_same_browser_sees_nothing_of_it(desk, project):
    at = desk()
    at.allow("ERR_INTERNET_DISCONNECTED|Failed to fetch")
    at.page.context.set_offline(True)
    why(at).fill(WORDS)
    kept_here(at, WORDS)
    page = at.page
    at.page = page.context.new_page()
    page.close()
    at.page.context.set_offline(False)
    other = make_member(project)
    Client().force_login(other)
    at.sign_in(other).open("/judge/shop/")
    expect(prompt(at)).to_be_visible()
    expect(why(at)).to_have_value("")
    expect(at.page.get_by_text("is back")).to_have_count(0)


def test_two_tabs_say_so_and_do_not_overwrite_each_other(desk):
    at = desk()
    other = at.page.context.new_page()
    other.goto(at.page.url)
    expect(at.page.get_by_text("open in another tab too")).to_be_visible()
    expect(other.get_by_text("open in another tab too")).to_be_visible()

    other.get_by_label("Why this order").fill(WORDS)
    expect(other.locator("#saved")).to_have_text("Saved")
    expect(at.page.get_by_text("Another tab has newer words")).to_be_visible()
    at.page.evaluate("dispatchEvent(new Event('pagehide'))")
    assert Assignment.objects.get(state="live").draft["rationale"] == WORDS

    at.page.get_by_role("button", name="Show them").click()
    expect(why(at)).to_have_value(WORDS)


def test_whoever_goes_on_in_the_older_tab_can_have_the_other_ones_words_back(desk):
    at = desk()
    other = at.page.context.new_page()
    other.goto(at.page.url)
    expect(at.page.get_by_text("open in another tab too")).to_be_visible()
    other.get_by_label("Why this order").fill(WORDS)
    expect(other.locator("#saved")).to_have_text("Saved")
    expect(at.page.get_by_text("Another tab has newer words")).to_be_visible()

    why(at).fill("What stands in the older one.")
    expect(at.page.get_by_text("The other tab's words can still be had")).to_be_visible()
    expect(other.get_by_text("Another tab has newer words")).to_be_visible()
    expect(at.page.locator("#saved")).to_have_text("Saved")
    other.close()

    for words in (WORDS, "What stands in the older one."):
        at.page.get_by_role("button", name="Show them").click()
        expect(why(at)).to_have_value(words)
        expect(at.page.locator("#saved")).to_have_text("Saved")
        assert Assignment.objects.get(state="live").draft["rationale"] == words


def test_a_pause_hides_the_texts_and_stops_the_clock(desk):
    at = desk()
    at.press("p")
    cover = at.page.get_by_role("dialog", name="Paused")
    expect(cover).to_be_visible()
    before = at.page.locator("[name=seconds]").input_value()
    at.page.wait_for_timeout(2_200)  # two beats of the clock that must not count
    assert at.page.locator("[name=seconds]").input_value() == before
    at.press("Enter")
    expect(cover).to_be_hidden()
    at.until(
        "before => Number(document.querySelector('[name=seconds]').value) > before", int(before)
    )


def test_after_long_work_a_break_is_offered_without_taking_the_focus(desk, labeler):
    save_preferences(labeler, Preferences(break_minutes=1))
    at = desk()
    focus = "document.activeElement.name"
    expect(at.page.locator("#judgment :focus")).to_have_count(1)
    before = at.page.evaluate(focus)
    at.page.evaluate("sessionStorage.setItem('concord-worked', '59')")
    note = at.page.get_by_text("A short break helps")
    expect(note).to_be_visible()
    assert at.page.evaluate(focus) == before
    at.page.get_by_role("button", name="Later").click()
    expect(note).to_be_hidden()


def test_no_reminder_for_who_wants_none(desk, labeler):
    save_preferences(labeler, Preferences(break_minutes=0))
    at = desk()
    at.page.evaluate("sessionStorage.setItem('concord-worked', '99999')")
    at.until("Number(sessionStorage.getItem('concord-worked')) > 99999")
    expect(at.page.get_by_text("A short break helps")).to_have_count(0)
