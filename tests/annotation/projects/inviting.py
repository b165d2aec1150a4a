"""Steps of inviting that several tests take."""

import re

from django.core import mail

from annotation.core import jobs
from annotation.core.models import Job
from annotation.projects.invitations import services
from annotation.projects.invitations.addresses import listed
from annotation.projects.tasks import SEND

BASE = "https://concord.example.org"
LINK = re.compile(rf"{BASE}/invitation/([\w-]+)/")


def invite(project, lead, text="ada@example.org", **options):
    return services.invite_people(
        project=project, invitees=listed(text).invitees, actor=lead, base_url=BASE, **options
    )


def send_mails():
    """What a worker would do now."""
    waiting = Job.objects.filter(kind=SEND, state=Job.State.QUEUED).order_by("pk")
    for job in list(waiting):
        jobs.run(job.pk)
    return mail.outbox


def token_in(message) -> str:
    return LINK.search(message.body)[1]


def mailed(project, lead, text="ada@example.org", **options):
    """An invitation that has left, and the token of its link."""
    [invitation] = invite(project, lead, text, **options)
    token = token_in(send_mails()[-1])
    invitation.refresh_from_db()
    return invitation, token
