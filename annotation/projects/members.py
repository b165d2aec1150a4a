"""Changing who is in a project as what. A project that has a lead never loses its last one."""

from django.db import transaction
from django.utils.translation import gettext as _

from annotation.accounts.services import rotate_sessions
from annotation.core import audit
from annotation.core.errors import Conflict
from annotation.projects.models import LadderSettings, Membership, Project

LEAD = Membership.Role.LEAD


@transaction.atomic
def change_role(*, membership, role, actor) -> None:
    """From the next request on the person may do what the new role may."""
    if role != LEAD:
        keep_a_lead(project=membership.project, without=membership.user)
    _write(membership, actor, "member.changed", role=Membership.Role(role).value)


@transaction.atomic
def remove(*, membership, actor) -> None:
    """The person sees the project no longer; their work and their handle stay in it."""
    keep_a_lead(project=membership.project, without=membership.user)
    _write(membership, actor, "member.removed", is_active=False)


@transaction.atomic
def take_back(*, membership, actor) -> None:
    """A removed person is again what they were, on the ladder too: nobody gets around it so."""
    _write(membership, actor, "member.restored", is_active=True)


def first_stage_in(project) -> str:
    """Where on the ladder a new labeler begins: at its end where there is none."""
    found = LadderSettings.objects.filter(project=project).values_list("first_stage", flat=True)
    return found.first() or Membership.Stage.FULL


def keep_a_lead(*, project, without) -> None:
    """Refuse to take the last lead away. Holds the project's row until the transaction ends:
    of two leads who remove each other at once, the second one waits, counts and is refused."""
    Project.objects.select_for_update(no_key=True).get(pk=project.pk)
    leads = project.memberships.active().filter(role=LEAD, user__is_active=True)
    left = set(leads.values_list("user_id", flat=True))
    if left == {without.pk}:
        raise Conflict(_("A project needs a lead: make somebody else one first."))


def _write(membership, actor, kind, **fields) -> None:
    Membership.objects.filter(pk=membership.pk).update(**fields)
    rotate_sessions(user=membership.user)
    audit.record(
        kind,
        actor=actor,
        project=membership.project,
        target=f"user:{membership.user_id}",
        **fields,
    )
