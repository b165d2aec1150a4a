"""Is anybody there to do the work? For commands, which can do it themselves."""

import time

from django.conf import settings

from annotation.celery import app
from annotation.core import jobs
from annotation.core.models import Job

PATIENCE_SECONDS = 1.5
POLL_SECONDS = 0.5


def is_queue_served(queue: str) -> bool:
    """Whether a worker that answers within a moment takes from this queue."""
    if not settings.REDIS_URL:
        return False
    try:
        answers = app.control.inspect(timeout=PATIENCE_SECONDS).active_queues()
    except Exception:  # whatever kombu or redis raise: there is nobody to reach
        return False
    return any(
        taken.get("name") == queue for queues in (answers or {}).values() for taken in queues
    )


def see_through(job: Job, *, is_here: bool) -> None:
    """Wait until a job is over; do it in this process where `is_here`, or where nobody else is
    there to. One that lets others first is done again when it is due."""
    is_local = is_here or not is_queue_served(job.queue)
    active = Job.objects.active().filter(pk=job.pk)
    while active.exists():
        if is_local:
            jobs.run(job.pk)
        time.sleep(POLL_SECONDS if active.exists() else 0)
    job.refresh_from_db()
