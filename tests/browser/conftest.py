"""Chromium for the browser tests: the one on PATH, quiet, and with a console that stays clean."""

import os
import re
import shutil
import time
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client
from django.urls import get_resolver
from playwright.sync_api import expect

AXE = next((Path(__file__).parents[1] / "vendor").glob("axe-core-*.js"))
RULES = ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa", "best-practice"]
# What passed is only counted: to name each node of it takes axe twice as long as to look.
LOOK = """
(rules) => axe.run(document, {
  runOnly: rules, resultTypes: ["violations"], selectors: false, preload: false,
}).then((found) => ({
  bad: found.violations.map((one) => [one.id, one.nodes.map((node) => node.html)]),
  passed: found.passes.length,
}))
"""
CONTRAST = """
async (theme) => {
  document.documentElement.dataset.theme = theme;
  const found = await axe.run(document, {
    runOnly: {type: "rule", values: ["color-contrast"]},
    resultTypes: ["violations"], selectors: false, preload: false,
  });
  return [found.violations.flatMap((one) => one.nodes.map((node) => node.html.slice(0, 200))),
          getComputedStyle(document.documentElement).backgroundColor];
}
"""
THEME = """(theme) => theme === null
  ? document.documentElement.removeAttribute("data-theme")
  : document.documentElement.setAttribute("data-theme", theme)"""
TOO_WIDE = """
() => {
  const { scrollWidth, clientWidth } = document.documentElement;
  if (scrollWidth <= clientWidth) return [];
  const sticksOut = (node) => node.getBoundingClientRect().right > clientWidth;
  const found = [...document.querySelectorAll("main *, header *")].filter(sticksOut);
  return [`${scrollWidth} px wide`, ...found.map((one) => one.outerHTML.slice(0, 99)).slice(0, 3)];
}
"""
# A name or a value that goes on over what stands beside it, or beyond its panel.
SPILT = """
() => [...document.querySelectorAll("main dl.kv :is(dt, dd)")]
  .filter((one) => !one.closest("details:not([open])") && one.scrollWidth > one.clientWidth + 1)
  .map((one) => `spilt: ${one.outerHTML.slice(0, 99)}`)
"""
QUIET = [
    "--no-sandbox",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-default-apps",
    "--no-first-run",
    "--disable-features=OptimizationHints,MediaRouter,Translate",
    # A microphone that beeps, and nobody asked whether the page may hear it.
    "--use-fake-device-for-media-stream",
    "--use-fake-ui-for-media-stream",
]
# How long something may take before the test fails, in milliseconds: for a busy machine, not for a
# slow page. What is there already is not waited for.
PATIENCE = 30_000
expect.set_options(timeout=PATIENCE)


def pytest_collection_modifyitems(items):
    for item in items:
        if "visit" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.browser)
            item.add_marker(pytest.mark.django_db(transaction=True))
            # A file is one process's work: its tests share a browser, and two files two cores.
            item.add_marker(pytest.mark.xdist_group(item.module.__name__))
            # A browser on a busy machine: once more, and named in the summary. Twice is a failure.
            item.add_marker(pytest.mark.flaky(reruns=1))


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args):
    """The distribution's Chromium. Without one: skipped here, failed in CI.

    Its headless shell first: the whole browser draws its own windows as well, unseen, and takes
    three times as long for each new context."""
    names = (
        "chromium-headless-shell",
        "chromium",
        "chromium-browser",
        "google-chrome",
        "chrome",
    )
    path = next(filter(None, map(shutil.which, names)), None)
    if path is None:
        if os.environ.get("REQUIRE_BROWSER"):
            pytest.fail("REQUIRE_BROWSER is set and no Chromium is on PATH")
        pytest.skip("no Chromium on PATH")
    return {**browser_type_launch_args, "executable_path": path, "args": QUIET}


class Visitor:
    """Somebody at a browser. `console` collects what a clean page never says."""

    def __init__(self, page, server):
        self.page, self.server = page, server
        self.console, self.allowed = [], []
        page.on("console", self._heard)
        page.on("pageerror", lambda error: self.console.append(f"uncaught: {error}"))
        page.set_default_timeout(PATIENCE)

    def _heard(self, message):
        if message.type in ("error", "warning"):
            self.console.append(f"{message.type}: {message.text}")

    def allow(self, pattern):
        """This test provokes a failure that the browser itself reports."""
        self.allowed.append(pattern)

    def unexpected(self):
        return [line for line in self.console if not any(re.search(p, line) for p in self.allowed)]

    def sign_in(self, user):
        client = Client()
        client.force_login(user)
        cookie = client.cookies[settings.SESSION_COOKIE_NAME]
        self.page.context.add_cookies(
            [{"name": cookie.key, "value": cookie.value, "url": self.server.url}]
        )
        return self

    def open(self, path):
        self.page.goto(self.server.url + path)
        return self

    def press(self, *keys):
        for key in keys:
            self.page.keyboard.press(key)
        return len(keys)

    def until(self, expression, arg=None, seconds=PATIENCE / 1000):
        """Wait until this is true on the page. Playwright's own `wait_for_function` compiles a
        string in the page, which our Content-Security-Policy forbids."""
        end = time.monotonic() + seconds
        while not self.page.evaluate(expression, arg):
            assert time.monotonic() < end, f"never true: {expression}"
            self.page.wait_for_timeout(50)

    def violations(self):
        """What axe finds, and how many rules it passed. Expect something of the page first: a
        click returns before the next page is there."""
        self.page.wait_for_load_state()
        if not self.page.evaluate("typeof axe !== 'undefined'"):
            self.page.evaluate(AXE.read_text())
        result = self.page.evaluate(LOOK, RULES)
        return result["bad"], result["passed"]

    def faults(self, widths=(1280, 360), themes=("light", "dark")):
        """What is wrong with the page that is open, in windows of these widths and in each theme.
        It is loaded once: the theme is an attribute of <html>, and how colours stand out is all
        that depends on it."""
        found, window = [], self.page.viewport_size
        self.page.emulate_media(reduced_motion="reduce")  # or a colour is met on its way
        own_theme = self.page.locator("html").get_attribute("data-theme")
        for width in widths:
            self.page.set_viewport_size({"width": width, "height": 800})
            bad, passed = self.violations()
            assert passed > 10, "axe looked at next to nothing"
            found += [(width, one) for one in bad] + self.page.evaluate(TOO_WIDE)
            found += self.page.evaluate(SPILT)
        grounds = set()
        for theme in themes:
            pale, ground = self.page.evaluate(CONTRAST, theme)
            found += [(theme, one) for one in pale]
            grounds.add(ground)
        assert len(grounds) == len(themes), "every theme has its ground"
        self.page.evaluate(THEME, own_theme)
        self.page.set_viewport_size(window)
        return found


@pytest.fixture
def server(live_server):
    """What the pages come from; a module that wants another one has its own `server`."""
    return live_server


@pytest.fixture(scope="session")
def loaded():
    """All views and what they import, before a browser waits for the first page."""
    assert get_resolver().reverse_dict


@pytest.fixture
def visit(browser, server, loaded):
    """Open a browser window: `visit()`, or with options of Playwright's `new_context`."""
    made = []

    def start(**options):
        context = browser.new_context(**{"viewport": {"width": 1280, "height": 800}} | options)
        visitor = Visitor(context.new_page(), server)
        made.append((context, visitor))
        return visitor

    yield start
    said = []
    for context, visitor in made:
        said += visitor.unexpected()
        context.close()
    assert said == [], "the console must stay clean"
