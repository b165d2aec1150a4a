"""The agreement page in a real browser: both themes, phone to desktop, and while it computes."""

import os
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse

from annotation.core import jobs
from annotation.projects.models import Membership
from annotation.quality import services
from tests.annotation.quality.world import make_judged_project
from tests.factories import make_member

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

AXE = Path(__file__).parents[1] / "vendor" / "axe-core-4.14.1.js"
PEOPLE = ("Ana", "Bo", "Chidi", "Dana", "Eleftheria-Papadopoulou", "Farid")


@pytest.fixture
def project():
    """Six people on 40 items of four responses: mostly of one mind, one of them at random."""
    verdicts = []
    for number in range(40):
        for index, handle in enumerate(PEOPLE):
            if (number + index) % 3:
                shift = number % 4
                ranks = [1, 2, 3, 4][shift:] + [1, 2, 3, 4][:shift]
                if (number * 7 + index * 5) % 11 < 3:
                    ranks[0], ranks[3] = ranks[3], ranks[0]
                if handle == "Dana":
                    ranks = ranks[::-1] if number % 2 else [2, 1, 1, 3]
                helpful = [max(1, 6 - rank - (index + number) % 2) for rank in ranks]
                clear = [1 + (number * rank + index) % 5 for rank in ranks]
                ratings = {"helpfulness": helpful, "clarity": clear}
                verdicts.append((number, handle, ranks, ratings))
    return make_judged_project(verdicts, n_responses=4, slug="advice")


@pytest.fixture
def page(project, context, live_server):
    client = Client()
    client.force_login(make_member(project, Membership.Role.LEAD))
    cookie = client.cookies[settings.SESSION_COOKIE_NAME]
    context.add_cookies([{"name": cookie.key, "value": cookie.value, "url": live_server.url}])
    page = context.new_page()
    page.complaints = []
    page.on(
        "console",
        lambda message: (
            page.complaints.append(message.text) if message.type in ("error", "warning") else None
        ),
    )
    page.on("pageerror", lambda error: page.complaints.append(str(error)))
    page.address = live_server.url + reverse("quality:show-agreement", args=[project.slug])
    return page


OVERHANG = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


def look_at(page, name):
    """For the eye: with SCREENSHOTS=<folder>."""
    if folder := os.environ.get("SCREENSHOTS"):
        page.screenshot(path=f"{folder}/agreement-{name}.png", full_page=True)


def violations(page):
    """What axe finds, as short lines. Evaluated, not added as a script: the policy forbids it."""
    page.evaluate(AXE.read_text() + "; window.axe = axe; undefined")
    found = page.evaluate("axe.run({resultTypes: ['violations']})")["violations"]
    return [f"{one['id']}: {one['nodes'][0]['html'][:120]}" for one in found]


def test_the_page_is_readable(page, project):
    services.compute_report(project=project)
    page.emulate_media(reduced_motion="reduce")
    page.goto(page.address)

    assert page.get_by_role("heading", level=2).all_text_contents() == [
        "Coefficients",
        "Labeler by labeler",
        "By criterion",
        "How to read this",
        "Most disputed",
    ]
    closed = page.locator("summary").all()
    assert closed
    for opened in (False, True):
        for summary in closed if opened else ():
            summary.click()
        for width in (360, 1280, 1920):
            page.set_viewport_size({"width": width, "height": 900})
            assert page.evaluate(OVERHANG) <= 0, (opened, width)
            look_at(page, f"{'open' if opened else 'closed'}-{width}")
            if width < 1920:
                assert violations(page) == [], (opened, width)
        page.emulate_media(color_scheme="dark", reduced_motion="reduce")
        assert violations(page) == [], (opened, "dark")
        page.emulate_media(color_scheme="light", reduced_motion="reduce")
    assert page.complaints == []


def test_the_figures_appear_by_themselves_when_they_are_ready(page, project):
    page.goto(page.address)
    page.get_by_role("button", name="Compute the figures").click()
    page.get_by_role("progressbar").wait_for()
    assert violations(page) == []
    if folder := os.environ.get("SCREENSHOTS"):
        page.screenshot(path=f"{folder}/agreement-waiting.png", full_page=True)

    jobs.run(services.last_job(project).pk)

    page.get_by_role("heading", name="Coefficients").wait_for(timeout=10_000)
    assert page.get_by_role("progressbar").count() == 0
    assert page.complaints == []
