"""Which copies of a run's checkpoints there are, and which are needed no more."""

import threading
from collections.abc import Callable
from typing import Any

from annotation.core import jobs
from annotation.core.models import Job
from annotation.datasets.models import Destination
from annotation.runs import tasks
from annotation.runs.models import CheckpointCopy, TrainingRun


class Stopped(Exception):
    """Nobody waits for the rest."""


class Sideline(threading.Thread):
    """One piece of work with a bucket, beside the main thread, which renews the lease meanwhile.
    It knows no database; `alive` raises Stopped once it is to end."""

    def __init__(self, work: Callable[[Callable[[], None]], Any]):
        super().__init__(daemon=True)
        self.work = work
        self.is_stopped = threading.Event()
        self.outcome: Any = None
        self.error: Exception | None = None

    def run(self) -> None:
        try:
            self.outcome = self.work(self.alive)
        except Exception as error:
            self.error = error

    def alive(self) -> None:
        if self.is_stopped.is_set():
            raise Stopped


def keeper_of(run: TrainingRun) -> Destination | None:
    """The bucket that the project keeps checkpoints in."""
    return (
        Destination.objects.kept().filter(project=run.project_id, keeps_checkpoints=True).first()
    )


def reachable(run: TrainingRun) -> list[CheckpointCopy]:
    """The run's copies in buckets that a destination leads to now, the newest first; each with
    that destination. A bucket that was removed and added again is the same bucket."""
    copies = list(
        run.checkpoint_copies.filter(removed_at=None)
        .select_related("destination")
        .order_by("-step", "-token")
    )
    if not copies:
        return []
    kept = Destination.objects.kept().filter(project=run.project_id, kind=Destination.Kind.S3)
    now = {(one.endpoint, one.bucket): one for one in kept}
    found = []
    for copy in copies:
        if place := now.get((copy.destination.endpoint, copy.destination.bucket)):
            copy.destination = place
            found.append(copy)
    return found


def newest_copy(run: TrainingRun) -> CheckpointCopy | None:
    """The newest that is whole and can be reached."""
    return next((copy for copy in reachable(run) if copy.arrived_at), None)


def needless(run: TrainingRun) -> list[CheckpointCopy]:
    """What can be taken out of its bucket: all once the run has its model; else all that is
    older than the newest whole one, and what was left half when nothing runs any more."""
    found = reachable(run)
    job = Job.objects.get(pk=run.job_id)
    if job.state == Job.State.DONE:
        return found
    newest = next((copy for copy in found if copy.arrived_at), None)
    return [
        copy
        for copy in found
        if (newest is not None and copy.age < newest.age)
        or (copy.arrived_at is None and not job.is_active)
    ]


def order_removal(run: TrainingRun) -> None:
    """Queue taking out what is needed no more, where there is such."""
    if needless(run):
        jobs.enqueue(
            kind=tasks.REMOVE_COPIES_KIND,
            project=run.project,
            target=f"run:{run.pk}",
            payload={"run": run.pk},
        )


def sweep() -> None:
    """Ask again for what a bucket kept of trainings that are over."""
    copies = CheckpointCopy.objects.filter(removed_at=None).exclude(run__job__state__in=Job.ACTIVE)
    for run in TrainingRun.objects.filter(pk__in=copies.values("run")).select_related("project"):
        order_removal(run)
