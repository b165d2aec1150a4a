"""An address that only takes forms, opened by a person, a program, or a part of a page."""

import pytest
from django.urls import reverse

from annotation.demo.services import SLUG
from annotation.projects.models import Membership
from tests.factories import make_member, make_project

pytestmark = pytest.mark.django_db


@pytest.fixture
def address(client):
    project = make_project("shop")
    client.force_login(make_member(project, Membership.Role.LEAD))
    return reverse("labeling:save-review-settings", args=["shop"])


def test_a_person_who_opens_it_gets_a_page_of_ours_with_a_way_back(client, address):
    answer = client.get(address)

    assert (answer.status_code, answer["Allow"]) == (405, "POST")
    shown = answer.content.decode()
    assert "This address is not a page" in shown
    assert 'href="/"' in shown
    german = client.get(address, headers={"Accept-Language": "de"}).content.decode()
    assert "keine Seite" in german


@pytest.mark.parametrize("path", ["/judge/shop/rubric/", f"/projects/{SLUG}/round/"])
def test_addresses_that_look_like_pages_say_so(client, address, path):
    answer = client.get(path)

    assert answer.status_code == 405
    assert "This address is not a page" in answer.content.decode()


def test_a_part_of_a_page_and_other_methods_get_the_bare_answer(client, address):
    for answer in (client.get(address, headers={"HX-Request": "true"}), client.put(address)):
        assert (answer.status_code, answer.content) == (405, b"")
        assert answer["Allow"] == "POST"


def test_the_api_answers_as_data(client, address):
    answer = client.delete("/api/projects/")

    assert answer.status_code == 405
    assert answer["Content-Type"] == "application/json"
