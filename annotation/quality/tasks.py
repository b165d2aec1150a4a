"""The background side of quality."""

from datetime import timedelta

from celery import shared_task

from annotation.core.jobs import Claim, job_kind

KIND = "figures"


# Nothing can be said while a million judgments are read, so the lease is long.
@job_kind(KIND, lease=timedelta(minutes=5))
def compute_figures(claim: Claim):
    from annotation.quality import services  # a task is a leaf: services import us

    services.compute_in_job(claim)


@shared_task(name="quality.refresh_figures")
def refresh_figures():
    from annotation.quality import services  # a task is a leaf: services import us

    services.refresh_figures()
