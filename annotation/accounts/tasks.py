"""Celery's side of accounts."""

from django.utils.translation import gettext_lazy

from annotation.celery import app
from annotation.core.jobs import Claim, job_kind

NOTICE = "security_notice"


@job_kind(NOTICE, title=gettext_lazy("Mail about an account"), max_attempts=5, time_limit=120)
def send_notice(claim: Claim):
    from annotation.accounts import notices  # a task is a leaf: services import us

    return notices.send_notice(claim)


@app.task(name="accounts.clear_expired")
def clear_expired():
    from annotation.accounts import services  # a task is a leaf
    from annotation.accounts.sign_in_events import record_refused

    services.clear_expired()
    record_refused()
