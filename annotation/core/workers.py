"""Is anybody there to do the work? For commands, which can do it themselves."""

from django.conf import settings

from annotation.celery import app

PATIENCE_SECONDS = 1.5


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
