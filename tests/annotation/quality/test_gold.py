"""Gold in each labeler's record: exact for a lead, late and in sums for the labeler."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from annotation.labeling.gold.making import retire_gold
from annotation.labeling.gold.results import Share, results
from annotation.projects.models import Membership
from annotation.quality.gold import gold_accuracy, own_gold, this_monday
from tests.annotation.labeling.gold.world import gold_of, known
from tests.factories import make_item, make_judgment, make_member, make_project

pytestmark = pytest.mark.django_db


@pytest.fixture
def project():
    return make_project("shop")


def judged(gold, labeler, *, met, at=None, **fields):
    ranks = (1, 2) if met else (2, 1)
    at = at or timezone.now()
    return make_judgment(gold.item, labeler, ranks, purpose="gold", submitted_at=at, **fields)


def test_results_by_labeler_week_and_tolerance(project):
    mira, omar = make_member(project), make_member(project)
    exact = gold_of(project)
    best = gold_of(project, answer=known(1, 2, tolerance="best"))
    monday = this_monday()
    judged(exact, mira, met=True, at=monday - timedelta(days=3))
    judged(best, mira, met=False, at=monday)
    judged(exact, omar, met=False, at=monday)
    make_judgment(best.item, omar, (1, 2))  # as work, before it was gold

    found = results(project)

    assert found.share == Share(1, 3)
    assert found.by_labeler == {mira.pk: Share(1, 2), omar.pk: Share(0, 1)}
    assert found.by_tolerance == {"best": Share(0, 1), "exact": Share(1, 2)}
    assert list(found.by_week.values()) == [Share(1, 1), Share(0, 2)]
    assert results(project, mira).share == Share(1, 2)
    assert results(project, since=monday).share == Share(0, 2)
    assert results(project, until=monday).share == Share(1, 1)
    retire_gold(gold=best, actor=None)
    assert results(project).share == Share(1, 3)
    retire_gold(gold=best, actor=None, is_counted=False)
    assert results(project).share == Share(1, 2)


def test_what_holds_counts(project):
    mira, gold = make_member(project), gold_of(project)
    judged(gold, mira, met=False)
    judged(gold, mira, met=True, revision=2)
    assert results(project).share == Share(1, 1)
    judged(gold, mira, met=True, revision=3, is_retraction=True)
    assert results(project).share == Share(0, 0)


def test_the_accuracy_has_wilsons_interval_or_is_none(project):
    assert gold_accuracy(project) is None
    gold = gold_of(project)
    for n in range(10):
        judged(gold, make_member(project), met=n < 8)
    found = gold_accuracy(project)
    assert (found.value, found.n_ratings, found.n_items) == (0.8, 10, 1)
    assert found.ci == pytest.approx((0.490, 0.943), abs=0.001)  # Wilson, 8 of 10
    assert gold_accuracy(project, since=timezone.now() + timedelta(hours=1)) is None


def test_a_labeler_sees_whole_tens_up_to_this_monday(project):
    mira = make_member(project)
    before = this_monday() - timedelta(hours=1)
    for n in range(9):
        judged(gold_of(project), mira, met=True, at=before + timedelta(seconds=n))
    assert own_gold(mira) is None
    judged(gold_of(project), mira, met=False, at=before + timedelta(seconds=9))
    assert own_gold(mira) == Share(9, 10)
    judged(gold_of(project), mira, met=False, at=before + timedelta(seconds=10))
    for _ in range(12):
        judged(gold_of(project), mira, met=False)
    assert own_gold(mira) == Share(9, 10)


def test_the_labelers_page_says_nothing_before_that(client, project):
    mira = make_member(project)
    client.force_login(mira)
    url = reverse("quality:show-own")
    for _ in range(10):
        judged(gold_of(project), mira, met=True)
    assert "Known answers met" not in client.get(url).content.decode()
    for _ in range(10):
        judged(gold_of(project), mira, met=True, at=this_monday() - timedelta(days=1))
    assert "Known answers met" in client.get(url).content.decode()


def test_a_lead_sees_the_record_with_its_evidence(client, project):
    mira = make_member(project, handle="mira")
    missed, met = gold_of(project, external_id="hard"), gold_of(project, external_id="easy")
    judged(missed, mira, met=False, seconds=30)
    judged(met, mira, met=True, seconds=10)
    make_judgment(make_item(project), mira, (1, 2), seconds=50)
    client.force_login(make_member(project, Membership.Role.LEAD))
    url = reverse("quality:show-record", args=["shop", mira.membership.pk])

    answer = client.get(url)

    record = answer.context["record"]
    assert (record.done, record.median_seconds, record.gold.share) == (3, 30, Share(1, 2))
    page = answer.content.decode()
    assert page.index("easy") < page.index("hard")
    assert "1 of 2" in page
    people = client.get(reverse("projects:list-people", args=["shop"])).content.decode()
    assert url in people


@pytest.mark.parametrize("role", [Membership.Role.LABELER, Membership.Role.ENGINEER])
def test_a_record_is_seen_by_those_who_review(client, project, role):
    mira = make_member(project)
    url = reverse("quality:show-record", args=["shop", mira.membership.pk])
    client.force_login(make_member(project, role))
    assert client.get(url).status_code == 404
    client.force_login(mira)
    assert client.get(url).status_code == 404
    client.force_login(make_member(make_project(), Membership.Role.LEAD))
    assert client.get(url).status_code == 404
