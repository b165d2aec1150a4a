"""The start page: what waits, how far it is, what was judged last."""

import pytest
from django.urls import reverse

from annotation.labeling.home import recent_judgments
from annotation.labeling.queue import lend_next_item
from annotation.projects.models import Membership
from tests.factories import make_item, make_judgment, make_member, make_project

pytestmark = pytest.mark.django_db


def home(client, user):
    client.force_login(user)
    return client.get(reverse("labeling:home")).content.decode()


def test_queues_with_work_come_first_and_say_how_far_they_are(client):
    idle, busy = make_project(name="A first by name"), make_project(name="Busy", overlap=3)
    labeler = make_member(idle)
    busy.memberships.create(user=labeler, handle="me")
    make_item(busy)

    page = home(client, labeler)

    assert page.index("Busy") < page.index("A first by name")
    assert "One queue has work for you" in page
    assert "0 of 3 judgments" in page
    assert "Nothing waiting" in page


def test_an_item_on_the_desk_is_continued(client):
    project = make_project()
    labeler = make_member(project)
    make_item(project)
    lend_next_item(project=project, labeler=labeler)

    assert "Continue" in home(client, labeler)


def test_a_project_of_others_is_not_listed(client):
    make_item(make_project(name="Not yours"))
    labeler = make_member(make_project(name="Yours"))

    page = home(client, labeler)

    assert "Yours" in page
    assert "Not yours" not in page


def test_the_last_judgments_are_listed_with_their_prompt_escaped(client):
    project = make_project()
    labeler = make_member(project)
    item = make_item(project)
    item.prompt.messages = [{"role": "user", "content": "<b>Bold?</b>"}]
    item.prompt.save()
    make_judgment(item, labeler, [1, 2])

    page = home(client, labeler)

    assert "&lt;b&gt;Bold?" in page
    assert "<b>Bold?" not in page


def test_somebody_without_a_project_is_told_what_happens_next(client, django_user_model):
    user = django_user_model.objects.create_user("new")

    assert "A project lead adds you" in home(client, user)


@pytest.mark.parametrize(
    ("role", "is_shown"), [(Membership.Role.LEAD, True), (Membership.Role.LABELER, False)]
)
def test_only_staff_get_a_way_to_the_project(client, role, is_shown):
    project = make_project()

    page = home(client, make_member(project, role=role))

    assert (f"/projects/{project.slug}/" in page) is is_shown


def test_the_last_judgments_are_those_that_hold():
    project = make_project()
    labeler = make_member(project)
    changed, taken_back = make_item(project), make_item(project)
    for item in (changed, taken_back):
        make_judgment(item, labeler, [1, 2])
    assert len(recent_judgments(labeler)) == 2
    make_judgment(changed, labeler, [2, 1], revision=2)
    make_judgment(taken_back, labeler, [1, 2], revision=2, is_retraction=True)
    (last,) = recent_judgments(labeler)
    assert (last.item, last.revision) == (changed, 2)
