"""The background side of training. No time limit of Celery's: the supervisor watches progress."""

from datetime import timedelta

from annotation.core.jobs import Claim, job_kind

KIND = "train"


@job_kind(
    KIND,
    queue="train",
    lease=timedelta(seconds=60),
    max_attempts=3,
    time_limit=None,
    is_prioritised=True,
)
def train(claim: Claim):
    from annotation.runs import attempts  # a task is a leaf: services import us

    attempts.supervise_run(claim)
