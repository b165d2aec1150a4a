"""Closing an account, and opening it again: somebody has left, or a password is in wrong hands.
What they did stays under their name; to take that away, too, is an erasure."""

from django.db import transaction
from django.utils.translation import gettext as _

from annotation.accounts import services as accounts
from annotation.accounts.models import User
from annotation.accounts.site_admins import hold_site_admins, keep_a_site_admin
from annotation.core.errors import Conflict, DomainError
from annotation.labeling.models import Assignment
from annotation.labeling.queue import give_back
from annotation.privacy.erasing import erasure_of
from annotation.projects import personal as projects


@transaction.atomic
def close_account(*, user, actor) -> None:
    """Out with the next request: sessions and tokens end, and what is on their desk goes to
    others. Conflict where a project would lose its last lead, or the site its last admin."""
    user = _held(user)
    if not user.is_active:
        return
    if user == actor:
        raise Conflict(_("This is your own account: another admin has to close it."))
    projects.keep_leads(user)
    keep_a_site_admin(without=user)
    give_back(Assignment.objects.held_by(user))
    accounts.disable_user(user=user, actor=actor)


@transaction.atomic
def open_account(*, user, actor) -> None:
    """They may sign in again, by what they signed in by before, and are in the projects they were
    in. Sessions and tokens that ended stay ended."""
    user = _held(user)
    if user.is_active:
        return
    if erasure_of(user):
        raise Conflict(_("This person was erased: there is no account to open."))
    accounts.enable_user(user=user, actor=actor)


def _held(user) -> User:
    """Memberships first, as everybody does who locks both; then the admins, one after the other,
    so that two who close each other's account wait for each other and never for ever."""
    if user.kind != User.Kind.PERSON:
        raise DomainError(_("This is no person: nobody signs in to this account."))
    projects.hold(user)
    hold_site_admins()
    return User.objects.select_for_update().get(pk=user.pk)
