"""Submitted without an answer, then the page closed: it goes once, and only what was meant to."""

from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from annotation.accounts.models import Session
from annotation.labeling.models import Assignment, Judgment
from annotation.labeling.queue import expire_leases, lend_next_item
from annotation.labeling.services import submit_judgment
from annotation.labeling.verdict import verdict_from_choices
from annotation.prompts.models import Response
from tests.browser.samples import FOUR
from tests.browser.test_saving import PASSWORD, WORDS, kept_here, prompt, rank_all, saved, why
from tests.factories import make_item, make_member, make_project, make_prompt

CUT = "ERR_INTERNET_DISCONNECTED|Failed to fetch"


@pytest.fixture
def project():
    project = make_project("shop", overlap=1, allows_corrections=True)
    for n in range(2):
        make_item(project, FOUR, prompt=make_prompt(project, f"Item {n}."))
    return project


@pytest.fixture
def labeler(project):
    labeler = make_member(project, username="mira")
    labeler.set_password(PASSWORD)
    labeler.save()
    return labeler


@pytest.fixture
def desk(visit, labeler):
    def start(**options):
        at = visit(**options).sign_in(labeler).open("/judge/shop/")
        expect(prompt(at)).to_contain_text("Item 0.")
        at.allow(CUT)
        return at

    return start


def submit_offline(at):
    at.page.context.set_offline(True)
    at.press("Control+Enter")
    expect(at.page.locator("#trouble")).to_contain_text("goes by itself")


def take_over(item):
    """The lease lapses, and somebody else judges the item: no place is left."""
    Assignment.objects.filter(item=item).update(lease_until="2020-01-01T00:00Z")
    expire_leases(project=item.project)
    lent = lend_next_item(project=item.project, labeler=make_member(item.project))
    assert lent.item == item
    verdict = verdict_from_choices({1: 1, 2: 2, 3: 3, 4: 4}, response_count=4)
    submit_judgment(
        assignment_id=lent.pk,
        labeler=lent.labeler,
        verdict=verdict,
        key=lent.key,
        lend_next=False,
    )
    item.refresh_from_db()
    assert item.taken == item.overlap


def reopen(at):
    """The page is gone, whatever it was doing; a new one in the same browser, online."""
    page = at.page
    at.page = page.context.new_page()
    page.close(run_before_unload=False)
    at.page.context.set_offline(False)
    at.open("/judge/shop/")
    expect(prompt(at)).to_be_visible()


def test_a_page_that_nothing_was_left_for_loads_nothing_more(desk):
    at = desk()
    asked = []
    at.page.on("request", lambda request: asked.append(request.url))
    at.page.reload()
    expect(prompt(at)).to_contain_text("Item 0.")
    at.page.wait_for_load_state("networkidle")
    assert any("autosave.js" in url for url in asked)
    assert not any("desk-kept.js" in url for url in asked)


def test_a_correction_in_an_editor_goes_with_what_was_submitted(desk):
    at = desk()
    card = at.page.locator(".response").first
    card.get_by_role("button", name="Edit").click()
    expect(card.get_by_role("textbox")).to_be_focused()
    at.page.context.set_offline(True)
    card.get_by_role("textbox").fill("Mine.")
    rank_all(at)
    submit_offline(at)

    reopen(at)

    expect(prompt(at)).to_contain_text("Item 1.")
    expect(at.page.get_by_text("without a connection has arrived")).to_be_visible()
    judgment = Judgment.objects.get()
    correction = Response.objects.get(kind="correction")
    assert correction.text == "Mine."
    assert correction.written.judgment == judgment
    assert correction.written.position == judgment.order[0]


def test_what_was_changed_since_the_submit_waits_for_another_one(desk):
    at = desk()
    rank_all(at)
    submit_offline(at)
    why(at).fill(WORDS)
    kept_here(at, WORDS)

    reopen(at)

    expect(at.page.get_by_text("is back")).to_be_visible()
    expect(why(at)).to_have_value(WORDS)
    saved(at).to_have_text("Saved")
    assert not Judgment.objects.exists()


def test_newer_words_from_elsewhere_are_not_submitted_over(desk):
    at = desk()
    rank_all(at)
    submit_offline(at)
    later = timezone.now() + timedelta(hours=1)
    Assignment.objects.update(draft={"rationale": WORDS}, draft_at=later)

    reopen(at)

    expect(why(at)).to_have_value(WORDS)
    at.until("!Object.keys(localStorage).some(name => name.startsWith('concord:desk:'))")
    assert not Judgment.objects.exists()


