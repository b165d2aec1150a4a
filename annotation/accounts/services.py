"""Writes about people: tokens, sessions, proven addresses, and the demo's one-click sign-in."""

from allauth.account.models import EmailAddress
from django.conf import settings
from django.core.signing import BadSignature, TimestampSigner
from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from annotation.accounts.models import Limit, Session, User
from annotation.accounts.notices import tell
from annotation.core import audit
from annotation.core.errors import NotFound

DEMO_SALT = "concord.demo.sign-in"
DEMO_LINK_SECONDS = 30 * 24 * 3600


def end_sessions(*, user, but: str | None = None) -> int:
    """Sign somebody out in every browser, `but` the one whose session has this key."""
    return Session.objects.filter(user=user).exclude(session_key=but).delete()[0]


def end_session(*, session: Session) -> None:
    """Somebody signs one of their browsers out from another."""
    with transaction.atomic():
        session.delete()
        _tell_ended(session.user, 1)


def end_other_sessions(*, user, but: str) -> int:
    """Somebody signs out everywhere except where they are."""
    with transaction.atomic():
        count = end_sessions(user=user, but=but)
        if count:
            _tell_ended(user, count)
    return count


def _tell_ended(user, count: int) -> None:
    audit.record("sessions.ended", actor=user, target=f"user:{user.pk}", count=count)


def rotate_sessions(*, user) -> None:
    """After somebody's rights changed: their browsers get new session keys with the next request,
    so that a key from before opens nothing that was not open then."""
    Session.objects.filter(user=user).update(must_rotate=True)


def disable_user(*, user, actor=None) -> None:
    """Somebody out, at once: their sessions and their programs' tokens. What they did stays."""
    with transaction.atomic():
        User.objects.filter(pk=user.pk).update(is_active=False)
        ended = end_sessions(user=user)
        revoked = user.api_tokens.filter(revoked_at=None).update(revoked_at=timezone.now())
        audit.record(
            "user.disabled",
            actor=actor,
            target=f"user:{user.pk}",
            sessions=ended,
            tokens=revoked,
        )
        tell(user, "user.disabled")
    user.is_active = False


def enable_user(*, user, actor=None) -> None:
    """In again, by a new sign-in. The sessions and tokens that were ended stay so."""
    with transaction.atomic():
        User.objects.filter(pk=user.pk).update(is_active=True)
        audit.record("user.enabled", actor=actor, target=f"user:{user.pk}")
        tell(user, "user.enabled")
    user.is_active = True


def allow_projects(*, user, is_allowed: bool, actor) -> None:
    """Whether this person may make projects; they lead those they make."""
    with transaction.atomic():
        changed = User.objects.filter(pk=user.pk, kind=User.Kind.PERSON).exclude(
            may_create_projects=is_allowed
        )
        if not changed.update(may_create_projects=is_allowed):
            return
        rotate_sessions(user=user)
        kind = "user.may_create_projects" if is_allowed else "user.may_not_create_projects"
        audit.record(kind, actor=actor, target=f"user:{user.pk}")


def reset_second_factor(*, user, actor=None) -> int:
    """Take away every second factor of somebody who lost them. Their sessions end."""
    with transaction.atomic():
        count = user.authenticator_set.all().delete()[0]
        end_sessions(user=user)
        audit.record("second_factor.reset", actor=actor, target=f"user:{user.pk}", factors=count)
        tell(user, "second_factor.reset")
    return count


def confirm_address(*, user, email: str) -> None:
    """Somebody has proven that mail to this address reaches them: by a link in a mail, or by a
    sign-on provider. From then on single sign-on by this address opens their account."""
    EmailAddress.objects.update_or_create(
        user=user,
        email=email.lower(),
        defaults={"verified": True},
        create_defaults={
            "verified": True,
            "primary": not EmailAddress.objects.filter(user=user, primary=True).exists(),
        },
    )


def clear_expired() -> None:
    """Rows of sessions and limits that mean nothing any more."""
    now = timezone.now()
    Session.objects.filter(expire_date__lte=now).delete()
    Limit.objects.filter(expires_at__lte=now).delete()


def demo_sign_in_links(base_url: str) -> list[tuple[str, str]]:
    """(who, address) for each account of the demo, named by their role or by how far they have
    come; each address signs in with one click."""
    if not settings.DEMO:
        return []
    signer = TimestampSigner(salt=DEMO_SALT)
    users = (
        User.objects.filter(kind=User.Kind.PERSON, username__startswith="demo-")
        .order_by("id")
        .values_list("username", flat=True)
    )
    return [
        (
            name.removeprefix("demo-"),
            base_url.rstrip("/") + reverse("accounts:demo-sign-in", args=[signer.sign(name)]),
        )
        for name in users
    ]


def user_of_demo_link(signed: str, *, remote_address: str) -> User:
    """The account a demo link stands for. Only in the demo, only from this machine."""
    if not settings.DEMO or remote_address not in ("127.0.0.1", "::1"):
        raise NotFound("There is no such page.")
    try:
        name = TimestampSigner(salt=DEMO_SALT).unsign(signed, max_age=DEMO_LINK_SECONDS)
        return User.objects.get(username=name, is_active=True, kind=User.Kind.PERSON)
    except (BadSignature, User.DoesNotExist) as error:
        raise NotFound("There is no such page.") from error
