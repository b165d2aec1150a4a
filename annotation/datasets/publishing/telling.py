"""A push as a command tells of it."""

import time
from collections.abc import Callable

from annotation.core import jobs, workers
from annotation.core.errors import DomainError
from annotation.core.models import Job
from annotation.datasets.models import Push

POLL_SECONDS = 0.5


def finish(job: Job, *, is_here: bool) -> Job:
    """Wait until a job is over; do it in this process where no worker is there to."""
    is_local = is_here or not workers.is_queue_served(job.queue)
    active = Job.objects.active().filter(pk=job.pk)
    while active.exists():
        if is_local:
            jobs.run(job.pk)
        time.sleep(POLL_SECONDS if active.exists() else 0)
    job.refresh_from_db()
    if job.state != Job.State.DONE:
        raise DomainError(job.error or f"It was {job.state}.")
    return job


def follow(push: Push, tell: Callable[[str], object], *, is_here: bool) -> None:
    """See it to its end and say what arrived."""
    finish(push.job, is_here=is_here)
    push.refresh_from_db()
    for name, file in push.files.items():
        tell(f"{file['bytes']:>14,}  {file['sha256'][:12]}  {name}")
    revision = f", commit {push.revision}" if push.revision else ""
    tell(f"{push.url or push.place}{revision}; record {push.sha256}.")
