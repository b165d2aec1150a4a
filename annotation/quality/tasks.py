"""The background side of quality."""

from datetime import timedelta

from celery import shared_task
from django.utils.translation import gettext_lazy

from annotation.core.jobs import Claim, job_kind

KIND = "figures"
LOOK = "adaptive"
CHOOSE = "choosing"
ASK_JUDGE = "ask-judge"


# Nothing can be said while a million judgments are read, so the lease is long.
@job_kind(KIND, title=gettext_lazy("Computing figures"), lease=timedelta(minutes=5))
def compute_figures(claim: Claim):
    from annotation.quality import services  # a task is a leaf: services import us

    services.compute_in_job(claim)


@shared_task(name="quality.refresh_figures")
def refresh_figures():
    from annotation.quality import services  # a task is a leaf: services import us

    services.refresh_figures()


# As long, for the same reason.
@job_kind(LOOK, title=gettext_lazy("Look at adaptive judging"), lease=timedelta(minutes=5))
def look_at_judgments(claim: Claim):
    from annotation.quality.adaptive import services  # a task is a leaf: services import us

    return services.look_in_job(claim)


@shared_task(name="quality.look_again")
def look_again():
    from annotation.quality.adaptive import services  # a task is a leaf: services import us

    services.look_again()


@job_kind(CHOOSE, title=gettext_lazy("Choosing items"), lease=timedelta(minutes=5))
def choose_items(claim: Claim):
    from annotation.quality.adaptive import choosing  # a task is a leaf: services import us

    choosing.choose_in_job(claim)


@shared_task(name="quality.choose_again")
def choose_again():
    from annotation.quality.adaptive import choosing  # a task is a leaf: services import us

    choosing.choose_again()


# Hours of work in turns of minutes: a worker that is stopped on the way is no failure of it.
@job_kind(
    ASK_JUDGE,
    title=gettext_lazy("Opinions of an AI judge"),
    lease=timedelta(seconds=60),
    max_attempts=20,
    time_limit=None,
)
def ask_judge(claim: Claim):
    from annotation.quality.judges import running  # a task is a leaf: services import us

    return running.ask_in_job(claim)
