"""Background jobs: rows are the truth, every effect happens once, every end has a cause."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from annotation.core import jobs
from annotation.core.errors import DomainError
from annotation.core.models import Job
from tests.factories import make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def kind(monkeypatch):
    """Register a kind for one test: `kind(function, **options)`."""

    def register(function, **options):
        monkeypatch.setitem(jobs.KINDS, "toy", jobs.Kind(name="toy", run=function, **options))

    register(lambda claim: {"answer": 42})
    return register


def refreshed(job):
    job.refresh_from_db()
    return job


def test_a_job_is_done_once_however_often_its_message_arrives(kind):
    effects = []
    kind(lambda claim: effects.append(claim.token))
    job, _ = jobs.enqueue(kind="toy")

    for _ in range(5):
        jobs.run(job.pk)

    assert effects == [1]
    assert refreshed(job).state == "done"


def test_the_result_is_kept(kind):
    job, _ = jobs.enqueue(kind="toy")
    jobs.run(job.pk)
    assert refreshed(job).result == {"answer": 42}


def test_two_active_jobs_never_share_a_target(kind):
    first, is_new = jobs.enqueue(kind="toy", target="run:1")
    second, is_second_new = jobs.enqueue(kind="toy", target="run:1")

    assert (is_new, is_second_new) == (True, False)
    assert first == second
    jobs.run(first.pk)
    third, is_third_new = jobs.enqueue(kind="toy", target="run:1")
    assert is_third_new
    assert third != first


def test_a_rolled_back_transaction_queues_nothing(kind, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks() as callbacks:
        with transaction.atomic():
            jobs.enqueue(kind="toy")
            transaction.set_rollback(True)
        assert callbacks == []
    assert not Job.objects.exists()


def test_a_broken_rule_fails_the_job_with_its_sentence(kind):
    def refuse(claim):
        raise DomainError("The file is empty.")

    kind(refuse)
    job, _ = jobs.enqueue(kind="toy")
    jobs.run(job.pk)
    assert (refreshed(job).state, job.error) == ("failed", "The file is empty.")


def test_a_defect_of_ours_fails_the_job_with_its_name(kind, caplog):
    kind(lambda claim: 1 / 0)
    job, _ = jobs.enqueue(kind="toy")
    jobs.run(job.pk)
    assert refreshed(job).state == "failed"
    assert "ZeroDivisionError" in job.error


def lose_lease(job):
    Job.objects.filter(pk=job.pk).update(lease_until=timezone.now() - timedelta(seconds=1))


def test_a_worker_that_lost_its_lease_writes_nothing(kind):
    job, _ = jobs.enqueue(kind="toy")
    stale = jobs.Claim.take(job.pk)
    lose_lease(job)
    fresh = jobs.Claim.take(job.pk)
    assert (stale.token, fresh.token) == (1, 2)

    for write in (
        lambda: stale.progress(done=1),
        lambda: stale.finish({"stale": True}),
        lambda: stale.fail("no"),
        stale.fence,
    ):
        with pytest.raises(jobs.Fenced):
            write()
    fresh.finish({"fresh": True})

    assert refreshed(job).result == {"fresh": True}


def test_a_live_lease_cannot_be_claimed(kind):
    job, _ = jobs.enqueue(kind="toy")
    assert jobs.Claim.take(job.pk) is not None
    assert jobs.Claim.take(job.pk) is None


def test_progress_renews_the_lease(kind):
    job, _ = jobs.enqueue(kind="toy")
    claim = jobs.Claim.take(job.pk)
    Job.objects.filter(pk=job.pk).update(lease_until=timezone.now() + timedelta(seconds=1))

    claim.progress(done=3, total=10, note="reading")

    assert refreshed(job).lease_until > timezone.now() + timedelta(seconds=30)
    assert (job.progress_done, job.progress_total, job.progress_note) == (3, 10, "reading")


def test_a_job_that_kills_its_worker_fails_after_its_attempts_with_a_cause(kind):
    kind(lambda claim: None, max_attempts=3)
    job, _ = jobs.enqueue(kind="toy")
    for _ in range(3):
        assert jobs.Claim.take(job.pk) is not None
        lose_lease(job)
    assert jobs.Claim.take(job.pk) is None

    jobs.reconcile()

    assert refreshed(job).state == "failed"
    assert "died or stalled" in job.error


def test_a_message_that_was_never_sent_is_sent_by_the_reconciler(kind, settings):
    """The trap is NULL: a failed publish leaves dispatched_at empty, not old."""
    job, _ = jobs.enqueue(kind="toy")
    assert refreshed(job).dispatched_at is None  # on_commit never ran in this test's transaction

    assert jobs.reconcile() == 1
    assert refreshed(job).dispatched_at is not None
    assert jobs.reconcile() == 0, "not again within half a minute"


def test_a_cancelled_job_that_waits_is_over_at_once(kind):
    job, _ = jobs.enqueue(kind="toy")
    jobs.request_cancel(job)
    assert job.state == "cancelled"
    jobs.run(job.pk)
    assert refreshed(job).state == "cancelled"


def test_a_cancelled_job_that_runs_stops_at_its_next_progress(kind):
    def work(claim):
        jobs.request_cancel(Job.objects.get(pk=claim.job.pk))
        claim.progress(done=1)
        raise AssertionError("must not come here")

    kind(work)
    job, _ = jobs.enqueue(kind="toy")
    jobs.run(job.pk)
    assert refreshed(job).state == "cancelled"


def test_a_job_may_put_itself_off_without_using_up_an_attempt(kind):
    def wait(claim):
        raise jobs.Deferred(60)

    kind(wait)
    job, _ = jobs.enqueue(kind="toy")
    jobs.run(job.pk)
    assert (refreshed(job).state, job.attempts) == ("queued", 0)
    assert job.not_before > timezone.now() + timedelta(seconds=30)
    assert jobs.Claim.take(job.pk) is None


def test_effect_and_finish_commit_as_one(kind):
    def work(claim):
        with transaction.atomic():
            claim.fence()
            make_user("effect")
            claim.finish({"made": 1})

    kind(work)
    job, _ = jobs.enqueue(kind="toy")
    jobs.run(job.pk)
    assert refreshed(job).result == {"made": 1}


@pytest.mark.parametrize(
    "bad",
    [
        {"state": "running"},
        {"state": "done"},
        {"state": "failed", "finished_at": "2026-01-01T00:00Z"},
        {"attempts": 9},
    ],
)
def test_the_database_refuses_states_that_cannot_be(kind, bad):
    job, _ = jobs.enqueue(kind="toy")
    with pytest.raises(IntegrityError), transaction.atomic():
        Job.objects.filter(pk=job.pk).update(**bad)


def test_a_message_brings_the_most_urgent_of_a_prioritised_kind(kind):
    done = []
    kind(lambda claim: done.append(claim.job.pk), is_prioritised=True)
    usual, later, urgent = (
        jobs.enqueue(kind="toy", priority=priority)[0] for priority in (0, -1, 5)
    )
    assert [jobs.place_of(job) for job in (usual, later, urgent)] == [(2, 3), (3, 3), (1, 3)]

    for job in (usual, later, urgent):  # as their messages arrive
        jobs.run(job.pk)

    assert done == [urgent.pk, usual.pk, later.pk]


def test_a_kind_without_priorities_is_done_as_its_messages_come(kind):
    done = []
    kind(lambda claim: done.append(claim.job.pk))
    first, urgent = (jobs.enqueue(kind="toy", priority=priority)[0] for priority in (0, 5))
    jobs.run(first.pk)
    assert done == [first.pk]
    assert refreshed(urgent).state == "queued"
