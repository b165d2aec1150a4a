"""Background jobs: rows with a lease and a token.

`enqueue` is the only way to start one. A worker claims the row with one UPDATE that raises its
token; every later write names the token, so a worker that lost its lease changes nothing.
The lease is renewed by progress. Lost messages are sent again by `reconcile`.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from time import monotonic
from typing import Any

from django.db import IntegrityError, OperationalError, connection, transaction
from django.db.models import F, Q, QuerySet
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _

from annotation.core.errors import Conflict, DomainError
from annotation.core.models import Job

logger = logging.getLogger(__name__)

RESEND_AFTER = timedelta(seconds=30)
ALIVE_EVERY = 5.0  # seconds


class Fenced(Exception):
    """Somebody else holds the job now: stop, and write nothing."""


class Cancelled(Exception):
    """Somebody asked for the end: clean up and stop."""


class Deferred(Exception):
    """Not over: come back in `seconds`, without counting this as an attempt."""

    def __init__(self, seconds: float):
        super().__init__(f"again in {seconds} s")
        self.seconds = seconds


@dataclass(frozen=True)
class Kind:
    """How jobs of one kind run: which queue, how long a lease, how often at most."""

    name: str
    run: Callable[["Claim"], dict | None]
    # What it is called on pages.
    title: str | Promise = ""
    queue: str = "default"
    lease: timedelta = timedelta(seconds=60)
    max_attempts: int = 3
    # Seconds until the worker stops the task; None where the row holds a limit of its own.
    time_limit: int | None = 1800
    # Whether a worker that is rung takes the most urgent of those that wait instead.
    is_prioritised: bool = False


KINDS: dict[str, Kind] = {}


def job_kind(name: str, **options):
    """Register the function that does jobs of this kind: `claim` in, a JSON result out."""

    def register(function):
        KINDS[name] = Kind(name=name, run=function, **options)
        return function

    return register


def enqueue(
    *, kind, project=None, actor=None, target="", payload=None, priority=0
) -> tuple[Job, bool]:
    """Queue a job and ring the worker after the commit. Returns (job, created).

    With a target, an active job of that kind and target is returned instead of a second one.
    """
    with transaction.atomic():
        for _attempt in range(3):
            try:
                with transaction.atomic():
                    job = _create(kind, project, actor, target, payload, priority)
            except IntegrityError:
                active = Job.objects.active().filter(kind=kind, target=target).first()
                if active is not None and target:
                    return active, False
                if not target:
                    raise
                # The active one ended between the two statements: the place is free now.
            else:
                transaction.on_commit(partial(dispatch, job.pk, kind))
                return job, True
    raise Conflict(_("Too much happened at once. Try again."))


def _create(kind, project, actor, target, payload, priority) -> Job:
    return Job.objects.create(
        kind=kind,
        queue=KINDS[kind].queue,
        project=project,
        created_by=actor,
        target=target,
        payload=payload or {},
        priority=priority,
        max_attempts=KINDS[kind].max_attempts,
    )


def dispatch(job_id: int, kind: str, *, delay: float = 0) -> bool:
    """Send the message. A broker that is down is no error: the reconciler sends it again."""
    from annotation.core.tasks import run_job  # a task is a leaf: it imports this module

    options = KINDS[kind]
    limits = {}
    if options.time_limit is not None:
        limits = {"soft_time_limit": options.time_limit, "time_limit": options.time_limit + 30}
    try:
        run_job.apply_async(
            args=[job_id], queue=options.queue, retry=False, countdown=delay or None, **limits
        )
    except Exception as error:  # whatever kombu or redis raise: the row stays, the tick resends
        logger.warning("job %s not sent, the broker does not answer: %s", job_id, error)
        return False
    Job.objects.filter(pk=job_id).update(dispatched_at=Now())
    return True


def request_cancel(job: Job) -> None:
    """Ask a job to end. One that waits is over at once; one that runs ends by itself."""
    waiting = Job.objects.filter(pk=job.pk, state=Job.State.QUEUED)
    if not waiting.update(state=Job.State.CANCELLED, finished_at=Now(), cancel_requested_at=Now()):
        running = Job.objects.filter(pk=job.pk, state=Job.State.RUNNING)
        running.filter(cancel_requested_at=None).update(cancel_requested_at=Now())
    job.refresh_from_db()


def revive(job: Job) -> None:
    """Queue a job again that failed or was cancelled. Its token goes on growing."""
    with transaction.atomic():
        try:
            with transaction.atomic():
                revived = Job.objects.filter(
                    pk=job.pk, state__in=[Job.State.FAILED, Job.State.CANCELLED]
                ).update(
                    state=Job.State.QUEUED,
                    attempts=0,
                    error="",
                    finished_at=None,
                    cancel_requested_at=None,
                    dispatched_at=None,
                    not_before=Now(),
                )
        except IntegrityError as error:
            raise Conflict(_("The same is under way already.")) from error
        if not revived:
            raise Conflict(_("Only what failed or was cancelled can be taken up again."))
        transaction.on_commit(lambda: dispatch(job.pk, job.kind))
    job.refresh_from_db()


CLAIM = """
UPDATE core_job
   SET state = 'running', token = token + 1, attempts = attempts + 1,
       lease_until = clock_timestamp() + %(lease)s,
       started_at = coalesce(started_at, clock_timestamp())
 WHERE id = %(id)s AND attempts < max_attempts AND not_before <= clock_timestamp()
   AND (state = 'queued' OR (state = 'running' AND lease_until < clock_timestamp()))
