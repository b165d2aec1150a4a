"""Which figures are computed again by themselves, and which reports are kept."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from annotation.core import jobs
from annotation.core.models import Job
from annotation.labeling.models import GoldItem, Purpose
from annotation.quality import services
from annotation.quality.analyses import ANALYSES
from annotation.quality.gold import this_monday
from annotation.quality.models import Report
from annotation.quality.signals.person import own_signals
from tests.factories import make_item, make_judgment, make_member, make_project

pytestmark = pytest.mark.django_db
LONG_AGO = timezone.now() - timedelta(days=30)


@pytest.fixture
def project():
    return make_project()


@pytest.fixture
def labelers(project):
    return [make_member(project, handle=f"w{number}") for number in (1, 2, 3)]


def compute_all(project):
    """As the beat does it, however lately it was done before."""
    a_while_ago = timezone.now() - services.REFRESH_AFTER
    Job.objects.update(created_at=a_while_ago, started_at=a_while_ago, finished_at=a_while_ago)
    queued = services.refresh_figures()
    if queued:
        jobs.run(services.last_job(project).pk)
    return queued


def compute_later(project):
    """As somebody asks for it."""
    jobs.run(services.request_figures(project=project).pk)


def ids(project, kind="labelers"):
    return set(project.reports.filter(kind=kind).values_list("pk", flat=True))


def test_a_report_goes_when_a_newer_one_comes(project, labelers):
    item = make_item(project)
    seen = []
    for labeler in labelers:
        make_judgment(item, labeler, [1, 2])
        assert compute_all(project) == 1
        seen.append(services.latest_report(project, "labelers").pk)
    assert len(set(seen)) == 3
    assert ids(project) == {seen[-1]}
    assert project.reports.filter(kind__in=ANALYSES).count() == len(ANALYSES)


def test_the_report_of_before_monday_stays_until_the_next_one(project, labelers):
    item = make_item(project)
    make_judgment(item, labelers[0], [1, 2])
    compute_all(project)
    last_week = this_monday() - timedelta(hours=1)
    project.reports.update(computed_at=last_week)
    kept = services.latest_report(project, "labelers").pk
    for labeler in labelers[1:]:
        make_judgment(item, labeler, [1, 2])
        compute_all(project)
    newest = services.latest_report(project, "labelers").pk
    assert ids(project) == {kept, newest}
    assert [one.computed_at for one in own_signals(labelers[0])] == [last_week]


def test_what_was_computed_for_another_project_stays(project, labelers):
    other = make_project()
    theirs = services.compute_report(project=other).pk
    make_judgment(make_item(project), labelers[0], [1, 2])
    services.compute_report(project=project)
    assert Report.objects.filter(pk=theirs).exists()


def test_computing_the_same_again_does_not_make_it_younger(project, labelers):
    """Who asks for the figures on Tuesday must not take last week's from the labelers."""
    make_judgment(make_item(project), labelers[0], [1, 2])
    compute_all(project)
    last_week = this_monday() - timedelta(days=1)
    project.reports.update(computed_at=last_week)
    before = services.latest_report(project, "labelers")

    jobs.run(services.request_figures(project=project).pk)

    again = services.latest_report(project, "labelers")
    assert (again.pk, again.computed_at, again.job) == (before.pk, last_week, before.job)
    assert own_signals(labelers[0])


def test_what_holds_again_is_the_newest(project, labelers):
    """Known answers go and come back: then the first report is in force, and not the second."""
    gold = judged_gold(project, labelers[0])
    first = services.compute_report(project=project)
    GoldItem.objects.filter(pk=gold.pk).update(ranks=[2, 1])
    second = services.compute_report(project=project)
    assert second.pk != first.pk
    Report.objects.filter(pk=second.pk).update(computed_at=timezone.now() + timedelta(hours=1))
    GoldItem.objects.filter(pk=gold.pk).update(ranks=[1, 2])
    services.compute_report(project=project)
    latest = services.latest_report(project)
    assert latest.input_sha256 == first.input_sha256
    assert not services.is_stale(latest)


def judged_gold(project, labeler, **fields):
    item = make_item(project)
    make_judgment(item, labeler, [1, 2], purpose=Purpose.GOLD, **fields)
    return GoldItem.objects.create(
        project=project, item=item, ranks=[1, 2], unacceptable=[False, False]
    )


