"""Every page and state in each theme and at both widths: nothing for axe, and no sideways scroll.

The theme is an attribute of <html> that a cookie sets: it is changed here without a reload."""

import pytest
from playwright.sync_api import expect

from annotation.labeling.queue import lend_next_item
from annotation.projects.models import Membership
from tests.browser.hostile import HostileWorld, PlainWords
from tests.browser.test_hostile_pages import PAGES, addresses
from tests.factories import make_item, make_member, make_project

EMPTY = "items audit people rubric agreement datasets datasets/new training import attachments"


@pytest.fixture
def world(settings, tmp_path):
    settings.DATA_DIR = tmp_path / "data"
    return HostileWorld(PlainWords())


@pytest.fixture
def looking(visit):
    """`looking(user)`: a function that opens an address and says what is wrong with it."""

    def as_user(user):
        # Opened narrow and widened: a row of tabs shows the current one when it is opened.
        at = visit(reduced_motion="reduce", viewport={"width": 360, "height": 800})
        if user:
            at.sign_in(user)

        def faults(path=None):
            if path:
                at.open(path)
            return at.faults((360, 1280), themes=("dark", "contrast", "light"))

        return at, faults

    return as_user


def wrong(faults, paths):
    """By address what is wrong there, where something is."""
    return {path: found for path in paths if (found := faults(path))}


def test_full_pages(looking, world):
    for who in ("labeler", "lead"):
        _, faults = looking(getattr(world, who))
        paths = [path for one, path, _ in addresses(world) if one == who]
        paths += ["/preferences/", "/projects/hostile/training/start/"] if who == "lead" else []
        assert len(paths) >= 4
        assert wrong(faults, paths) == {}
    assert len(PAGES) >= 20


def test_the_desk_and_what_opens_on_it(looking, world):
    at, faults = looking(world.labeler)
    assert wrong(faults, ["/judge/hostile/", f"/history/{world.judgment.pk}/"]) == {}
    lent = lend_next_item(project=world.project, labeler=world.labeler)
    assert faults(f"/judge/hostile/{lent.pk}/report/") == []

    at.open("/judge/hostile/")
    for opener, what in (("keys", "keys"), ("skip", "skip"), ("paused", "paused")):
        at.page.locator(f"#{what}").evaluate(
            "node => node.showModal ? node.showModal() : node.showPopover()"
        )
        expect(at.page.locator(f"#{opener}")).to_be_visible()
        assert faults() == [], opener
        at.page.locator(f"#{what}").evaluate(
            "node => node.close ? node.close() : node.hidePopover()"
        )
    at.allow("422")
    at.page.get_by_role("button", name="Submit").click()
    expect(at.page.locator("#problem")).to_be_focused()
    assert faults() == []


def test_news_of_the_rubric_and_a_covered_item(looking, world):
    world.other.membership.seen_rubric = world.project.rubric_versions.get(number=1)
    world.other.membership.save()
    at, faults = looking(world.other)
    assert faults("/judge/hostile/") == []
    expect(at.page.get_by_role("heading", level=1)).to_contain_text("The rubric has changed")

    covered = make_project("covered")
    make_item(covered, warnings=["violence"])
    at, faults = looking(make_member(covered))
    assert faults("/judge/covered/") == []
    expect(at.page.get_by_role("heading", level=1)).to_contain_text("This item is marked")


def test_empty_pages_and_those_that_say_no(looking, transactional_db):
    bare = make_project("bare")
    lead = make_member(bare, Membership.Role.LEAD)
    at, faults = looking(lead)
    paths = [f"/projects/bare/{name}/" for name in EMPTY.split()]
    paths += ["/", "/projects/bare/", "/history/", "/feedback/", "/judge/bare/", "/profile/"]
    assert wrong(faults, paths) == {}
    at.allow("404")
    assert faults("/projects/nowhere/") == []
    at, faults = looking(None)
    at.allow("422")
    assert faults("/sign-in/") == []
    at.page.get_by_label("User name").fill("nobody")
    at.page.get_by_label("Password").fill("wrong")
    at.page.get_by_role("button", name="Sign in").click()
    expect(at.page.get_by_role("alert")).to_be_visible()
    assert faults() == []
