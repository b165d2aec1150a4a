"""Mails to a person about what changed in how their account is opened: whoever did not do it
themself should learn of it while it can still be undone."""

import logging
from datetime import timedelta

from django.conf import settings
from django.core.mail import EmailMessage
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, override

from annotation.accounts.models import User
from annotation.accounts.preferences import preferences_of
from annotation.accounts.tasks import NOTICE
from annotation.core import jobs
from annotation.core.errors import DomainError

logger = logging.getLogger(__name__)
PAUSE = timedelta(minutes=1)  # before the next try, longer each time

# By the kind of the event that the audit trail keeps of it.
SENTENCES = {
    "email.changed": gettext_lazy("Your account has another e-mail address now, no longer this."),
    "password.changed": gettext_lazy("Your password was changed."),
    "second_factor.added": gettext_lazy("A second factor was added to your account."),
    "second_factor.removed": gettext_lazy("A second factor was removed from your account."),
    "second_factor.reset": gettext_lazy("An operator removed every second factor you had."),
    "second_factor.codes_renewed": gettext_lazy(
        "You have new recovery codes; the old ones are void."
    ),
    "token.created": gettext_lazy("An API token was made for your account."),
    "user.disabled": gettext_lazy(
        "An operator closed your account. You can sign in no more; what you did stays."
    ),
    "user.enabled": gettext_lazy("An operator opened your account again: you can sign in."),
}


def tell(user, what: str, *, address: str = "") -> None:
    """Beside the change, in its transaction: the mail leaves once that is committed. Nothing for
    people without an address. The mail goes to the `address` where one is given, for it is gone
    when the mail leaves: the job is the person's then, so that erasing them empties it."""
    if not (address or user.email) or user.kind != User.Kind.PERSON:
        return
    payload = {"user": user.pk, "what": what, "at": timezone.now().isoformat()}
    if address:
        payload["address"] = address
    jobs.enqueue(kind=NOTICE, actor=user if address else None, payload=payload)


def send_notice(claim: jobs.Claim) -> dict | None:
    payload = claim.job.payload
    user = User.objects.filter(pk=payload["user"]).first()
    address = payload.get("address") or (user.email if user else "")
    if user is None or not address:  # gone meanwhile
        return {"sent": 0}
    language = preferences_of(user).language or settings.LANGUAGE_CODE
    with override(language):
        message = _letter(user, address, payload)
    try:
        message.send()
    except OSError as error:  # every smtplib error is one
        logger.warning("notice of job %s was not sent: %s", claim.job.pk, type(error).__name__)
        if claim.job.attempts >= claim.job.max_attempts:
            raise DomainError("The mail server did not take the mail.") from error
        claim.defer(PAUSE.total_seconds() * 2 ** (claim.job.attempts - 1), is_attempt=True)
        return None
    return {"sent": 1}


def _letter(user, address: str, payload) -> EmailMessage:
    context = {
        "name": user.display_name,
        "sentence": SENTENCES[payload["what"]],
        "at": parse_datetime(payload["at"]),
    }
    return EmailMessage(
        subject="[Concord] " + _("Your account"),
        body=render_to_string("accounts/notice_mail.txt", context),
        from_email=settings.DEFAULT_FROM_EMAIL,
        to=[address],
    )
