"""The corpus of hostile payloads in a real browser, without the help of a content policy."""

import json

import pytest
from playwright.sync_api import Error

from annotation.core.markup import render_plain, render_untrusted
from tests.data import shared

pytestmark = pytest.mark.browser

# Whatever a payload calls is counted; nothing is loaded from anywhere.
TRAP = """
for (const name of ["alert", "confirm", "prompt", "print", "msgbox", "open", "eval"])
  window[name] = () => executed(name);
"""
PLACES = ["{}", "${}$", "$\\text{{{}}}$", "```html\n{}\n```", "[x]({})", "| a |\n|---|\n| {} |"]


def payloads():
    corpus = json.loads(shared("security/xss_corpus.json").read_text())
    assert len(corpus) == 612
    return [entry["payload"] for entry in corpus]


class Trap:
    """A page that writes down what its content called."""

    def __init__(self, context):
        self.calls = []
        self.page = context.new_page()
        self.page.expose_function("executed", lambda name: self.calls.append(name))
        self.page.add_init_script(TRAP)
        self.page.route("**/*", lambda route: route.abort())
        self.page.on("dialog", lambda dialog: dialog.dismiss())

    def show(self, html):
        self.page.set_content(html, wait_until="domcontentloaded")
        self.page.evaluate(
            """async () => {
                for (const link of document.querySelectorAll("a[href]"))
                    if (!/^(https?|mailto):/.test(link.href)) link.click();
                for (const element of document.body.querySelectorAll("*"))
                    for (const kind of ["mouseover", "focus", "error", "load", "toggle"])
                        element.dispatchEvent(new Event(kind));
                await new Promise((resolve) => setTimeout(resolve, 20));
            }"""
        )


@pytest.mark.slow
def test_no_payload_runs_in_a_browser(context):
    rendered = [
        str(render_untrusted(place.format(payload))) for payload in payloads() for place in PLACES
    ]
    rendered += [str(render_plain(payload)) for payload in payloads()]
    assert len(rendered) == 612 * 7
    trap = Trap(context)

    trap.show("<!doctype html><body>" + "".join(f"<div>{html}</div>" for html in rendered))

    assert trap.calls == []
    # Nothing broke out of its wrapper either: as many children as we wrote.
    assert trap.page.evaluate("document.body.children.length") == len(rendered)


@pytest.mark.slow
def test_without_the_renderer_many_payloads_run(context):
    """Positive control: the trap, the page and the corpus do find what runs."""
    ran, trap = 0, Trap(context)
    for payload in payloads():
        trap.calls.clear()
        try:
            trap.show(payload)
        except Error:  # the payload took the page away: execution too, and the trap is spent
            trap.page.close()
            trap = Trap(context)
            ran += 1
            continue
        ran += bool(trap.calls)

    assert ran >= 50
