"""API tokens: made with a scope and an end, shown once, revoked."""

from datetime import timedelta

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from annotation.accounts.models import ApiToken
from annotation.accounts.notices import tell
from annotation.core import audit
from annotation.core.errors import DomainError
from annotation.core.numbers import grouped
from annotation.core.text import clean

MAX_NAME = 100
DEFAULT_DAYS, MAX_DAYS = 90, 365
DAYS = (7, 30, DEFAULT_DAYS, MAX_DAYS)  # what the page offers


def offered_projects(user):
    """The projects that a token of this person can be for: their own; of a site admin, all. They
    are reached through the token, whose row names them: accounts imports no app to its right."""
    projects = ApiToken._meta.get_field("projects").related_model
    return projects.objects.of(user).order_by("name", "pk")


def create_token(*, user, name, rights, projects=None, days=DEFAULT_DAYS) -> tuple[ApiToken, str]:
    """A new API token and its key. The key is shown this once; only its hash is kept.

    `projects` None: all that the owner is in, now and later.
    """
    name = _checked_name(name)
    rights = sorted(set(rights), key=ApiToken.Right.values.index) if rights else []
    if not rights:
        raise DomainError(_("Choose what the token may do."))
    if not 1 <= days <= MAX_DAYS:
        raise DomainError(
            _("A token works for 1 to %(most)d days, not %(count)s.")
            % {"most": MAX_DAYS, "count": grouped(days)}
        )
    if projects is not None:
        projects = list(projects)
        if not projects:
            raise DomainError(_("Choose what projects the token is for."))
        offered = offered_projects(user).filter(pk__in=[project.pk for project in projects])
        if offered.count() != len(projects):
            raise DomainError(_("A token is only for projects that its owner is in."))
    key, now = ApiToken.new_key(), timezone.now()
    with transaction.atomic():
        token = ApiToken.objects.create(
            user=user,
            name=name,
            digest=ApiToken.digest_of(key),
            rights=rights,
            is_for_all_projects=projects is None,
            created_at=now,
            expires_at=now + timedelta(days=days),
        )
        token.projects.set(projects or [])
        audit.record("token.created", actor=user, target=f"token:{token.pk}", rights=rights)
        tell(user, "token.created")
    return token, key


def revoke_token(*, token: ApiToken, actor) -> None:
    """From the next request on the key opens nothing. Twice is once."""
    with transaction.atomic():
        live = ApiToken.objects.filter(pk=token.pk, revoked_at=None)
        if live.update(revoked_at=timezone.now()):
            audit.record("token.revoked", actor=actor, target=f"token:{token.pk}")


def _checked_name(name: str) -> str:
    name = clean(name, field="name").strip()
    if not name:
        raise DomainError(_("Give the token a name, so that you know later what it is for."))
    if len(name) > MAX_NAME:
        raise DomainError(
            _("The name has %(count)s characters, at most %(most)d fit.")
            % {"count": grouped(len(name)), "most": MAX_NAME}
        )
    return name
