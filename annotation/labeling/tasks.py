"""Celery's side of labeling."""

from datetime import timedelta

from django.utils.translation import gettext_lazy

from annotation.celery import app
from annotation.core.jobs import Claim, job_kind
from annotation.core.locks import only_one
from annotation.labeling.queue import expire_leases as expire


@app.task(name="labeling.expire_leases")
def expire_leases():
    with only_one("expire-leases") as is_ours:
        if is_ours:
            expire()


@app.task(name="labeling.sweep_quarantine")
def sweep_quarantine():
    from annotation.labeling.imports import services  # a task is a leaf: services import us
    from annotation.labeling.recording import sweep_recordings
    from annotation.prompts.attachments.services import sweep_attachments

    services.sweep_quarantine()
    sweep_recordings()
    sweep_attachments()


@app.task(name="labeling.climb_ladders")
def climb_ladders():
    from annotation.labeling.ladder.probation import climb  # a task is a leaf: services import us

    with only_one("climb-ladders") as is_ours:
        if is_ours:
            climb()


@app.task(name="labeling.rotate_gold")
def rotate_gold():
    from annotation.labeling.gold.rotation import rotate  # a task is a leaf: services import us

    with only_one("rotate-gold") as is_ours:
        if is_ours:
            rotate()


@app.task(name="labeling.warn_of_late_marks")
def warn_of_late_marks():
    from annotation.labeling.building.warnings import warn_of_late_marks  # a task is a leaf

    with only_one("warn-of-late-marks") as is_ours:
        if is_ours:
            warn_of_late_marks()


IMPORT_KIND = "import"


# Writing a large file is one transaction without a word in between, so the lease is long.
@job_kind(IMPORT_KIND, title=gettext_lazy("Import of items"), lease=timedelta(minutes=10))
def run_import(claim: Claim):
    from annotation.labeling.imports import services  # a task is a leaf: services import us

    services.run_job(claim)


RENDER_KIND = "render"


@job_kind(RENDER_KIND, title=gettext_lazy("Preparing texts"))
def render_ahead(claim: Claim):
    from annotation.labeling import prerender  # a task is a leaf: services import us

    return prerender.render_ahead(claim)


SLICES_KIND = "slices"


@job_kind(SLICES_KIND, title=gettext_lazy("Slices of items"), lease=timedelta(minutes=10))
def sort_into_slices(claim: Claim):
    from annotation.labeling.slices import sorting  # a task is a leaf: services import us

    return sorting.run_job(claim)


REVIEW_KIND = "review"


@job_kind(REVIEW_KIND, title=gettext_lazy("Choosing for review"))
def refresh_reviews(claim: Claim):
    from annotation.labeling.review import entries  # a task is a leaf: services import us

    return entries.refresh_in_job(claim)


@app.task(name="labeling.keep_reviews")
def keep_reviews():
    from annotation.labeling.review import entries  # a task is a leaf: services import us

    with only_one("keep-reviews") as is_ours:
        if is_ours:
            entries.bring_all_up_to_date()
