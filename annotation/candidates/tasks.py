"""The background side of asking models for responses."""

from datetime import timedelta

from django.utils.translation import gettext_lazy

from annotation.core.jobs import Claim, job_kind

KIND = "generate"


@job_kind(
    KIND,
    title=gettext_lazy("Responses of a model"),
    queue="train",
    lease=timedelta(seconds=60),
    max_attempts=3,
    time_limit=None,
)
def generate(claim: Claim):
    from annotation.candidates import services  # a task is a leaf: services import us

    services.supervise_generation(claim)


MARK_KIND = "mark"


@job_kind(
    MARK_KIND,
    title=gettext_lazy("Marks on responses"),
    lease=timedelta(minutes=5),
    time_limit=None,
)
def mark_responses(claim: Claim):
    from annotation.candidates.marks import marking  # a task is a leaf: services import us

    return marking.mark_in_job(claim)


CLASSIFY_KIND = "classify-safety"


@job_kind(
    CLASSIFY_KIND,
    title=gettext_lazy("Safety of responses"),
    lease=timedelta(seconds=60),
    max_attempts=20,
    time_limit=None,
)
def classify_safety(claim: Claim):
    from annotation.candidates.marks import classifying  # a task is a leaf: services import us

    classifying.classify_in_job(claim)


TRY_KIND = "try-endpoint"


# As long as an endpoint's longest time limit, and some.
@job_kind(
    TRY_KIND,
    title=gettext_lazy("Trial of an endpoint"),
    lease=timedelta(seconds=660),
    max_attempts=1,
    time_limit=640,
)
def try_endpoint(claim: Claim):
    from annotation.candidates.endpoints import trial  # a task is a leaf: services import us

    return trial.try_endpoint(claim)


ASK_KIND = "ask-endpoint"


# Hours of work in turns of minutes: a worker that is stopped on the way is no failure of it.
@job_kind(
    ASK_KIND,
    title=gettext_lazy("Responses of an endpoint"),
    lease=timedelta(seconds=60),
    max_attempts=20,
    time_limit=None,
)
def ask_endpoint(claim: Claim):
    from annotation.candidates.generation import running  # a task is a leaf: services import us

    running.generate_by_endpoint(claim)
