"""Celery's side of labeling."""

from annotation.celery import app
from annotation.core.locks import only_one
from annotation.labeling.queue import expire_leases as expire


@app.task(name="labeling.expire_leases")
def expire_leases():
    with only_one("expire-leases") as is_ours:
        if is_ours:
            expire()
