"""The background side of projects."""

from datetime import timedelta

from django.utils.translation import gettext_lazy

from annotation.core.jobs import Claim, job_kind

SEND = "send_invitations"


# Renewed with every mail; one of them takes as long as its server does.
@job_kind(
    SEND, title=gettext_lazy("Sending invitations"), lease=timedelta(minutes=2), max_attempts=5
)
def send_invitations(claim: Claim):
    from annotation.projects.invitations import mail  # a task is a leaf: services import us

    return mail.send_batch(claim)
