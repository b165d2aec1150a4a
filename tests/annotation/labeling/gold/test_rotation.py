"""A known answer is due after so many judgments or days, and goes: by itself or by a lead."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone

from annotation.celery import app
from annotation.core.models import Event
from annotation.labeling.gold.making import retire_gold, take_up_gold
from annotation.labeling.gold.rotation import due_gold, retire_due, seen_all, set_rotation
from annotation.labeling.models import GoldItem, GoldRotation
from annotation.projects.models import Membership
from tests.annotation.labeling.gold.world import gold_of
from tests.factories import make_judgment, make_member, make_project

pytestmark = pytest.mark.django_db
Role = Membership.Role
URL = "/projects/shop/gold/"


@pytest.fixture
def project():
    return make_project("shop")


@pytest.fixture
def lead(client, project):
    lead = make_member(project, Role.LEAD)
    client.force_login(lead)
    return lead


def judge(gold, labeler, ranks=(1, 2), **fields):
    return make_judgment(gold.item, labeler, list(ranks), purpose="gold", **fields)


def rotate(project, *, judgments=None, days=None, automatic=False):
    set_rotation(
        project=project,
        actor=None,
        after_judgments=judgments,
        after_days=days,
        is_automatic=automatic,
    )


def save(client, **fields):
    fields = {"after_judgments": "", "after_days": ""} | fields
    return client.post(reverse("labeling:set-gold-rotation", args=["shop"]), fields)


def test_it_is_due_after_so_many_first_judgments_met_or_not(project):
    gold, other = gold_of(project), gold_of(project)
    mira, jonas = make_member(project), make_member(project)
    assert not due_gold(project).exists(), "nothing is set"
    rotate(project, judgments=2)
    judge(gold, mira)
    judge(gold, mira, (2, 1), revision=2)
    assert not due_gold(project).exists(), "a change is no second meeting"
    judge(gold, jonas, (2, 1))
    judge(other, jonas)
    assert list(due_gold(project)) == [gold]


def test_it_is_due_after_so_many_days(project):
    old, _young = gold_of(project), gold_of(project)
    rotate(project, days=30)
    GoldItem.objects.filter(pk=old.pk).update(made_at=timezone.now() - timedelta(days=29))
    assert not due_gold(project).exists()
    GoldItem.objects.filter(pk=old.pk).update(made_at=timezone.now() - timedelta(days=30))
    assert list(due_gold(project)) == [old]


def test_what_is_taken_up_again_is_counted_anew(project):
    gold, mira = gold_of(project), make_member(project)
    GoldItem.objects.update(made_at=timezone.now() - timedelta(days=90))
    judge(gold, mira)
    rotate(project, judgments=1, days=30)
    assert retire_due(project=project) == 1
    gold.refresh_from_db()
    take_up_gold(gold=gold, actor=None)
    assert not due_gold(project).exists()
    judge(gold, make_member(project))
    assert list(due_gold(project)) == [gold]


@pytest.mark.parametrize("fields", [{"use": "training"}, {"is_active": False}])
def test_only_what_is_in_the_queue_is_due(project, fields):
    gold = gold_of(project)
    GoldItem.objects.update(made_at=timezone.now() - timedelta(days=2))
    rotate(project, days=1)
    assert list(due_gold(project)) == [gold]
    GoldItem.objects.update(**fields)
    assert not due_gold(project).exists()


def test_the_clock_retires_where_it_was_told_to_and_says_so(project):
    gold = gold_of(project)
    other = gold_of(make_project("by-hand"))
    GoldItem.objects.update(made_at=timezone.now() - timedelta(days=2))
    rotate(project, days=1, automatic=True)
    rotate(other.project, days=1)

    for _twice in range(2):
        app.tasks["labeling.rotate_gold"]()

    active = dict(GoldItem.objects.values_list("pk", "is_active"))
    assert active == {gold.pk: False, other.pk: True}
    event = Event.objects.get(kind="gold.retired")
    assert (event.actor, event.target) == (None, f"item:{gold.item_id}")
    assert GoldItem.objects.get(pk=gold.pk).is_counted, "its results stay"
    assert "labeling.rotate_gold" in {one["task"] for one in app.conf.beat_schedule.values()}


def test_a_lead_sets_it_and_retires_what_is_due(client, project, lead):
    gold = gold_of(project)
    judge(gold, make_member(project))
    assert save(client, after_judgments="1").status_code == 302
    kept = GoldRotation.objects.get()
    assert (kept.after_judgments, kept.after_days, kept.is_automatic) == (1, None, False)
    page = client.get(URL).content.decode()
    assert "1 known answer is due to be retired." in page
    assert 'name="after_judgments" min="1" max="10000" value="1"' in page
    assert 'name="after_days" min="1" max="10000" value=""' in page

    client.post(reverse("labeling:set-gold-rotation", args=["shop"]), {"do": "retire"})

    assert not GoldItem.objects.active().exists()
    assert Event.objects.get(kind="gold.retired").actor == lead
    assert Event.objects.get(kind="gold.rotation_changed").actor == lead
    assert "due to be retired" not in client.get(URL).content.decode()


@pytest.mark.parametrize("limit", ["0", "-1", "x", "1.5", "10001", "9" * 30, "٣"])
def test_a_limit_that_is_none_is_refused_with_a_sentence(client, project, lead, limit):
    for name in ("after_judgments", "after_days"):
        answer = save(client, **{name: limit})
        assert answer.status_code == 422
        assert "limit" in answer.context["problem"]
    assert not GoldRotation.objects.exists()
    with pytest.raises(IntegrityError), transaction.atomic():
        GoldRotation.objects.create(project=project, after_days=0)


def test_who_has_met_every_known_answer_is_named(client, project, lead):
    first, second = gold_of(project), gold_of(project)
    mira, jonas = make_member(project, handle="mira"), make_member(project, handle="jonas")
    assert seen_all(make_project("empty")) == []
    for gold in (first, second):
        judge(gold, mira)
    judge(first, jonas)
    judge(first, jonas, (2, 1), revision=2)
    assert [one.handle for one in seen_all(project)] == ["mira"]
    page = client.get(URL).content.decode()
    assert "1 labeler has met every known answer in the queue" in page
    assert "mira" in page
    retire_gold(gold=second, actor=lead)
    assert {one.handle for one in seen_all(project)} == {"mira", "jonas"}
