"""The queue follows the judgments: what is stale is computed, what is drawn stays drawn."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from annotation.celery import app
from annotation.core import jobs
from annotation.core.models import Job
from annotation.labeling import tasks
from annotation.labeling.models import (
    Adjudication,
    ItemReport,
    ItemReview,
    Judgment,
    Purpose,
    ReviewSettings,
)
from annotation.labeling.review import entries
from annotation.labeling.review.audit_share import is_drawn
from annotation.labeling.review.services import save_settings
from annotation.projects.models import Membership
from annotation.projects.services import TagSpec, publish_rubric
from tests.factories import make_item, make_judgment, make_member, make_project

pytestmark = pytest.mark.django_db


@pytest.fixture
def project():
    return make_project("shop", overlap=3)


@pytest.fixture
def labelers(project):
    return [make_member(project) for _ in range(3)]


def judge(item, labelers, *ranks, **fields):
    return [
        make_judgment(item, labeler, said, **fields)
        for labeler, said in zip(labelers, ranks, strict=False)
    ]


def row(item):
    entries.bring_up_to_date(item.project)
    return ItemReview.objects.get(item=item)


def test_a_row_says_what_the_judgments_say(project, labelers):
    publish_rubric(
        project=project,
        guideline="",
        criteria=[],
        flags=[TagSpec("unsafe", "Unsafe")],
    )
    item = make_item(project)
    judge(item, labelers, [1, 2], [1, 2])
    make_judgment(item, labelers[2], [2, "x"], flags={"unsafe": [2]})
    found = row(item)
    assert found.labeler_count == 3
    assert (found.spread, found.comparison_count) == (0, 3)
    assert found.flags == ["unsafe"]
    assert found.has_unacceptable


def test_only_work_that_holds_is_compared(project, labelers):
    item = make_item(project)
    judge(item, labelers, [1, 2], [2, 1])
    make_judgment(item, labelers[1], [1, 2], revision=2)
    make_judgment(item, labelers[2], [2, 1], purpose=Purpose.GOLD)
    found = row(item)
    assert (found.labeler_count, found.spread) == (2, 0)
    # And had it been work, it would have counted.
    other = make_item(project)
    judge(other, labelers, [1, 2], [1, 2], [2, 1])
    assert row(other).spread == pytest.approx(2 / 3)


def test_what_changed_is_computed_again_and_nothing_else(project, labelers):
    calm, moving = make_item(project), make_item(project)
    for item in (calm, moving):
        judge(item, labelers, [1, 2], [1, 2])
    before = row(calm).computed_at
    assert entries.stale_items(project) == []
    make_judgment(moving, labelers[2], [2, 1])
    assert entries.stale_items(project) == [moving.pk]
    assert row(moving).spread == pytest.approx(2 / 3)
    assert row(calm).computed_at == before


def test_opening_it_again_costs_a_few_statements_however_many_items_there_are(project, labelers):
    for _ in range(12):
        judge(make_item(project), labelers, [1, 2], [2, 1])
    entries.bring_up_to_date(project)
    with CaptureQueriesContext(
        connection,
    ) as asked:
        entries.bring_up_to_date(project)
    assert len(asked) <= 6
    assert not any("labeling_itemresponse" in one["sql"] for one in asked)


def test_computing_takes_the_same_statements_for_two_items_and_for_twelve(project, labelers):
    def statements(count):
        for _ in range(count):
            judge(make_item(project), labelers, [1, 2], [2, 1])
        with CaptureQueriesContext(connection) as asked:
            entries.bring_up_to_date(project)
        return len(asked)

    entries.bring_up_to_date(project)
    assert statements(2) == statements(12)


def test_much_of_it_is_a_jobs_work(project, labelers, monkeypatch):
    monkeypatch.setattr(entries, "SMALL", 2)
    for _ in range(3):
        judge(make_item(project), labelers, [1, 2], [2, 1])
    job = entries.bring_up_to_date(project)
    assert job.kind == "review"
    assert not ItemReview.objects.exists()
    assert entries.bring_up_to_date(project) == job, "one job for all who ask"
    jobs.run(job.pk)
    job.refresh_from_db()
    assert (job.state, job.result) == (Job.State.DONE, {"items": 3})
    assert ItemReview.objects.filter(spread=1).count() == 3
    assert entries.bring_up_to_date(project) is None


def test_the_clock_takes_in_what_was_judged_reported_or_set_anew(project, labelers):
    item, reported = make_item(project), make_item(make_project("other"))
    make_project("calm")
    judge(item, labelers, [1, 2], [2, 1])
    labeler = make_member(reported.project)
    ItemReport.objects.create(item=reported, labeler=labeler, kind="personal")
    tasks.keep_reviews()
    assert ItemReview.objects.get(item=item).spread == 1
    assert ItemReview.objects.filter(item=reported).exists()
    assert entries.bring_all_up_to_date() == 0, "nothing moved since"
    entries.mark_stale(project)
    assert entries.bring_all_up_to_date() == 1
    make_judgment(item, labelers[2], [1, 2])
    assert entries.bring_all_up_to_date() == 1
    assert ItemReview.objects.get(item=item).labeler_count == 3


def test_what_was_not_to_be_seen_yet_when_it_was_counted_is_found_later(project, labelers):
    """A judgment has its time before it is committed: the count may come in between."""
    item = make_item(project)
    judge(item, labelers, [1, 2])
    assert entries.bring_all_up_to_date() == 1
    make_judgment(item, labelers[1], [2, 1])
    ReviewSettings.objects.update(computed_at=timezone.now() + timedelta(minutes=1))

    assert entries.bring_all_up_to_date() == 1

    assert ItemReview.objects.get(item=item).labeler_count == 2


def test_neither_the_clock_nor_a_look_reads_the_judgments_of_a_project_at_rest(project, labelers):
    judge(make_item(project), labelers, [1, 2])
    assert entries.is_behind(project)
    entries.bring_all_up_to_date()
    ReviewSettings.objects.update(computed_at=timezone.now() + timedelta(hours=1))
    with CaptureQueriesContext(connection) as asked:
        assert not entries.is_behind(project)
        assert entries.bring_all_up_to_date() == 0
    assert asked.captured_queries
    assert not any("labeling_judgment" in one["sql"] for one in asked)


def test_the_worker_keeps_that_clock():
    assert "labeling.keep_reviews" in {row["task"] for row in app.conf.beat_schedule.values()}
    assert tasks.keep_reviews.name == "labeling.keep_reviews"


def test_the_draw_is_the_hash_of_seed_and_item():
    # sha256("seed:7") begins with the bytes that this compares: counted with sha256sum.
    drawn = [item for item in range(10_000) if is_drawn("seed", item, 10)]
    assert 900 < len(drawn) < 1_100
    assert set(drawn) <= {item for item in range(10_000) if is_drawn("seed", item, 11)}
    assert drawn != [item for item in range(10_000) if is_drawn("other", item, 10)]
    assert not any(is_drawn("seed", item, 0) for item in range(1_000))
    assert all(is_drawn("seed", item, 100) for item in range(1_000))


def test_full_agreement_waits_only_where_it_is_drawn(project, labelers):
    items = [make_item(project) for _ in range(40)]
    for item in items:
        judge(item, labelers, [1, 2], [1, 2], [1, 2])
    lead = make_member(project, Membership.Role.LEAD)
    save_settings(project=project, actor=lead, audit_percent=25, spread_percent=0)
    entries.bring_up_to_date(project)
    seed = entries.settings_of(project).audit_seed
    drawn = {item.pk for item in items if is_drawn(seed, item.pk, 25)}
    asked = set(ItemReview.objects.filter(why=["audit"]).values_list("item", flat=True))
    assert asked == drawn

    save_settings(project=project, actor=lead, audit_percent=0, spread_percent=0)
    entries.bring_up_to_date(project)
    assert not ItemReview.objects.exclude(why=[]).exists()
    assert entries.settings_of(project).audit_seed == seed, "the share changes, the draw stays"

    save_settings(project=project, actor=lead, audit_percent=25, spread_percent=0, draws_anew=True)
    assert entries.settings_of(project).audit_seed != seed


def test_the_threshold_is_the_leads(project, labelers):
    item = make_item(project, ("One.", "Two.", "Three."))
    judge(item, labelers, [1, 2, 3], [2, 1, 3])
    lead = make_member(project, Membership.Role.LEAD)
    save_settings(project=project, actor=lead, audit_percent=0, spread_percent=33)
    assert row(item).why == ["spread"]
    save_settings(project=project, actor=lead, audit_percent=0, spread_percent=34)
    assert row(item).why == []


@pytest.mark.parametrize(("outcome", "stands"), [("approved", False), ("settled", True)])
def test_judged_again_an_approved_item_waits_again_and_a_settled_one_stands(
    project, labelers, outcome, stands
):
    item = make_item(project)
    judge(item, labelers, [1, 2], [2, 1])
    assert row(item).outcome == ""
    said = {"ranks": [1, 2], "unacceptable": [False, False]} if outcome == "settled" else {}
    Adjudication.objects.create(
        item=item,
        project=project,
        reviewer=labelers[2],
        outcome=outcome,
        key="6f1c2d1e-0000-4000-8000-000000000001",
        reason="So.",
        judgment_ids=list(Judgment.objects.values_list("pk", flat=True)),
        **said,
    )
    ItemReview.objects.update(outcome=outcome)
    assert row(item).outcome == outcome
    make_judgment(item, labelers[0], [2, 1], revision=2)
    found = row(item)
    assert found.outcome == (outcome if stands else "")
    assert ("back" in found.why) is not stands
