"""What a lead sees of the work's progress: counted as it is, and honest where there is little."""

import uuid
from datetime import timedelta

import pytest
from django.db.models import F
from django.db.models.functions import Now
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from annotation.labeling.models import Assignment, Item, ItemReport, Judgment
from annotation.oversight.figures.health import AGAIN, health_of
from annotation.oversight.figures.progress import progress_of
from annotation.oversight.figures.throughput import throughput_of
from annotation.projects.models import Membership, Pool, Slice
from tests.factories import make_item, make_judgment, make_member, make_project

pytestmark = pytest.mark.django_db
Role, Stage = Membership.Role, Membership.Stage


@pytest.fixture
def project():
    return make_project("shop", overlap=2)


@pytest.fixture
def lead(project, client):
    lead = make_member(project, Role.LEAD)
    client.force_login(lead)
    return lead


def days_ago(days):
    return timezone.now() - timedelta(days=days)


def judge(project, labeler, *, days=0, **fields):
    """A judgment made on the desk so many days ago, of an item of its own."""
    item = make_item(project)
    fields = {"origin": Judgment.Origin.DESK, "submitted_at": days_ago(days)} | fields
    judgment = make_judgment(item, labeler, [1, 2], **fields)
    Item.objects.filter(pk=item.pk).update(taken=F("taken") + 1)
    return judgment


def touch(item, labeler, state="skipped", **fields):
    is_live = state == "live"
    defaults = {
        "over_at": None if is_live else timezone.now(),
        "lease_until": timezone.now() + timedelta(minutes=15),
    }
    return Assignment.objects.create(
        project=item.project,
        item=item,
        labeler=labeler,
        state=state,
        order=[1, 2],
        key=uuid.uuid4(),
        **(defaults | fields),
    )


def page(client):
    return client.get(reverse("runs:show-project", args=["shop"])).content.decode()


def test_judgments_are_counted_by_day_and_by_labeler(project):
    mira, jonas = (make_member(project, handle=name) for name in ("mira", "jonas"))
    for days in (0, 0, 3, 13, 14, 30):
        judge(project, mira, days=days)
    judge(project, jonas, days=8)

    found = throughput_of(project)

    assert len(found.days) == len(found.counts) == 14
    assert found.days[-1] == timezone.localdate()
    assert found.counts[-1] == found.today == 2
    assert (found.counts[-4], found.counts[0], sum(found.counts)) == (1, 1, 5)
    assert [(one.handle, one.today, one.week, one.shown) for one in found.labelers] == [
        ("mira", 2, 3, 4),
        ("jonas", 0, 0, 1),
    ]


def test_imports_changes_gold_and_other_projects_are_no_throughput(project):
    mira = make_member(project)
    first = judge(project, mira)
    assert throughput_of(project).today == 1
    make_judgment(first.item, mira, [2, 1], revision=2, origin="desk")
    judge(project, mira, origin="import")
    judge(project, mira, purpose="gold")
    other = make_project("other")
    judge(other, make_member(other))
    assert throughput_of(project).today == 1


def test_complete_days_begin_with_the_work_and_end_before_today(project):
    mira = make_member(project)
    assert throughput_of(project).complete == []
    for days in (6, 6, 4, 0):
        judge(project, mira, days=days)
    assert throughput_of(project).complete == [2, 0, 1, 0, 0, 0]
    judge(project, mira, days=20)  # work before the window: its empty days count
    assert throughput_of(project).complete == [0] * 8 + [2, 0, 1, 0, 0, 0]


def test_the_forecast_is_a_date_with_an_interval_once_there_are_days(client, project, lead):
    mira = make_member(project)
    for _ in range(3):
        make_item(project)
    assert "Not enough data yet: it needs 5 complete days" in page(client)
    for days in range(1, 8):
        for _ in range(1 + days % 3):
            judge(project, mira, days=days)
    shown = page(client)
    assert "80 % interval" in shown
    assert "From the last 7 complete days: 2.0 judgments a day on average." in shown
    assert "Not enough data" not in shown


def test_without_items_or_with_all_done_there_is_nothing_to_forecast(client, project, lead):
    assert "There are no items yet." in page(client)
    item = make_item(project)
    Item.objects.filter(pk=item.pk).update(taken=2)
    assert "Nothing remains to be judged." in page(client)


