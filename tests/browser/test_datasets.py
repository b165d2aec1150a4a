"""Freezing a dataset in Chromium."""

import re

import pytest

from annotation.datasets import services
from annotation.projects.models import Membership
from tests.annotation.datasets.world import add_demonstration, make_world
from tests.factories import make_member, make_project

NEW = "/projects/shop/datasets/new/"


@pytest.fixture
def world(settings, tmp_path):
    """Made inside each test's own database."""
    settings.DATA_DIR = tmp_path / "data"

    def make():
        project = make_world(items=12)
        add_demonstration(project, "How?", "Like this.")
        return project, make_member(project, Membership.Role.LEAD)

    return make


def test_the_counts_follow_each_change_and_the_button_says_what_it_makes(visit, world):
    project, lead = world()
    visitor = visit().sign_in(lead).open(NEW)
    page = visitor.page
    button = page.locator("#preview button.primary")
    hard = services.preview(project=project, policy=services.Policy())["comparisons"]["kept"]
    soft = services.preview(project=project, policy=services.Policy(labels="soft"))
    assert button.inner_text() == f"Freeze {hard} comparisons"
    assert soft["comparisons"]["kept"] != hard
    page.locator("#q-comparisons > summary").click()
    with page.expect_response(lambda response: "labels=soft" in response.url) as counted:
        page.check("input[name=labels][value=soft]")
    assert "csrf" not in counted.value.url
    page.get_by_role("button", name=f"Freeze {soft['comparisons']['kept']} comparisons").wait_for()
    assert page.url.endswith(NEW)

    assert "Soft" in page.locator("#now-comparisons").inner_text(), "the question says so"

    visitor.allow("422")
    page.locator("#q-split > summary").click()
    page.fill("#id_train", "90")
    page.press("#id_train", "Tab")
    page.get_by_text("add up to 110 %, not to 100 %").wait_for()
    assert page.evaluate("document.activeElement.id") == "id_dev", "typing goes on there"
    assert button.count() == 0
    page.fill("#id_train", "80")
    page.press("#id_train", "Tab")
    button.wait_for()
    button.click()
    page.wait_for_url(re.compile("/datasets/[0-9a-f]{64}/$"))
    assert project.datasets.get().policy["labels"] == "soft"


def test_the_sum_and_the_button_stay_in_sight_on_every_window(visit, world):
    _project, lead = world()
    for width in (360, 1280):
        page = visit(viewport={"width": width, "height": 700}).sign_in(lead).open(NEW).page
        button = page.locator("#preview button.primary")
        for key in ("comparisons", "ties", "amounts", "split"):
            page.locator(f"#q-{key} > summary").click()
        for place in ("#q-judgments", "#q-amounts", "#id_salt"):
            page.locator(place).scroll_into_view_if_needed()
            box = button.bounding_box()
            assert 0 <= box["y"] <= 700 - box["height"], (width, place, box)
        # By keyboard: what has the focus does not lie under the bar.
        page.focus("#id_dev")
        page.press("#id_dev", "Tab")
        focused = page.evaluate(
            "() => { const a = document.activeElement.getBoundingClientRect();"
            " return document.elementFromPoint(a.x + a.width / 2, a.y + a.height / 2).id }"
        )
        assert focused == page.evaluate("document.activeElement.id"), width


def test_what_differs_from_the_usual_is_open_from_the_start(visit, world):
    _project, lead = world()
    page = visit().sign_in(lead).open(f"{NEW}?for=dpo").page
    assert page.locator("#q-comparisons").get_attribute("open") is not None
    assert page.locator("#q-personal").get_attribute("open") is None


def test_it_works_without_script(visit, world):
    project, lead = world()
    page = visit(java_script_enabled=False).sign_in(lead).open(NEW).page
    page.locator("#q-comparisons > summary").click()
    page.check("input[name=labels][value=soft]")
    page.get_by_role("button", name="Count again").click()
    assert "labels=soft" in page.url
    page.locator("#preview button.primary").click()
    assert project.datasets.get().hash in page.url


def test_the_pages_are_accessible_and_never_wider_than_the_window(visit, world):
    project, lead = world()
    dataset = services.freeze_dataset(project=project).dataset
    bare = make_project("bare")
    lead_of_bare = make_member(bare, Membership.Role.LEAD)
    for user, paths in (
        (lead, ["/projects/shop/datasets/", NEW, f"/projects/shop/datasets/{dataset.hash}/"]),
        (lead_of_bare, ["/projects/bare/datasets/", "/projects/bare/datasets/new/"]),
    ):
        visitor = visit().sign_in(user)
        for path in paths:
            visitor.open(path)
            assert (path, visitor.faults()) == (path, [])
