"""A push as a command tells of it."""

from collections.abc import Callable

from annotation.core.errors import DomainError
from annotation.core.models import Job
from annotation.core.workers import see_through
from annotation.datasets.models import Push


def finish(job: Job, *, is_here: bool) -> Job:
    """See a job to its end; DomainError where that is none."""
    see_through(job, is_here=is_here)
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
