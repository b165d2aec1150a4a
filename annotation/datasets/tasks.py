"""The background side of datasets."""

from datetime import timedelta

from django.utils.translation import gettext_lazy

from annotation.celery import app
from annotation.core.jobs import Claim, job_kind

FREEZE = "freeze_dataset"
VERIFY = "verify_dataset"


# The judgments are read in one read-only transaction, in which no progress can be written: the
# lease covers the longest freeze there may be.
@job_kind(FREEZE, title=gettext_lazy("Freezing a dataset"), lease=timedelta(minutes=30))
def freeze_dataset(claim: Claim):
    from annotation.datasets import services  # a task is a leaf: services import us

    return services.freeze_in_job(claim)


@job_kind(VERIFY, title=gettext_lazy("Check of a dataset"), lease=timedelta(minutes=30))
def verify_dataset(claim: Claim):
    from annotation.datasets import verify

    return verify.verify_in_job(claim)


PUSH = "push_dataset"
TRY = "try_destination"


# One request of a push may take ten minutes, and hours all of them.
@job_kind(
    PUSH, title=gettext_lazy("Publishing a dataset"), lease=timedelta(minutes=15), time_limit=None
)
def push_dataset(claim: Claim):
    from annotation.datasets.publishing import pushing

    pushing.push_in_job(claim)


@job_kind(
    TRY, title=gettext_lazy("Trial of a destination"), lease=timedelta(minutes=15), max_attempts=1
)
def try_destination(claim: Claim):
    from annotation.datasets.publishing import trial

    return trial.try_in_job(claim)


EXPORT = "export_dataset"


# Told about once a second while rows are read; checking all files before that takes longer.
@job_kind(
    EXPORT,
    title=gettext_lazy("Export of a dataset"),
    lease=timedelta(minutes=10),
    time_limit=None,
)
def export_dataset(claim: Claim):
    from annotation.datasets.exports import ordering

    return ordering.make_in_job(claim)


@app.task(name="datasets.sweep_exports")
def sweep_exports():
    from annotation.datasets.exports import kept

    kept.sweep()
