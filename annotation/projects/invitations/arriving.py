"""Where somebody finds themselves who has accepted an invitation."""

from django.contrib import messages
from django.urls import reverse
from django.utils.translation import gettext as _

from annotation.projects.models import Invitation, Membership


def address_of(invitation: Invitation) -> str:
    if invitation.role == Membership.Role.LABELER:
        return reverse("labeling:home")
    return reverse("runs:show-project", args=[invitation.project.slug])


def welcome(request, invitation: Invitation) -> None:
    said = _("Welcome to “%(project)s”.") % {"project": invitation.project.name}
    messages.success(request, said)