@pytest.mark.parametrize("change", [{"ranks": [2, 1]}, {"is_active": False, "is_counted": False}])
def test_a_corrected_known_answer_makes_figures_stale(project, labelers, change):
    gold = judged_gold(project, labelers[0], submitted_at=LONG_AGO)
    compute_later(project)
    assert compute_all(project) == 0
    before = services.latest_report(project, "labelers")
    assert not services.is_stale(before)

    GoldItem.objects.filter(pk=gold.pk).update(**change)

    assert services.is_stale(before)
    assert compute_all(project) == 1
    after = services.latest_report(project, "labelers")
    assert after.input_sha256 != before.input_sha256
    assert not services.is_stale(after)


def test_a_large_project_is_not_counted_for_its_pages(
    project, labelers, monkeypatch, django_assert_num_queries
):
    monkeypatch.setattr(services, "COUNTED_AT_ONCE", 0)
    gold = judged_gold(project, labelers[0])
    report = services.compute_report(project=project)
    with django_assert_num_queries(2) as statements:
        assert not services.is_stale(report)
    assert not any("COUNT(" in one["sql"] for one in statements.captured_queries)

    GoldItem.objects.filter(pk=gold.pk).update(ranks=[2, 1])
    assert services.is_stale(report)
    GoldItem.objects.filter(pk=gold.pk).update(ranks=[1, 2])
    assert not services.is_stale(report)
    make_judgment(make_item(project), labelers[0], [1, 2])
    assert services.is_stale(report)


@pytest.mark.parametrize("kind", ANALYSES)
def test_a_raised_version_of_any_kind_is_computed_again(project, labelers, kind):
    make_judgment(make_item(project), labelers[0], [1, 2], submitted_at=LONG_AGO)
    compute_later(project)
    assert compute_all(project) == 0
    project.reports.filter(kind=kind).update(code_version="0")
    assert services.latest_report(project, kind) is None

    assert compute_all(project) == 1

    assert services.latest_report(project, kind) is not None
    assert not project.reports.filter(code_version="0").exists()
    assert compute_all(project) == 0


def test_nothing_was_computed_and_nothing_judged_lately_is_left_alone(project, labelers):
    make_judgment(make_item(project), labelers[0], [1, 2], submitted_at=LONG_AGO)
    age_events(days=2)
    assert compute_all(project) == 0
    make_judgment(make_item(project), labelers[0], [1, 2])
    assert compute_all(project) == 1


def age_events(**ago):
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ALTER TABLE core_event DISABLE TRIGGER USER")
        cursor.execute("UPDATE core_event SET at = at - %s", [timedelta(**ago)])
        cursor.execute("ALTER TABLE core_event ENABLE TRIGGER USER")


def test_looking_for_what_is_behind_reads_no_figures(project, labelers):
    make_judgment(make_item(project), labelers[0], [1, 2])
    compute_all(project)
    a_while_ago = timezone.now() - services.REFRESH_AFTER
    Job.objects.update(created_at=a_while_ago, started_at=a_while_ago, finished_at=a_while_ago)
    with CaptureQueriesContext(
        connection,
    ) as seen:
        assert services.refresh_figures() == 0
    about_reports = [one["sql"] for one in seen if "quality_report" in one["sql"]]
    assert about_reports
    assert not any('"result"' in sql for sql in about_reports)


def test_a_long_fit_keeps_the_lease_of_its_job(project, labelers, monkeypatch):
    """Each step of a fit is a sign of life, written down at most every few seconds."""
    for number in range(20):
        item = make_item(project)
        for labeler in labelers:
            make_judgment(item, labeler, [1, 2] if number % 3 else [2, 1])

    def renewals():
        job = services.request_figures(project=project)
        project.reports.all().delete()
        with CaptureQueriesContext(connection) as seen:
            jobs.run(job.pk)
        job.refresh_from_db()
        assert job.state == Job.State.DONE
        return sum("lease_until" in one["sql"] and "UPDATE" in one["sql"] for one in seen)

    monkeypatch.setattr(jobs, "ALIVE_EVERY", 3600.0)
    seldom = renewals()
    monkeypatch.setattr(jobs, "ALIVE_EVERY", 0.0)
    assert renewals() > seldom + 10
