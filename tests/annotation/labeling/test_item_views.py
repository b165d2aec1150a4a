"""Items as the staff sees them."""

import pytest
from django.urls import reverse

from annotation.projects.models import Membership
from tests.factories import make_item, make_judgment, make_member, make_project

pytestmark = pytest.mark.django_db


@pytest.fixture
def project():
    return make_project("shop")


@pytest.fixture
def lead(client, project):
    user = make_member(project, Membership.Role.LEAD)
    client.force_login(user)
    return user


def test_the_list_finds_items_by_the_beginning_of_their_id(client, project, lead):
    make_item(project, external_id="mail-1")
    make_item(project, external_id="chat-1")

    page = client.get(reverse("labeling:list-items", args=["shop"]), {"q": "mail"})

    assert "mail-1" in page.content.decode()
    assert "chat-1" not in page.content.decode()


def test_the_list_tells_begun_items_from_untouched_ones(client, project, lead):
    make_item(project, external_id="begun", taken=1)
    make_item(project, external_id="fresh")
    for progress, shown, hidden in (("begun", "begun", "fresh"), ("untouched", "fresh", "begun")):
        url = reverse("labeling:list-items", args=["shop"])
        rows = [
            item.external_id for item in client.get(url, {"progress": progress}).context["page"]
        ]
        assert rows == [shown]
        assert hidden not in rows


@pytest.mark.parametrize("query", ["\x00", "a\x00b", "%", "'; --", "__id", "x" * 5000])
def test_a_hostile_search_is_only_a_search_without_a_result(client, project, lead, query):
    make_item(project)
    url = reverse("labeling:list-items", args=["shop"])
    assert client.get(url, {"q": query, "progress": "project__name"}).status_code == 200


def test_a_lone_surrogate_by_way_of_another_charset_is_no_defect(client, project, lead):
    url = reverse("labeling:list-items", args=["shop"])
    answer = client.get(url + "?q=%2B2AA-", headers={"Content-Type": "text/html; charset=utf-7"})
    assert answer.status_code in (200, 400)


def test_an_item_shows_who_wrote_what_and_who_judged_how(client, project, lead):
    item = make_item(project, ["**One.**", "Two.", "Three."])
    labeler = make_member(project, handle="w1")
    make_judgment(item, labeler, [2, 1, "x"], strength=[2], ratings={"clarity": [3, 5, 1]})

    page = client.get(reverse("labeling:show-item", args=["shop", item.pk])).content.decode()

    assert "secret-model-1" in page
    assert "<strong>One.</strong>" in page
    assert "b &gt; clearly a; unacceptable: c" in page
    assert "clarity: a 3, b 5, c 1" in page
    assert "w1" in page


def test_an_item_of_another_project_is_absent(client, project, lead):
    other = make_item(make_project("other"))
    assert client.get(reverse("labeling:show-item", args=["shop", other.pk])).status_code == 404
    own = make_item(project)
    assert client.get(reverse("labeling:show-item", args=["shop", own.pk])).status_code == 200
