"""How somebody comes in by an invitation: with an account that they have, or a new one.

One UPDATE decides who was first. An invitation only ever adds: who is in the project stays what
they are, and who was removed is taken back by a person, not by a link.
"""

import re
from itertools import chain, count

from allauth.account.models import EmailAddress
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from annotation.accounts.models import User
from annotation.accounts.services import confirm_address
from annotation.core import audit
from annotation.core.errors import Conflict
from annotation.projects.models import Invitation, Membership
from annotation.projects.permissions import may
from annotation.projects.pools.services import add_people, pools_of
from annotation.projects.services import add_member

NO_NAME = re.compile(r"[^\w.+-]")
USABLE = (Invitation.State.WAITING, Invitation.State.FAILED)


def invitation_behind(token: str) -> Invitation | None:
    """The one whose link this is now, in whatever state it is."""
    found = Invitation.objects.select_related("project", "invited_by")
    return found.filter(token_digest=Invitation.digest_of(token)).first()


def standing(invitation: Invitation) -> str:
    """The state that counts for whoever has the link. What gives rights is worth no more than
    the one who gave it: a removed lead does not come back by a link of their own."""
    state = invitation.state
    gives_rights = invitation.role != Membership.Role.LABELER
    if state in USABLE and gives_rights:
        inviter = invitation.invited_by
        if not inviter.is_active or not may(inviter, "manage", invitation.project):
            return Invitation.State.REVOKED
    return state


def place_of(user, invitation: Invitation) -> Membership | None:
    """Where the user stands in the project already."""
    return invitation.project.memberships.filter(user=user).first()


def accept_as_new(*, invitation: Invitation, username: str, password: str) -> User:
    """A new account that is in the project: both, or neither."""
    user = User(username=username)
    user.set_password(password)
    return _accept_as(invitation, user)


def accept_by_sign_on(*, invitation: Invitation, proven: list[str]) -> User:
    """A new account without a password, for whoever both sides know by one address: our mail with
    the link reached it, and it is among those that the provider has `proven`."""
    if not may_sign_on(invitation):
        raise Conflict(_("This link was not mailed: make an account with a password."))
    if invitation.email not in {address.casefold() for address in proven}:
        raise Conflict(
            _(
                "The invitation was mailed to another address than the one you sign on with. Make "
                "an account with a password, or ask for an invitation to that address."
            )
        )
    user = User(username=_free_username(invitation.email))
    user.set_unusable_password()
    return _accept_as(invitation, user)


def may_sign_on(invitation: Invitation) -> bool:
    """A link that was handed over proves no address."""
    return invitation.is_link_mailed


def _accept_as(invitation: Invitation, user: User) -> User:
    try:
        with transaction.atomic():
            user.save()
            _accept(invitation, user)
    except IntegrityError as error:
        if "username" not in str(error):
            raise
        raise Conflict(_("Somebody took this user name just now. Choose another one.")) from error
    return user


def _free_username(email: str) -> str:
    """What stands before the @, or that with a number."""
    stem = NO_NAME.sub("", email.partition("@")[0])[:100] or "person"
    taken = {
        name.casefold()
        for name in User.objects.filter(username__istartswith=stem).values_list(
            "username", flat=True
        )
    }
    names = chain([stem], (f"{stem}-{n}" for n in count(2)))
    return next(name for name in names if name.casefold() not in taken)


@transaction.atomic
def accept(*, invitation: Invitation, user) -> Membership:
    """Into the project with the account that is signed in."""
    return _accept(invitation, user)


def _accept(invitation: Invitation, user) -> Membership:
    # The invitation first: of two at once the second one waits for its row.
    _use_up(invitation, user)
    if standing(invitation) == Invitation.State.REVOKED:
        raise Conflict(_("This invitation was revoked."))
    place = place_of(user, invitation)
    if place is not None and place.is_active:
        raise Conflict(_("You are in this project already."))
    if place is not None:
        raise Conflict(
            _("You were in this project before. A lead can take you back on its People page.")
        )
    membership = add_member(
        project=invitation.project,
        user=user,
        role=invitation.role,
        handle=_free_handle(invitation.project, invitation.handle or user.username),
        actor=user,
    )
    _join_pools(invitation, user)
    if invitation.is_link_mailed:
        _prove_address(user, invitation.email)
    audit.record(
        "invitation.accepted",
        actor=user,
        project=invitation.project,
        target=f"invitation:{invitation.pk}",
        role=invitation.role,
    )
    return membership


def _use_up(invitation: Invitation, user) -> None:
    """The link that was shown is still the link, and nobody was here before."""
    same = Invitation.objects.live().filter(pk=invitation.pk, token_digest=invitation.token_digest)
    if not same.update(accepted_at=timezone.now(), accepted_by=user):
        raise Conflict(_("This link was used, renewed or revoked just now."))


def _free_handle(project, wanted: str) -> str:
    """What exports are to call them, or the next one with a number: a name must not stop
    somebody at the door."""
    stem = wanted[:140]
    taken = set(
        project.memberships.filter(handle__startswith=stem).values_list("handle", flat=True)
    )
    if wanted not in taken:
        return wanted
    return next(name for n in count(2) if (name := f"{stem}-{n}") not in taken)


def _join_pools(invitation: Invitation, user) -> None:
    """Those of the named pools that are still there, and that the inviter may fill."""
    if not invitation.pool_names:
        return
    named = {name.casefold() for name in invitation.pool_names}
    for pool in pools_of(invitation.invited_by):
        if pool.name.casefold() in named:
            add_people(pool=pool, users=[user], actor=invitation.invited_by)


def _prove_address(user, email: str) -> None:
    """Mail to this address reaches this person, unless somebody else has proven that before:
    then it stays theirs, and nobody is told."""
    others = EmailAddress.objects.filter(email__iexact=email, verified=True).exclude(user=user)
    written = User.objects.filter(email__iexact=email).exclude(pk=user.pk)
    if others.exists() or written.exists():
        return
    confirm_address(user=user, email=email)
    if not user.email:
        user.email = email
        user.save(update_fields=["email"])