def test_what_cannot_count_as_it_is_comes_back_and_says_why(desk):
    at = desk()
    at.allow("422")
    at.page.locator("[name=rank_a][value='1']").check()
    why(at).fill(WORDS)
    submit_offline(at)

    reopen(at)

    expect(at.page.locator("#problem")).to_contain_text("missing")
    expect(why(at)).to_have_value(WORDS)
    assert not Judgment.objects.exists()


def test_an_answer_that_was_lost_with_its_page_does_not_judge_twice(desk):
    at = desk()
    rank_all(at)
    why(at).fill(WORDS)
    saved(at).to_have_text("Saved")
    at.allow("ERR_CONNECTION_RESET")
    path = f"/judge/shop/{Assignment.objects.get().pk}/"

    def lose_the_answer(route):
        route.fetch()
        route.abort("connectionreset")

    at.page.route(lambda url: url.endswith(path), lose_the_answer, times=1)
    at.press("Control+Enter")
    expect(at.page.locator("#trouble")).to_contain_text("goes by itself")
    key = Judgment.objects.get().key

    reopen(at)

    expect(prompt(at)).to_contain_text("Item 1.")
    at.until("!Object.keys(localStorage).some(name => name.startsWith('concord:desk:'))")
    assert Judgment.objects.get().key == key


def test_the_way_through_another_program_does_not_forget_the_submit(desk):
    at = desk()
    rank_all(at)
    submit_offline(at)
    # On a phone, looking at something else hides the page; then the system may end it.
    at.page.evaluate("""() => {
      Object.defineProperty(document, "visibilityState", {value: "hidden"});
      document.dispatchEvent(new Event("visibilitychange"));
    }""")

    reopen(at)

    expect(prompt(at)).to_contain_text("Item 1.")
    assert Judgment.objects.count() == 1


def test_what_is_submitted_after_the_session_ended_is_there_after_signing_in(desk):
    at = desk()
    rank_all(at)
    saved(at).to_have_text("Saved")
    at.page.route("**/draft/", lambda route: route.abort())
    at.allow("ERR_FAILED")
    Session.objects.all().delete()
    why(at).fill(WORDS)
    at.press("Control+Enter")
    trouble = at.page.locator("#trouble")
    expect(trouble).to_contain_text("You were signed out")
    at.page.unroute_all()
    assert not Judgment.objects.exists()

    trouble.get_by_role("link", name="Sign in").click()
    at.page.get_by_label("User name").or_(at.page.get_by_label("Username")).fill("mira")
    at.page.get_by_label("Password").fill(PASSWORD)
    at.page.get_by_role("button", name="Sign in").click()

    expect(why(at)).to_have_value(WORDS)
    assert not Judgment.objects.exists(), "the labeler decides when"
    at.press("Control+Enter")
    expect(prompt(at)).to_contain_text("Item 1.")
    assert Judgment.objects.get().rationale == WORDS


def test_who_signed_in_again_elsewhere_goes_on_on_the_old_page(desk, labeler):
    at = desk()
    at.allow("403")
    rank_all(at)
    saved(at).to_have_text("Saved")
    cookies = at.page.context.cookies()
    at.page.context.clear_cookies()
    other = at.page.context.new_page()
    other.goto(f"{at.server.url}/sign-in/")
    other.get_by_label("User name").or_(other.get_by_label("Username")).fill("mira")
    other.get_by_label("Password").fill(PASSWORD)
    other.get_by_role("button", name="Sign in").click()
    expect(other.get_by_role("heading", level=1)).to_be_visible()
    assert at.page.context.cookies() != cookies, "another token"

    why(at).fill(WORDS)
    saved(at).to_have_text("Saved", timeout=20_000)
    at.press("Control+Enter")

    expect(prompt(at)).to_contain_text("Item 1.")
    assert Judgment.objects.get().rationale == WORDS


def test_an_item_that_others_took_while_somebody_typed_is_kept_as_surplus(desk, labeler):
    at = desk()
    at.allow("409")
    rank_all(at)
    saved(at).to_have_text("Saved")
    take_over(Assignment.objects.get().item)
    why(at).fill(WORDS)
    saved(at).to_have_text("Saved")

    at.press("Control+Enter")

    expect(at.page.get_by_text("That came late.")).to_be_visible()
    expect(prompt(at)).to_contain_text("Item 1.")
    late = Judgment.objects.get(labeler=labeler)
    assert (late.is_surplus, late.rationale) == (True, WORDS)
