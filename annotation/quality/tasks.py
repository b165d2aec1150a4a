"""The background side of quality."""

from datetime import timedelta

from annotation.core.jobs import Claim, job_kind

KIND = "agreement"


# Nothing can be said while a million judgments are read, so the lease is long.
@job_kind(KIND, lease=timedelta(minutes=5))
def compute_agreement(claim: Claim):
    from annotation.quality import services  # a task is a leaf: services import us

    services.compute_in_job(claim)