def test_progress_counts_what_the_long_way_counts(project):
    """Against the definition: `current()`, which looks for a newer revision of each judgment."""
    mira, jonas = make_member(project), make_member(project)
    kept, back = judge(project, mira), judge(project, jonas)
    make_judgment(kept.item, mira, [2, 1], revision=2)
    retraction = make_judgment(back.item, jonas, [1, 2], revision=2, is_retraction=True)
    again = judge(project, jonas)
    make_judgment(again.item, jonas, [1, 2], revision=2, is_retraction=True)
    make_judgment(again.item, jonas, [2, 1], revision=3)
    judge(project, mira, is_surplus=True)
    judge(project, mira, purpose="gold")
    judge(make_project("other"), mira)
    lent = make_item(project)
    touch(lent, jonas, "live")
    Item.objects.filter(pk=lent.pk).update(taken=1)

    found = progress_of(project)

    current = Judgment.objects.filter(project=project).work().current()
    assert retraction not in current
    assert found["judgment_count"] == current.count() == 3
    assert found["surplus_count"] == current.filter(is_surplus=True).count() == 1
    assert (found["labeler_count"], found["live_count"]) == (2, 1)
    assert found["wanted"] == 2 * found["item_count"] == 12
    assert found["remaining"] == found["wanted"] - found["held"]
    assert (
        found["held"]
        == sum(Item.objects.filter(project=project).values_list("taken", flat=True)) - 1
    )


def test_an_item_is_complete_once_it_is_judged_not_once_it_is_lent(project):
    mira, jonas, learner = (make_member(project) for _ in range(3))
    item = judge(project, mira).item
    judge(project, learner, purpose="training")
    touch(item, jonas, "live")
    Item.objects.filter(pk=item.pk).update(taken=2, overlap=2)
    found = progress_of(project)
    assert (found["full_count"], found["labeler_count"]) == (0, 1), "who learns has no work yet"

    Assignment.objects.filter(item=item, labeler=jonas).update(state="submitted", over_at=Now())
    assert progress_of(project)["full_count"] == 1


def test_an_item_is_unassignable_when_no_labeler_can_take_it(client, project, lead):
    mira, jonas = make_member(project), make_member(project)
    item = make_item(project, external_id="the-hard-one")
    make_item(project, external_id="free")
    touch(item, mira)
    assert health_of(project).unassignable_count == 0
    make_judgment(item, jonas, [1, 2])
    health = health_of(project)
    assert (health.unassignable_count, health.unassignable, health.looked_at) == (1, [item], 2)
    assert health.is_whole_queue
    shown = page(client)
    assert "1 item cannot be assigned" in shown
    assert "the-hard-one" in shown
    make_member(project)  # a third labeler can take it
    assert health_of(project).unassignable_count == 0
    assert "Every item can be assigned" in page(client)


def test_an_expired_loan_is_no_reason_and_a_live_one_is(project):
    mira = make_member(project)
    item = make_item(project)
    loan = touch(item, mira, "expired")
    assert health_of(project).unassignable_count == 0
    Assignment.objects.filter(pk=loan.pk).update(state="live", over_at=None)
    assert health_of(project).unassignable_count == 1


@pytest.mark.parametrize(
    "fields",
    [
        {"is_active": False},
        {"paused_at": timezone.now()},
        {"stage": Stage.TRAINING},
        {"stage": Stage.SUSPENDED},
        {"role": Role.REVIEWER},
        {"quota": 0},
    ],
)
def test_who_is_lent_nothing_frees_no_item(project, fields):
    mira, spare = make_member(project), make_member(project)
    touch(make_item(project), mira)
    assert health_of(project).unassignable_count == 0
    Membership.objects.filter(user=spare).update(**fields)
    assert (health_of(project).unassignable_count, health_of(project).labeler_count) == (1, 1)


def test_a_used_up_quota_frees_no_item(project):
    mira, spare = make_member(project), make_member(project)
    touch(make_item(project), mira)
    Membership.objects.filter(user=spare).update(quota=1)
    assert health_of(project).unassignable_count == 0
    judge(project, spare)
    assert health_of(project).unassignable_count == 1


def test_content_that_all_keep_away_from_is_unassignable(project):
    mira = make_member(project)
    make_item(project, warnings=["violence"])
    assert health_of(project).unassignable_count == 0
    mira.preferences = {"avoids": ["violence", "no such harm"]}
    mira.save()
    assert health_of(project).unassignable_count == 1


def test_an_item_of_a_slice_is_unassignable_without_anybody_in_its_pools(project):
    mira = make_member(project)
    pool = Pool.objects.create(name="German", kind=Pool.Kind.LANGUAGE)
    part = Slice.objects.create(project=project, name="de", position=1)
    part.pools.add(pool)
    make_item(project, slice=part)
    assert health_of(project).unassignable_count == 1
    pool.members.create(user=mira)
    assert health_of(project).unassignable_count == 0


