"""Every page that opens by a project's name alone, and every page of a single thing: accessible,
and as wide as its window."""

import re

import pytest
from django.test import Client
from django.urls import URLPattern, get_resolver, reverse

from annotation.demo.services import SLUG
from annotation.projects.models import Membership
from tests.annotation.projects.matrix.world import Place
from tests.factories import make_item, make_judgment, make_member, make_project, make_user

# Not pages: answers for machines, or addresses that only take a POST.
LEFT_OUT = {"health", "set-theme", "set-language", "accounts:sign-out", "accounts:sign-in"}


def pages(resolver, prefix="", namespace=""):
    """(name, path template) of every named URL of a page."""
    for pattern in resolver.url_patterns:
        path = prefix + str(pattern.pattern)
        if isinstance(pattern, URLPattern):
            name = f"{namespace}:{pattern.name}" if namespace else pattern.name
            if name not in LEFT_OUT and not path.startswith("api/"):
                yield name, path
        else:
            inner = getattr(pattern, "namespace", None) or namespace
            yield from pages(pattern, path, inner)


ALL = dict(pages(get_resolver()))
PAGES = {
    name: "/" + path.replace("<slug:slug>", "{slug}")
    for name, path in ALL.items()
    if path.count("<") == path.count("<slug:slug>")
}
# What "<int:item_id>" and the like name, by the words of the addresses.
THINGS = {name: set(re.findall(r"<(?:\w+:)?(\w+)>", ALL[name])) for name in ALL.keys() - PAGES}


@pytest.fixture
def project():
    project = make_project(name="A project whose name is rather long to read", overlap=2)
    labelers = [make_member(project) for _ in range(2)]
    for n in range(3):
        item = make_item(project, ("One answer.", "Another_answer_without_any_space_" * 9))
        for labeler in labelers:
            make_judgment(item, labeler, [1, 2] if n else [2, 1], seconds=61)
    return project


def test_the_walk_found_the_pages():
    assert {"labeling:home", "labeling:judge", "projects:show-rubric"} <= set(PAGES)


def test_every_page_is_accessible_and_fits_its_window(visit, project):
    """In German, whose words are the longest."""
    lead = make_member(project, role=Membership.Role.LEAD)
    window = {"width": 360, "height": 800}
    at = visit(color_scheme="dark", viewport=window, locale="de").sign_in(lead)
    found, seen = {}, 0
    for name, path in PAGES.items():
        url = at.server.url + path.format(slug=project.slug)
        answer = at.page.request.get(url)
        assert answer.status < 500, name
        if answer.status != 200 or "<!doctype html>" not in answer.text():
            continue  # takes only a POST, or is a file or a fragment
        at.page.goto(url)
        assert at.page.locator("html").get_attribute("lang") == "de"
        seen += 1
        if faults := at.faults(widths=(360, 1280), themes=()):
            found[name] = faults
    assert found == {}
    assert seen >= 6, "too few pages answered: is this looking in the right place?"


def pages_of(place, reader):
    """{name: path} of what this person opens of a single thing, asked without a window."""
    client = Client()
    client.force_login(reader)
    found = {}
    for name, words in THINGS.items():
        if words <= place.ids.keys():
            path = reverse(name, kwargs={word: place.ids[word] for word in words})
            answer = client.get(path)
            if answer.status_code != 200 or answer.streaming:
                continue
            if answer.content.startswith(b"<!doctype html>"):
                found[name] = path
    return found


def test_every_page_of_a_single_thing_is_accessible_and_fits_its_window(visit):
    place = Place(SLUG, "shop")
    found, seen = {}, set()
    window = {"width": 360, "height": 800}
    for person in (place.lead, place.somebody, make_user(is_superuser=True)):
        shown = {name: path for name, path in pages_of(place, person).items() if name not in seen}
        assert shown, "nothing that only this person opens"
        seen |= shown.keys()
        at = visit(color_scheme="dark", viewport=window, locale="de").sign_in(person)
        for name, path in shown.items():
            at.open(path)
            bad, _ = at.violations()
            wide = at.page.evaluate("document.documentElement.scrollWidth")
            if bad or wide > window["width"]:
                found[name] = (bad, wide)
    assert [f"{name}: {problem}" for name, problem in found.items()] == []
    assert {"labeling:show-calibration-item", "labeling:edit-slice", "runs:show-run"} <= seen
