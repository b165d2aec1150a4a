"""The corpus of hostile payloads in a real browser, without the help of a content policy."""

import json

import pytest
from django.utils.html import escape

from annotation.core.markup import render_plain, render_untrusted
from tests.data import shared

pytestmark = pytest.mark.browser

# Whatever a payload calls is written down under the name of its frame; nothing is loaded.
TRAP = """
for (const name of ["alert", "confirm", "prompt", "print", "msgbox", "open"])
  window[name] = () => executed(window.name);
"""
EMPTY = "http://concord.invalid/"
PROVOKE = """
async () => {
  const inner = Array.from(document.querySelectorAll("iframe"), (f) => f.contentWindow);
  for (const frame of [window, ...inner])
    for (const element of frame.document?.body?.querySelectorAll("*") ?? []) {
      if (element.matches("a[href]") && !/^(https?|mailto):/.test(element.href)) element.click();
      for (const kind of ["mouseover", "focus", "error", "load", "toggle"])
        element.dispatchEvent(new frame.Event(kind));
    }
  await new Promise((resolve) => setTimeout(resolve, 500));
}
"""
PLACES = ["{}", "${}$", "$\\text{{{}}}$", "```html\n{}\n```", "[x]({})", "| a |\n|---|\n| {} |"]


def payloads():
    corpus = json.loads(shared("security/xss_corpus.json").read_text())
    assert len(corpus) == 612
    return [entry["payload"] for entry in corpus]


@pytest.fixture
def trap(page):
    """A page whose content can do nothing unseen: `trap.calls` names the frames that ran."""
    page.calls = []
    page.expose_function("executed", lambda name: page.calls.append(name))
    page.add_init_script(TRAP)
    page.route("**/*", lambda route: route.abort())
    page.route(
        EMPTY, lambda route: route.fulfill(body="<!doctype html>", content_type="text/html")
    )
    page.on("dialog", lambda dialog: dialog.dismiss())
    page.goto(EMPTY)
    return page


def show(trap, html):
    trap.set_content(f"<!doctype html><body>{html}", wait_until="domcontentloaded")
    trap.wait_for_timeout(500)
    trap.evaluate(PROVOKE)


def test_no_payload_runs_in_a_browser(trap):
    rendered = [
        str(render_untrusted(place.format(payload))) for payload in payloads() for place in PLACES
    ]
    rendered += [str(render_plain(payload)) for payload in payloads()]
    assert len(rendered) == 612 * 7

    show(trap, "".join(f"<div>{html}</div>" for html in rendered))

    assert trap.calls == []
    # Nothing broke out of its wrapper either: as many children as we wrote.
    assert trap.evaluate("document.body.children.length") == len(rendered)


def test_without_the_renderer_many_payloads_run(trap):
    """Positive control: the trap and the corpus, each payload raw in a frame of its own."""
    frames = "".join(
        f'<iframe name="payload-{number}" srcdoc="{escape(payload)}"></iframe>'
        for number, payload in enumerate(payloads())
    )

    show(trap, frames)

    assert len(set(trap.calls)) >= 50
