"""Weight of the judging page: bytes and requests, cold and again, as Chromium counts them."""

import shutil
from pathlib import Path

from bench import world
from bench.judging import PREPARE, Labeler, sessions
from bench.measure import command
from bench.report import Report


def run(report: Report, folder: Path, sizes=()) -> None:
    from playwright.sync_api import sync_playwright

    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        report.add("judging page", "not measured: no Chromium on PATH")
        return
    with world.database():
        items = world.write_items(folder / "page.jsonl", 20, responses=4)
        command("import_items", "bench", items, "--create")
        command("shell", "-v0", "-c", PREPARE)
        statements(report)
        with world.web() as (port, _), sync_playwright() as playwright:
            browser = playwright.chromium.launch(
                executable_path=chromium, args=["--no-sandbox", "--disable-background-networking"]
            )
            context = browser.new_context()
            (key, other) = sessions(2)
            for _ in range(8):  # a browser that comes for the first time, not a server
                Labeler(port, other).open()
            context.add_cookies(
                [{"name": "sessionid", "value": key, "url": f"http://127.0.0.1:{port}"}]
            )
            context.add_init_script(WATCH)
            page = context.new_page()
            for visit, aim in (("cold", "≤ 60 kB, ≤ 6"), ("again", "≤ 5 kB, 2")):
                sizes_seen, visible = weigh(page, f"http://127.0.0.1:{port}/judge/bench/")
                report.add(
                    f"judging page, {visit}: bytes, requests",
                    f"{sum(sizes_seen) / 1000:.1f} kB, {len(sizes_seen)}",
                    aim,
                )
                report.add(
                    f"first item visible, {visit}",
                    f"{visible:.0f} ms",
                    "≤ 370 ms" if visit == "cold" else "",
                )
                told = page.evaluate("window.watched")
                report.add(f"first key handled, {visit}", f"{told['key']:.0f} ms")
                report.add(f"layout shift on load, {visit}", f"{told['shift']:.4f}", "< 0.02")
            report.add(
                f"layout shift over {SUBMITS} submits, those after a key counted too",
                f"{shift_of_submits(page):.4f}",
                "< 0.02",
            )
            browser.close()


# Presses 1 until a response has that rank, and adds up what moved.
WATCH = """
window.watched = { key: NaN, shift: 0 };
new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) window.watched.shift += entry.value;
}).observe({ type: "layout-shift", buffered: true });
const pressing = setInterval(() => {
  const target = document.activeElement ?? document.body;
  target?.dispatchEvent(new KeyboardEvent("keydown", { key: "1", bubbles: true }));
  if (!document.querySelector(".rank input:checked")) return;
  window.watched.key = performance.now();
  clearInterval(pressing);
}, 5);
"""
SUBMITS = 5


def shift_of_submits(page) -> float:
    page.reload(wait_until="networkidle")
    before = page.evaluate("window.watched.shift")
    for _ in range(SUBMITS):
        key = page.locator("[name=key]").input_value()
        for rank in "1234":
            page.keyboard.press(rank)
        page.keyboard.press("Control+Enter")
        page.locator(f"[name=key]:not([value='{key}'])").wait_for(state="attached")
        page.wait_for_timeout(300)  # whatever moves late is part of it
    return page.evaluate("window.watched.shift") - before


def weigh(page, url) -> tuple[list[int], float]:
    """Bytes on the wire of each request that left the browser, and ms to the first paint."""
    session = page.context.new_cdp_session(page)
    session.send("Network.enable")
    sizes, cached = {}, set()
    session.on("Network.requestServedFromCache", lambda event: cached.add(event["requestId"]))
    session.on(
        "Network.loadingFinished",
        lambda event: sizes.update({event["requestId"]: event["encodedDataLength"]}),
    )
    page.goto(url, wait_until="networkidle")
    visible = page.evaluate(
        "performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? NaN"
    )
    session.detach()
    return [size for key, size in sizes.items() if key not in cached and size], visible


STATEMENTS = """
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.conf import settings
import re
from annotation.accounts.models import User
from annotation.projects.models import Project
from annotation.projects.services import add_member
settings.ALLOWED_HOSTS = ["*"]
user, _ = User.objects.get_or_create(username="counter", defaults={"password": "!"})
add_member(project=Project.objects.get(slug="bench"), user=user, role="labeler")
client = Client()
client.force_login(user)
for _ in range(3):
    page = client.get("/judge/bench/").content.decode()
    action = re.search(r'action="(/judge/[^"]+?/[0-9]+/)"', page).group(1)
    key = re.search(r'name="key" value="([0-9a-f-]{36})"', page).group(1)
    form = {"key": key} | {f"rank_{letter}": n for n, letter in enumerate("abcd", 1)}
    with CaptureQueriesContext(connection, ) as captured:
        client.post(action, form, headers={"HX-Request": "true", "HX-Request-Type": "partial"})
told = [q["sql"] for q in captured if q["sql"] not in ("BEGIN", "COMMIT")]
print("STATEMENTS", len(told))
"""


def statements(report: Report) -> None:
    output = command("shell", "-v0", "-c", STATEMENTS).output
    report.add("statements per loop", output.split("STATEMENTS")[-1].strip(), "about 8")