RETURNING token, kind
"""


class Claim:
    """A job held by this worker. Raises Fenced as soon as it is not."""

    def __init__(self, job: Job):
        self.job = job
        self.token = job.token
        self.is_over = False
        self.heard_at = monotonic()

    @classmethod
    def take(cls, job_id: int) -> "Claim | None":
        """Claim the job, or None: somebody else has it, it is over, or not yet due."""
        kind = Job.objects.filter(pk=job_id).values_list("kind", flat=True).first()
        if kind is None:
            return None
        values: dict[str, Any] = {"id": job_id, "lease": KINDS[kind].lease}
        with connection.cursor() as cursor:
            cursor.execute(CLAIM, values)
            if cursor.fetchone() is None:
                return None
        return cls(Job.objects.select_related("project", "created_by").get(pk=job_id))

    def _write(self, **values):
        held = Job.objects.filter(pk=self.job.pk, token=self.token, state=Job.State.RUNNING)
        if not held.update(**values):
            raise Fenced(f"job {self.job.pk} is no longer ours (token {self.token})")
        for name, value in values.items():
            if not hasattr(value, "resolve_expression"):
                setattr(self.job, name, value)

    def progress(self, done=None, total=None, note=None):
        """Say how far the work is and renew the lease. Raises Fenced or Cancelled."""
        values: dict[str, Any] = {"lease_until": Now() + KINDS[self.job.kind].lease}
        if done is not None:
            values["progress_done"] = done
        if total is not None:
            values["progress_total"] = total
        if note is not None:
            values["progress_note"] = note[:200]
        self._write(**values)
        self.heard_at = monotonic()
        self.stop_if_cancelled()

    def alive(self):
        """Renew the lease where there is nothing to say: from any loop, for it is written down
        at most every ALIVE_EVERY seconds."""
        if monotonic() - self.heard_at >= ALIVE_EVERY:
            self.progress()

    def is_cancel_requested(self) -> bool:
        return Job.objects.filter(pk=self.job.pk, cancel_requested_at__isnull=False).exists()

    def stop_if_cancelled(self):
        if self.is_cancel_requested():
            raise Cancelled

    def fence(self):
        """Inside a transaction: lock the row, so that effect and finish commit as one."""
        held = Job.objects.select_for_update().filter(
            pk=self.job.pk, token=self.token, state=Job.State.RUNNING
        )
        if not held.exists():
            raise Fenced(f"job {self.job.pk} is no longer ours (token {self.token})")

    def finish(self, result=None):
        """The job is done. Call it in the transaction of the effect, or let the runner."""
        self._write(
            state=Job.State.DONE,
            result=result or {},
            finished_at=Now(),
            lease_until=None,
            progress_done=F("progress_total")
            if self.job.progress_total is not None
            else F("progress_done"),
        )
        self.is_over = True

    def fail(self, error: str):
        self._write(
            state=Job.State.FAILED,
            error=error or "unknown cause",
            finished_at=Now(),
            lease_until=None,
        )
        self.is_over = True

    def cancelled(self):
        self._write(state=Job.State.CANCELLED, finished_at=Now(), lease_until=None)
        self.is_over = True

    def defer(self, seconds: float, *, is_attempt: bool = False):
        """Put the job back into the queue for later."""
        self._write(
            state=Job.State.QUEUED,
            lease_until=None,
            not_before=Now() + timedelta(seconds=seconds),
            dispatched_at=None,
            attempts=F("attempts") if is_attempt else F("attempts") - 1,
        )
        self.is_over = True
        dispatch(self.job.pk, self.job.kind, delay=seconds)


def waiting(kind: str) -> QuerySet[Job]:
    """Those of a kind that wait and are due, the most urgent first."""
    due = Job.objects.filter(kind=kind, state=Job.State.QUEUED, not_before__lte=Now())
    return due.order_by("-priority", "pk")


def place_of(job: Job) -> tuple[int, int]:
    """(place in the queue, how many wait) of a job that waits; its own place counts from 1."""
    queue = Job.objects.filter(kind=job.kind, state=Job.State.QUEUED)
    ahead = queue.filter(Q(priority__gt=job.priority) | Q(priority=job.priority, pk__lt=job.pk))
    return ahead.count() + 1, queue.count()


def most_urgent(job_id: int) -> int:
    """The job to do for a message that names this one: one of its kind that is more urgent, or
    itself. There is a message for each job, so that each is done, in the order of urgency; the
    message of one that was done before its turn brings another."""
    job = Job.objects.filter(pk=job_id).values("kind", "priority", "state").first()
    if job is None or not KINDS[job["kind"]].is_prioritised or job["state"] == Job.State.RUNNING:
        return job_id
    others = waiting(job["kind"])
    if job["state"] == Job.State.QUEUED:
        others = others.filter(priority__gt=job["priority"])
    return others.values_list("pk", flat=True).first() or job_id


def run(job_id: int) -> None:
    """Claim one job and do it. Safe to call any number of times."""
    claim = Claim.take(most_urgent(job_id))
    if claim is None:
        return
    try:
        try:
            result = KINDS[claim.job.kind].run(claim)
            if not claim.is_over:
                claim.finish(result)
        except Cancelled:
            claim.cancelled()
        except Deferred as pause:
            claim.defer(pause.seconds)
        except DomainError as error:
            claim.fail(str(error))
        except (Fenced, OperationalError):
            raise
        except Exception as error:
            logger.exception("job %s failed", job_id)
            claim.fail(f"{type(error).__name__}: {error}")
    except Fenced as error:
        logger.warning("%s", error)
    except OperationalError:
        # The database went away: the lease runs out and the job is claimed again.
        logger.exception("job %s lost its database", job_id)


def reconcile() -> int:
    """Fail what crashed too often, send again what waits or lost its worker. Returns how many."""
    now = timezone.now()
    Job.objects.filter(
        state=Job.State.RUNNING, lease_until__lt=Now(), attempts__gte=F("max_attempts")
    ).update(
        state=Job.State.FAILED,
        error="The worker died or stalled every time this was tried.",
        finished_at=Now(),
        lease_until=None,
    )
    due = (
        Job.objects.filter(
            Q(state=Job.State.QUEUED) | Q(state=Job.State.RUNNING, lease_until__lt=Now())
        )
        .filter(not_before__lte=Now())
        .filter(Q(dispatched_at=None) | Q(dispatched_at__lt=now - RESEND_AFTER))
        .values_list("pk", "kind")[:500]
    )
    return sum(dispatch(pk, kind) for pk, kind in due if kind in KINDS)
