"""Writes about invitations, by those who lead the project."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from annotation.core import audit, jobs
from annotation.core.errors import Conflict, DomainError
from annotation.projects.invitations.addresses import Invitee, Listed, Problem
from annotation.projects.models import Invitation, Membership
from annotation.projects.pools.services import pools_of
from annotation.projects.tasks import SEND

LASTS = timedelta(days=14)


def check_against_project(*, project, found: Listed, actor) -> None:
    """Move what the project itself refuses from the invitees to the problems. Whether an address
    belongs to somebody here is not looked at, so that nobody can ask us that."""
    addresses = [one.email for one in found.invitees]
    waiting = set(
        project.invitations.live().filter(email__in=addresses).values_list("email", flat=True)
    )
    handles = [one.handle for one in found.invitees if one.handle]
    taken = set(
        project.memberships.filter(handle__in=handles).values_list("handle", flat=True)
    ) | set(project.invitations.live().filter(handle__in=handles).values_list("handle", flat=True))
    pools = {name.casefold() for name in pools_of(actor).values_list("name", flat=True)}
    fine = []
    for one in found.invitees:
        unknown = [name for name in one.pools if name.casefold() not in pools]
        if one.email in waiting:
            sentence = _("This address is invited already.")
        elif one.handle in taken:
            sentence = _("Somebody else here has the handle “%(handle)s”.") % {
                "handle": one.handle
            }
        elif unknown:
            sentence = _("There is no pool “%(pool)s” that you may fill.") % {"pool": unknown[0]}
        else:
            fine.append(one)
            continue
        found.problems.append(Problem(one.line, one.email, sentence))
    found.invitees[:] = fine
    found.problems.sort(key=lambda problem: problem.line)


def invite_people(
    *,
    project,
    invitees: list[Invitee],
    actor,
    base_url: str,
    role=Membership.Role.LABELER,
    left_out: Sequence[int] = (),
) -> list[Invitation]:
    """An invitation for each of them, all or none; a job sends the mails. `role` is for those
    who name none. What came to nothing in time makes room for the new one. `left_out`: the lines
    of the list that were refused, for the audit trail."""
    if not invitees:
        raise DomainError(_("There is nobody to invite."))
    now = timezone.now()
    try:
        with transaction.atomic():
            addresses = [one.email for one in invitees]
            expired = project.invitations.open().filter(email__in=addresses, expires_at__lte=now)
            expired.update(revoked_at=now)
            made = Invitation.objects.bulk_create(
                Invitation(
                    project=project,
                    email=one.email,
                    role=one.role or role,
                    handle=one.handle,
                    pool_names=list(one.pools),
                    invited_by=actor,
                    created_at=now,
                    expires_at=now + LASTS,
                )
                for one in invitees
            )
            _enqueue(project=project, actor=actor, invitations=made, base_url=base_url)
            said = {"lines_left_out": list(left_out)} if left_out else {}
            audit.record("invitations.made", actor=actor, project=project, count=len(made), **said)
    except IntegrityError as error:
        raise Conflict(
            _("Somebody else invited one of these people just now. Look at the list.")
        ) from error
    return made


def make_link(*, project, actor, role=Membership.Role.LABELER, handle="") -> tuple:
    """An invitation without an address, and the token of its link, which is shown this once."""
    now = timezone.now()
    token = Invitation.new_token()
    with transaction.atomic():
        invitation = Invitation.objects.create(
            project=project,
            role=role,
            handle=handle,
            token_digest=Invitation.digest_of(token),
            shown_at=now,
            invited_by=actor,
            created_at=now,
            expires_at=now + LASTS,
        )
        audit.record(
            "invitation.link_made",
            actor=actor,
            project=project,
            target=f"invitation:{invitation.pk}",
            role=str(role),
        )
    return invitation, token


def renew_link(*, invitation, actor) -> str:
    """The token of a new link, shown this once; every earlier link of this invitation is dead.
    Who comes by it has not proven an address, for somebody else has seen the link."""
    token = Invitation.new_token()
    with transaction.atomic():
        _change(
            invitation,
            token_digest=Invitation.digest_of(token),
            is_link_mailed=False,
            shown_at=timezone.now(),
            expires_at=timezone.now() + LASTS,
            error="",
        )
        _record("invitation.link_made", invitation, actor, role=invitation.role)
    return token


def resend(*, invitation, actor, base_url: str) -> None:
    """Mail a new link, which lasts as long as the first one did. The earlier one is dead."""
    if invitation.email is None:
        raise DomainError(_("This invitation has no address to be sent to."))
    with transaction.atomic():
        _change(
            invitation,
            token_digest=None,
            is_link_mailed=False,
            shown_at=None,
            sent_at=None,
            error="",
            expires_at=timezone.now() + LASTS,
        )
        _enqueue(
            project=invitation.project, actor=actor, invitations=[invitation], base_url=base_url
        )
        _record("invitation.sent_again", invitation, actor)


def revoke(*, invitation, actor) -> None:
    """Its link opens nothing any more."""
    with transaction.atomic():
        _change(invitation, revoked_at=timezone.now())
        _record("invitation.revoked", invitation, actor)


def _change(invitation, **fields: Any) -> None:
    """Write to it unless it was accepted or revoked meanwhile: one statement decides."""
    if not Invitation.objects.open().filter(pk=invitation.pk).update(**fields):
        raise Conflict(_("This invitation was accepted or revoked meanwhile."))
    for name, value in fields.items():
        setattr(invitation, name, value)


def _record(kind, invitation, actor, **payload) -> None:
    audit.record(
        kind,
        actor=actor,
        project=invitation.project,
        target=f"invitation:{invitation.pk}",
        **payload,
    )


def _enqueue(*, project, actor, invitations, base_url) -> None:
    jobs.enqueue(
        kind=SEND,
        project=project,
        actor=actor,
        payload={
            "invitations": [one.pk for one in invitations],
            "base_url": base_url,
            "language": get_language() or "en",
        },
    )
