"""Every page in German: whole, and with numbers that a browser still understands."""

import pytest
from django.test import Client
from django.urls import reverse

from annotation.core import jobs
from annotation.core.models import Job
from annotation.projects.models import Membership
from tests.annotation.core.machine_numbers import comma_numbers, drawn_shapes
from tests.browser.test_every_page import PAGES
from tests.factories import make_item, make_judgment, make_member, make_project

pytestmark = pytest.mark.django_db


@pytest.fixture
def project():
    project = make_project(overlap=3)
    labelers = [make_member(project) for _ in range(3)]
    for n in range(4):
        item = make_item(project, ("One answer.", "Another."))
        for position, labeler in enumerate(labelers):
            ranks = [1, 2] if (n + position) % 3 else [2, 1]
            make_judgment(item, labeler, ranks, seconds=61.5, ratings={"helpfulness": [3, 4]})
    return project


@pytest.fixture
def lead(project):
    return make_member(project, role=Membership.Role.LEAD)


@pytest.fixture
def german(lead):
    lead.preferences = {"language": "de"}
    lead.save()
    client = Client()
    client.force_login(lead)
    return client


def test_every_page_opens_in_german_with_numbers_a_machine_can_read(german, project):
    german.post(reverse("quality:compute-figures", args=[project.slug]))
    jobs.run(Job.objects.get(kind="figures").pk)
    found, seen = {}, set()
    for name, path in PAGES.items():
        answer = german.get(path.format(slug=project.slug))
        assert answer.status_code < 500, name
        if answer.status_code != 200 or not answer["Content-Type"].startswith("text/html"):
            continue
        page = answer.content.decode()
        if "<!doctype html>" in page:
            assert '<html lang="de"' in page, name
        seen.add(name)
        if broken := comma_numbers(page):
            found[name] = broken
    assert found == {}
    assert {
        "labeling:home",
        "labeling:judge",
        "quality:show-agreement",
        "quality:show-own",
    } <= seen


@pytest.mark.parametrize(("first", "then"), [("en", "de"), ("de", "en")])
def test_what_is_kept_of_the_desk_is_kept_for_its_language(project, first, then):
    """Its parts are rendered once for all items: not once for all languages."""
    client = Client()
    client.force_login(make_member(project))
    said = {"en": "Rank of response A", "de": "Rang von Antwort A"}
    url = reverse("labeling:judge", args=[project.slug])
    pages = {
        language: client.get(url, headers={"Accept-Language": language}).content.decode()
        for language in (first, then)
    }
    for language, page in pages.items():
        other = next(words for code, words in said.items() if code != language)
        assert said[language] in page
        assert other not in page


def test_charts_are_drawn_with_points_and_read_with_commas(german, project):
    german.post(reverse("quality:compute-figures", args=[project.slug]))
    jobs.run(Job.objects.get(kind="figures").pk)
    page = german.get(reverse("quality:show-agreement", args=[project.slug])).content.decode()

    assert drawn_shapes(page) > 10
    assert comma_numbers(page) == []
    assert "0,33" in page


def test_the_look_for_comma_numbers_finds_them():
    assert comma_numbers('<svg><rect x="1,5" y="2.5"/></svg>') == ["<rect x='1,5'>"]
    assert comma_numbers('<input type="hidden" name="share" value="0,25">')
    assert comma_numbers('<i data-width="-0,5"></i>')
    assert comma_numbers('<path d="M1 2,5H3">')
    assert comma_numbers('<b title="0,25 von 1" data-list="1,2,3">0,25</b>') == []
