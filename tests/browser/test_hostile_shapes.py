"""Responses of hostile shapes at the desk: shown, within the window, and judged by keys."""

import pytest
from playwright.sync_api import expect

from annotation.core.markup import render_plain, render_untrusted
from annotation.labeling.models import Judgment
from tests.factories import make_item, make_member, make_project

ROW = "|" + " x |" * 200 + "\n"
SHAPES = {
    "brackets": "[" * 200_000,
    "one line": "x" * 1_000_000,
    "table": ROW + "|" + "---|" * 200 + "\n" + ROW * 200,
    "nested": "\n".join(">" * depth + "- " * depth + "deep" for depth in range(1, 60)),
    "backticks": "`" * 100_000,
    "mathematics": "$$" + "\\frac{1}{" * 2_000 + "x" + "}" * 2_000 + "$$",
    "zalgo": "".join(letter + "\u0301\u0316\u0489" * 30 for letter in "He comes" * 20),
    "bidi": "\u202eright to left\u202d \u2067and again " * 20 + "unclosed \u202e",
    "nothing seen": "\u200b\u2060\ufeff" * 500,
}
# Decision 401: what would hold the server too long is shown escaped, whole.
SHOWN_AS_IT_STANDS = {"brackets", "one line", "table", "backticks"}


def test_what_would_be_slow_is_shown_as_it_stands():
    plain = {name for name, text in SHAPES.items() if render_untrusted(text) == render_plain(text)}
    assert plain == SHOWN_AS_IT_STANDS


@pytest.mark.parametrize("width", [360, 1280])
def test_every_shape_keeps_the_page_in_its_window_and_is_judged_by_keys(visit, width):
    project = make_project(name="Shapes", overlap=1)
    for name, text in SHAPES.items():
        make_item(project, (text, f"A friendly answer beside {name}."), external_id=name)
    at = visit(viewport={"width": width, "height": 800}).sign_in(make_member(project))
    at.page.set_default_timeout(60_000)
    at.open(f"/judge/{project.slug}/")
    for name in SHAPES:
        beside = at.page.locator(".response", has_text=f"A friendly answer beside {name}.")
        expect(beside.first).to_be_visible(timeout=60_000)
        page = "document.documentElement"
        assert at.page.evaluate(f"{page}.scrollWidth") <= width, name
        heads = at.page.locator(".response h2").all_inner_texts()
        assert [" ".join(head.split()) for head in heads] == ["Response A", "Response B"], name
        at.page.locator("[name=rank_a]").first.focus()
        at.press("1", "2", "Control+Enter")
        expect(at.page.locator("#judge", has_text=f"beside {name}.")).to_have_count(
            0, timeout=60_000
        )
    expect(at.page.get_by_role("heading", level=1)).to_have_text("Nothing left for you here")
    assert Judgment.objects.count() == len(SHAPES)
