"""Celery's side of privacy."""

from django.utils.translation import gettext_lazy

from annotation.celery import app
from annotation.core.jobs import Claim, job_kind

COPY = "personal_copy"


@job_kind(COPY, title=gettext_lazy("Copy of somebody’s data"))
def make_copy(claim: Claim):
    from annotation.privacy import copies  # a task is a leaf: services import us

    return copies.build(claim)


@app.task(name="privacy.sweep_copies")
def sweep_copies():
    from annotation.privacy import copies

    copies.sweep_copies()
