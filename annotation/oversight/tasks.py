"""The background side of oversight."""

from django.utils.translation import gettext_lazy

from annotation.celery import app
from annotation.core.jobs import Claim, job_kind
from annotation.core.locks import only_one

DELIVERY_KIND = "webhook"


# One attempt takes 20 s at most; as many attempts as sending.PAUSES has pauses, and one more.
@job_kind(DELIVERY_KIND, title=gettext_lazy("Message to a webhook"), max_attempts=6, time_limit=60)
def deliver(claim: Claim):
    from annotation.oversight.webhooks import sending  # a task is a leaf: services import us

    return sending.deliver(claim)


ALERT_MAIL_KIND = "alert-mail"


@job_kind(ALERT_MAIL_KIND, title=gettext_lazy("Mail of an alert"), time_limit=60)
def send_alert_mail(claim: Claim):
    from annotation.oversight.alerts import mail  # a task is a leaf: services import us

    mail.send(claim)


@app.task(name="oversight.check_alerts")
def check_alerts():
    from annotation.oversight.alerts import services  # a task is a leaf: services import us

    with only_one("check-alerts") as is_ours:
        if is_ours:
            services.check_all()
