"""Every page a lead opens by a project's name alone: accessible, and as wide as its window."""

import pytest
from django.urls import URLPattern, get_resolver

from annotation.projects.models import Membership
from tests.factories import make_item, make_judgment, make_member, make_project

# Not pages: answers for machines, or addresses that only take a POST.
LEFT_OUT = {"health", "set-theme", "set-language", "accounts:sign-out", "accounts:sign-in"}


def pages(resolver, prefix="", namespace=""):
    """(name, path template) of every named URL that needs nothing but a project's slug."""
    for pattern in resolver.url_patterns:
        path = prefix + str(pattern.pattern)
        if isinstance(pattern, URLPattern):
            name = f"{namespace}:{pattern.name}" if namespace else pattern.name
            if name not in LEFT_OUT and not path.startswith("api/"):
                yield name, path
        else:
            inner = getattr(pattern, "namespace", None) or namespace
            yield from pages(pattern, path, inner)


PAGES = {
    name: "/" + path.replace("<slug:slug>", "{slug}")
    for name, path in pages(get_resolver())
    if path.count("<") == path.count("<slug:slug>")
}


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


@pytest.mark.parametrize(
    ("theme", "width", "language"),
    [("light", 1280, "en"), ("dark", 360, "de")],
)
def test_every_page_is_accessible_and_fits_its_window(visit, project, theme, width, language):
    lead = make_member(project, role=Membership.Role.LEAD)
    window = {"width": width, "height": 800}
    at = visit(color_scheme=theme, viewport=window, locale=language).sign_in(lead)
    found, seen = {}, 0
    for name, path in PAGES.items():
        url = at.server.url + path.format(slug=project.slug)
        answer = at.page.request.get(url)
        assert answer.status < 500, name
        if answer.status != 200 or "<!doctype html>" not in answer.text():
            continue  # takes only a POST, or is a file or a fragment
        at.page.goto(url)
        assert at.page.locator("html").get_attribute("lang") == language
        seen += 1
        bad, _ = at.violations()
        wide = at.page.evaluate("document.documentElement.scrollWidth")
        if bad or wide > width:
            found[name] = (bad, wide)
    assert [f"{name}: {problem}" for name, problem in found.items()] == []
    assert seen >= 6, "too few pages answered: is this looking in the right place?"
