"""The mail about an alert: a job for each address, in its reader's language."""

from django.conf import settings
from django.core.mail import EmailMessage
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import override

from annotation.accounts.models import User
from annotation.accounts.preferences import preferences_of
from annotation.core.jobs import Claim
from annotation.oversight.alerts.words import sentence
from annotation.oversight.models import Alert, AlertKind, AlertTurn
from annotation.projects.permissions import may

PAUSES = [60, 600]


def send(claim: Claim) -> None:
    """One mail. A server that refuses it is asked again; the job says when nothing helped."""
    turn = AlertTurn.objects.select_related("alert__project").get(pk=claim.job.payload["turn"])
    user = User.objects.get(pk=claim.job.payload["user"])
    if not (user.is_active and user.email):
        return
    try:
        letter(turn, user).send()
    except OSError as error:  # every smtplib error is one
        if claim.job.attempts > len(PAUSES):
            claim.fail(f"The mail server refused it: {type(error).__name__}")
        else:
            claim.defer(PAUSES[claim.job.attempts - 1], is_attempt=True)


def letter(turn: AlertTurn, user: User) -> EmailMessage:
    alert = turn.alert
    with override(preferences_of(user).language or settings.LANGUAGE_CODE):
        name = " ".join(alert.project.name.split())  # a subject is one line
        lines = [
            sentence(alert.kind, turn.value, turn.threshold),
            "",
            _("The project: %(url)s")
            % {"url": alert.base_url + reverse("runs:show-project", args=[alert.project.slug])},
            _why(alert, user),
        ]
        return EmailMessage(
            subject=f"[Concord] {name}: {AlertKind(alert.kind).label}",
            body="\n".join(lines),
            from_email=settings.DEFAULT_FROM_EMAIL,
            to=[user.email],
        )


def _why(alert: Alert, user: User) -> str:
    if not may(user, "manage", alert.project):
        return _("You get this once, because a lead of the project chose you for it.")
    url = alert.base_url + reverse("oversight:edit-alerts", args=[alert.project.slug])
    return _("You get this once. Who gets it is chosen under Alerts: %(url)s") % {"url": url}