def test_an_item_is_stuck_that_comes_back_again_and_again(client, project, lead):
    """However often one labeler was lent it: each loan without a judgment counts, a judgment and
    what is on a desk do not."""
    item = make_item(project, external_id="bad-prompt")
    touch(item, make_member(project))
    touch(item, make_member(project), "live", token=2)
    touch(item, make_member(project), "submitted")
    fine = make_item(project)
    touch(fine, make_member(project), "expired", token=2)
    make_member(project)
    health = health_of(project)
    assert (health.stuck_count, health.unassignable_count) == (0, 0)
    assert "No item is stuck" in page(client)

    touch(item, make_member(project), "expired", token=2)

    health = health_of(project)
    assert (health.stuck_count, health.unassignable_count) == (1, 0)
    assert [(one.item, one.times) for one in health.stuck] == [(item, 4)]
    shown = page(client)
    assert "1 item is stuck" in shown
    assert "Every item can be assigned" in shown
    assert "bad-prompt" in shown


def test_the_worst_stuck_items_are_named_first(project):
    items = [make_item(project) for _ in range(7)]
    for times, item in enumerate(items, start=AGAIN):
        touch(item, make_member(project), "expired", token=times)
    health = health_of(project)
    assert health.stuck_count == 7
    assert [one.item for one in health.stuck] == items[:-6:-1]


@pytest.mark.parametrize("fields", [{"taken": 2}, {"state": "withdrawn"}, {"state": "reserved"}])
def test_what_is_not_lent_is_not_stuck(project, fields):
    item = make_item(project)
    touch(item, make_member(project), token=AGAIN)
    assert health_of(project).stuck_count == 1
    Item.objects.filter(pk=item.pk).update(**fields)
    assert health_of(project).stuck_count == 0


def test_without_labelers_the_page_says_so(client, project, lead):
    make_item(project)
    assert "Nobody can take an item" in page(client)


def test_full_withdrawn_and_reserved_items_are_never_unassignable(project):
    mira = make_member(project)
    for fields in ({"taken": 2}, {"state": "withdrawn"}, {"state": "reserved"}):
        touch(make_item(project, **fields), mira)
    health = health_of(project)
    assert (health.unassignable_count, health.looked_at) == (0, 0)
    assert progress_of(project)["withdrawn_count"] == 1
    touch(make_item(project), mira)
    assert health_of(project).unassignable_count == 1


def test_only_the_head_of_a_long_queue_is_looked_at_and_that_is_said(
    client, project, lead, monkeypatch
):
    from annotation.oversight.figures import health

    mira = make_member(project)
    touch(make_item(project, priority=5), mira)
    for _ in range(3):
        make_item(project)
    monkeypatch.setattr(health, "LOOKED_AT", 2)
    found = health_of(project)
    assert (found.looked_at, found.is_whole_queue, found.unassignable_count) == (2, False, 1)
    assert "Of the first 2 in the queue." in page(client)


def test_loans_reports_and_what_was_withdrawn_are_counted(client, project, lead):
    mira, jonas = make_member(project), make_member(project)
    item = make_item(project)
    touch(item, mira, "live", lease_until=timezone.now() + timedelta(minutes=2))
    touch(make_item(project), jonas, "live", lease_until=timezone.now() + timedelta(minutes=14))
    for labeler in (mira, jonas):
        ItemReport.objects.create(item=item, labeler=labeler, kind="prompt")
    health = health_of(project)
    assert (health.live_count, health.expiring_count, health.reported_count) == (2, 1, 1)
    shown = page(client)
    assert "2 items are being judged" in shown
    assert "1 comes back into the queue within five minutes" in shown
    assert "1 item with an open report" in shown


def test_the_overview_asks_no_more_of_a_larger_project(
    client, project, lead, django_assert_max_num_queries
):
    from django.db import connection

    make_item(project)
    judge(project, make_member(project))
    with CaptureQueriesContext(
        connection,
    ) as small:
        page(client)
    for n in range(6):
        labeler = make_member(project)
        judge(project, labeler, days=n)
        make_item(project)
    with django_assert_max_num_queries(len(small)):
        page(client)


def test_it_is_german_where_the_reader_is(client, project, lead):
    make_item(project)
    client.cookies["language"] = "de"
    shown = page(client)
    assert "Noch nicht genug Daten" in shown
    assert "Urteile pro Tag" in shown
