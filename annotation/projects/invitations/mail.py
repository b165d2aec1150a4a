"""How invitations leave: a job for a batch, a mail for each, a link made as the mail leaves."""

import logging
from datetime import timedelta

from django.conf import settings
from django.core.mail import EmailMessage, get_connection
from django.db import transaction
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import override

from annotation.core.jobs import Claim
from annotation.projects.models import Invitation

logger = logging.getLogger(__name__)

# How long to wait before the next try, longer each time.
PAUSE = timedelta(minutes=1)


def send_batch(claim: Claim) -> dict | None:
    """Mail what of the batch has not left yet. What fails is written beside it and tried again
    with the job; after the last attempt the lead sees it and may send it again."""
    payload = claim.job.payload
    waiting = Invitation.objects.to_be_mailed().filter(pk__in=payload["invitations"])
    left = failed = 0
    with override(payload["language"]):
        connection = get_connection()
        invitations = list(waiting.select_related("project", "invited_by").order_by("pk"))
        for number, invitation in enumerate(invitations, start=1):
            claim.progress(done=number - 1, total=len(invitations))
            if _send(claim, invitation, payload["base_url"], connection):
                left += 1
            else:
                failed += 1
        _close(connection)
    if failed and claim.job.attempts < claim.job.max_attempts:
        pause = PAUSE.total_seconds() * 2 ** (claim.job.attempts - 1)
        claim.defer(pause, is_attempt=True)
        return None
    return {"sent": left, "failed": failed}


def _send(claim: Claim, invitation: Invitation, base_url: str, connection) -> bool:
    """Its link is in the database before it is in a mail, and the mail says that it left only
    once it has: a worker that dies in between sends another one, with the link that counts."""
    token = Invitation.new_token()
    unsent = Invitation.objects.to_be_mailed().filter(pk=invitation.pk)
    with transaction.atomic():
        claim.fence()
        if not unsent.update(token_digest=Invitation.digest_of(token), is_link_mailed=False):
            return True  # accepted, revoked, sent or handed over meanwhile
    try:
        connection.open()  # does nothing where it is open
        letter(invitation, base_url + _path(token), connection).send()
    except OSError as error:  # every smtplib error is one
        logger.warning("invitation %s was not sent: %s", invitation.pk, type(error).__name__)
        unsent.update(error=_said(error))
        _close(connection)
        return False
    unsent.filter(token_digest=Invitation.digest_of(token)).update(
        sent_at=timezone.now(), is_link_mailed=True, error=""
    )
    return True


def letter(invitation: Invitation, url: str, connection=None) -> EmailMessage:
    context = {
        "project": " ".join(invitation.project.name.split()),  # a subject is one line
        "role": invitation.get_role_display(),
        "inviter": invitation.invited_by.display_name,
        "url": url,
        "until": invitation.expires_at,
    }
    return EmailMessage(
        subject="[Concord] "
        + _("You are invited to the project “%(project)s”") % {"project": context["project"]},
        body=render_to_string("projects/invitation_mail.txt", context),
        from_email=settings.DEFAULT_FROM_EMAIL,
        to=[invitation.email],
        connection=connection,
    )


def _path(token: str) -> str:
    return reverse("projects:accept-invitation", args=[token])


def _said(error: OSError) -> str:
    """What the server said, shortened: never more than a line of it."""
    return " ".join(f"{type(error).__name__}: {error}".split())[:300]


def _close(connection) -> None:
    try:
        connection.close()
    except OSError:  # it was gone already
        logger.info("the mail server went before it was told good-bye")
