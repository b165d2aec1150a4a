"""What holds for whole pages: accessible in both themes, light to load, no sideways scroll."""

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import SPILT
from tests.browser.samples import ARABIC, CODE, EMPTY, FOUR, HIDDEN, LOUD, SAVINGS, SHORT
from tests.factories import make_item, make_member, make_project

NINE = (SAVINGS, SHORT, CODE, LOUD, ARABIC, HIDDEN, EMPTY, SHORT, SAVINGS)


@pytest.fixture
def project():
    return make_project(name="Everyday advice", overlap=1)


def check(at, **where):
    assert at.faults(**where) == []


def test_the_judging_page_has_no_accessibility_violation(visit, project):
    make_item(project, (SAVINGS, ARABIC, EMPTY, SHORT, SHORT))
    at = visit().sign_in(make_member(project))
    at.open(f"/judge/{project.slug}/")
    at.press("1", "2", "x")
    at.page.get_by_role("button", name="Skip").click()
    check(at, widths=(1280,))
    at.press("Escape")
    at.allow("422")
    at.press("Control+Enter")
    expect(at.page.locator("#problem")).to_be_focused()
    at.page.get_by_role("button", name="Keys").click()
    check(at, widths=(1280,))


def test_home_sign_in_and_error_pages_have_no_accessibility_violation(visit, project):
    make_item(project)
    at = visit()
    at.open("/sign-in/")
    check(at)
    at.page.get_by_role("button", name="Sign in").click()
    at.sign_in(make_member(project)).open("/")
    check(at)
    at.allow("404")
    at.open("/no-such-page/")
    check(at)


def test_axe_would_find_something(visit):
    at = visit().open("/sign-in/")
    at.page.evaluate("document.querySelector('label').remove()")

    bad, _ = at.violations()

    assert "label" in [rule for rule, _ in bad]


def test_a_value_that_goes_on_beyond_its_place_would_be_found(visit):
    at = visit().open("/sign-in/")
    at.page.evaluate(
        "document.querySelector('main').innerHTML = "
        "'<dl class=kv><dt>Numbers</dt><dd>1 and 22 and 333 and 4,444</dd></dl>'"
    )
    assert at.page.evaluate(SPILT) == []
    at.page.evaluate(
        "Object.assign(document.querySelector('dd').style, {whiteSpace: 'nowrap', width: '3rem'})"
    )
    assert len(at.page.evaluate(SPILT)) == 1


def test_the_judging_page_needs_at_most_six_requests_and_a_swap_only_one(visit, project):
    for _ in range(2):
        make_item(project, FOUR)
    at = visit().sign_in(make_member(project))
    asked = []
    at.page.on("request", lambda request: asked.append(request.url))

    at.open(f"/judge/{project.slug}/")
    at.page.wait_for_load_state("networkidle")
    cold = [url for url in asked if not url.startswith("data:")]
    assert 3 < len(cold) <= 6, cold

    at.press("1", "2", "3", "4")
    expect(at.page.locator("#saved")).to_have_text("Saved")
    asked.clear()
    at.press("Control+Enter")
    expect(at.page.locator("#order")).to_contain_text("Nothing ranked yet")
    assert len(asked) == 1, asked


def test_nothing_scrolls_sideways(visit, project):
    make_item(project, NINE)
    at = visit().sign_in(make_member(project))

    for path in ("/", f"/judge/{project.slug}/", "/api/docs/"):
        at.open(path)
        for width in (360, 768, 1280, 1920):
            at.page.set_viewport_size({"width": width, "height": 800})
            wide = at.page.evaluate("document.documentElement.scrollWidth")
            assert wide <= width, path


def test_a_theme_is_chosen_without_script_and_stays(visit):
    at = visit(java_script_enabled=False, color_scheme="light").open("/sign-in/")
    at.page.get_by_role("button", name="Theme").click()
    at.page.get_by_role("button", name="Theme").click()

    expect(at.page.locator("html")).to_have_attribute("data-theme", "dark")
    at.page.reload()
    expect(at.page.locator("html")).to_have_attribute("data-theme", "dark")


def test_hostile_responses_run_nothing(visit, project):
    hostile = (
        '<img src=x onerror="window.pwned=1"><script>window.pwned=1</script>',
        '[x](javascript:window.pwned=1) <a href="x" hx-on:click="window.pwned=1" '
        'hx-get="/" hx-trigger="load">y</a>',
    )
    make_item(project, hostile)
    at = visit().sign_in(make_member(project)).open(f"/judge/{project.slug}/")
    at.page.wait_for_load_state("networkidle")

    assert at.page.evaluate("window.pwned") is None
    expect(at.page.locator(".response img, .response script")).to_have_count(0)
