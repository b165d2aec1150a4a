"""The start page: what waits, how far it is, what was judged last."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.urls import reverse
from django.utils import timezone

from annotation.labeling.home import recent_judgments
from annotation.labeling.models import Assignment
from annotation.labeling.queue import lend_next_item
from annotation.labeling.services import submit_judgment
from annotation.labeling.verdict import verdict_from_choices
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


def test_it_says_what_was_judged_today_and_what_is_kept_away(client):
    project = make_project(overlap=1)
    labeler = make_member(project)
    for _ in range(3):
        make_item(project)
    make_item(project, warnings=["violence"])
    for day in (timedelta(), timedelta(), timedelta(days=2)):
        lent = lend_next_item(project=project, labeler=labeler)
        verdict = verdict_from_choices({1: 1, 2: 2}, response_count=2)
        submit_judgment(assignment_id=lent.pk, labeler=labeler, verdict=verdict, key=uuid4())
        Assignment.objects.filter(pk=lent.pk).update(over_at=timezone.now() - day)
    Assignment.objects.live().delete()  # what the last submit lent
    project.items.exclude(warnings=[]).update(taken=0)
    assert "kept away" not in home(client, labeler)

    labeler.preferences = {"avoids": ["violence"]}
    labeler.save()
    page = home(client, labeler)

    assert "You judged 3 items. 2 today." in page
    assert "1 item is kept away from you" in page


def test_an_item_on_the_desk_is_continued(client):
    project = make_project()
    labeler = make_member(project)
    make_item(project)
    lend_next_item(project=project, labeler=labeler)

    page = home(client, labeler)

    assert "Continue" in page
    assert "0 of 3 judgments" in page  # the one on the desk is none yet


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
