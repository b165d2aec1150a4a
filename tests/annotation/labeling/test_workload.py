"""Quotas, daily caps and pauses: what is refused, what is given back, what the labeler reads."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from annotation.core.models import Event
from annotation.labeling import workload
from annotation.labeling.models import Assignment
from annotation.labeling.queue import lend_next_item
from annotation.oversight.figures.health import health_of
from annotation.projects.models import Membership, Pool, ProjectPool
from tests.factories import make_item, make_judgment, make_member, make_project

pytestmark = pytest.mark.django_db


@pytest.fixture
def project():
    return make_project("shop")


@pytest.fixture
def lead(project):
    return make_member(project, Membership.Role.LEAD)


@pytest.fixture
def labeler(project):
    return make_member(project)


def change(client, labeler, **fields):
    url = reverse("labeling:change-workload", args=["shop", labeler.membership.pk])
    return client.post(url, fields)


def desk(client, labeler):
    client.force_login(labeler)
    return client.get(reverse("labeling:judge", args=["shop"])).content.decode()


def test_a_quota_below_what_is_judged_and_lent_is_refused_with_the_number(
    client, project, lead, labeler
):
    make_judgment(make_item(project), labeler, [1, 2])
    make_item(project)
    assert lend_next_item(project=project, labeler=labeler)
    client.force_login(lead)

    answer = change(client, labeler, do="limits", quota="1")

    assert answer.status_code == 422
    assert "has 2 items already" in answer.content.decode()
    labeler.membership.refresh_from_db()
    assert labeler.membership.quota is None
    assert change(client, labeler, do="limits", quota="2", daily_cap="5").status_code == 302
    labeler.membership.refresh_from_db()
    assert (labeler.membership.quota, labeler.membership.daily_cap) == (2, 5)
    assert Event.objects.filter(kind="member.limited", actor=lead).exists()


@pytest.mark.parametrize(
    "fields",
    [{"quota": "-1"}, {"daily_cap": "0"}, {"quota": "x"}, {"quota": "9" * 30}, {"do": "dance"}],
)
def test_limits_that_are_none_are_refused(client, project, lead, labeler, fields):
    client.force_login(lead)
    assert change(client, labeler, **({"do": "limits"} | fields)).status_code == 422
    labeler.membership.refresh_from_db()
    assert (labeler.membership.quota, labeler.membership.daily_cap) == (None, None)


def test_empty_limits_lift_them(client, project, lead, labeler):
    Membership.objects.filter(pk=labeler.membership.pk).update(quota=3, daily_cap=2)
    client.force_login(lead)
    change(client, labeler, do="limits", quota="", daily_cap="")
    labeler.membership.refresh_from_db()
    assert (labeler.membership.quota, labeler.membership.daily_cap) == (None, None)


def test_a_pause_gives_the_item_back_keeps_the_draft_and_says_why(client, project, lead, labeler):
    item = make_item(project, overlap=1)
    held = lend_next_item(project=project, labeler=labeler)
    Assignment.objects.filter(pk=held.pk).update(draft={"rank_1": "1"})
    client.force_login(lead)

    assert change(client, labeler, do="pause", reason="Rest a while.").status_code == 302

    held.refresh_from_db()
    item.refresh_from_db()
    assert (held.state, held.draft, item.taken) == ("expired", {"rank_1": "1"}, 0)
    page = desk(client, labeler)
    assert "You are paused in this project" in page
    assert "Rest a while." in page

    client.force_login(lead)
    assert change(client, labeler, do="resume").status_code == 302
    assert lend_next_item(project=project, labeler=labeler).draft == {"rank_1": "1"}


def test_a_pause_ends_by_itself(project, lead, labeler):
    make_item(project)
    until = timezone.now() + timedelta(days=1)
    workload.pause(membership=labeler.membership, reason="Holiday", until=until, actor=lead)
    assert lend_next_item(project=project, labeler=labeler) is None

    Membership.objects.filter(pk=labeler.membership.pk).update(
        paused_until=timezone.now() - timedelta(seconds=1)
    )

    assert lend_next_item(project=project, labeler=labeler)
    labeler.membership.refresh_from_db()
    assert not labeler.membership.is_paused


@pytest.mark.parametrize(("hours", "is_paused"), [(-1, False), (1, True)])
def test_a_pause_that_is_over_counts_nowhere(client, project, lead, labeler, hours, is_paused):
    """Its row still says when it was: only the time tells that it is over."""
    make_item(project)
    now = timezone.now()
    Membership.objects.filter(pk=labeler.membership.pk).update(
        paused_at=now - timedelta(days=2),
        paused_until=now + timedelta(hours=hours),
        pause_reason="Gone fishing.",
    )
    client.force_login(lead)

    shown = client.get(reverse("labeling:show-workload", args=["shop"])).content.decode()
    slices = client.get(reverse("labeling:list-slices", args=["shop"])).context

    assert ("Gone fishing." in shown) == is_paused
    assert (
        f'value="resume">Resume<span class="vh"> {labeler.membership.handle}' in shown
    ) == is_paused
    assert slices["labeler_count"] == 1 - is_paused
    assert health_of(project).labeler_count == 1 - is_paused
    assert (workload.hindrance_of(labeler, project) is not None) == is_paused
    assert ("Gone fishing." in desk(client, labeler)) == is_paused


@pytest.mark.parametrize(
    "fields",
    [{"reason": " "}, {"reason": "x", "until": "2001-01-01"}, {"reason": "x", "until": "soon"},
     {"reason": "x" * 501}],
)  # fmt: skip
def test_a_pause_without_reason_or_into_the_past_is_refused(
    client, project, lead, labeler, fields
):
    client.force_login(lead)
    assert change(client, labeler, do="pause", **fields).status_code == 422
    labeler.membership.refresh_from_db()
    assert labeler.membership.paused_at is None


def test_resuming_twice_says_so(client, project, lead, labeler):
    client.force_login(lead)
    answer = change(client, labeler, do="resume")
    assert answer.status_code == 409
    assert "not paused" in answer.content.decode()


def test_the_empty_desk_says_that_the_share_is_done(client, project, labeler):
    make_item(project)
    make_judgment(make_item(project), labeler, [1, 2])
    Membership.objects.filter(pk=labeler.membership.pk).update(quota=1)
    assert "You have done your share here" in desk(client, labeler)

    Membership.objects.filter(pk=labeler.membership.pk).update(quota=None, daily_cap=1)
    assert "Enough for today" in desk(client, labeler)

    Membership.objects.filter(pk=labeler.membership.pk).update(daily_cap=None)
    assert "Enough for today" not in desk(client, labeler)


def test_a_pool_is_limited_as_a_whole_or_not_at_all(client, project, lead, labeler):
    pool = Pool.objects.create(name="Night shift", kind="skill")
    ProjectPool.objects.create(project=project, pool=pool)
    other = make_member(project)
    for one in (labeler, other):
        pool.members.create(user=one)
    make_judgment(make_item(project), other, [1, 2])
    make_judgment(make_item(project), other, [1, 2])
    client.force_login(lead)
    url = reverse("labeling:limit-pool", args=["shop"])

    assert client.post(url, {"pool": pool.pk, "quota": "1"}).status_code == 422
    assert not Membership.objects.exclude(quota=None).exists()
    assert client.post(url, {"pool": pool.pk, "quota": "2"}).status_code == 302
    assert Membership.objects.filter(quota=2).count() == 2
    assert client.post(url, {"pool": "0", "quota": "2"}).status_code == 422


def test_the_page_counts_what_everybody_has(client, project, lead, labeler):
    make_judgment(make_item(project), labeler, [1, 2])
    long_ago = timezone.now() - timedelta(days=30)
    make_judgment(make_item(project), labeler, [1, 2], submitted_at=long_ago)
    make_item(project)
    lend_next_item(project=project, labeler=labeler)

    member = workload.with_load(Membership.objects.filter(user=labeler)).get()

    assert (member.held, member.judged_count) == (1, 2)
    assert (member.today_count, member.week_count) == (1, 1)


def test_a_member_of_another_project_is_absent(client, project, lead):
    theirs = make_member(make_project("other"))
    client.force_login(lead)
    assert change(client, theirs, do="pause", reason="x").status_code == 404
    theirs.membership.refresh_from_db()
    assert theirs.membership.paused_at is None
