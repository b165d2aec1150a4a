"""Writes about people: tokens, and the demo's one-click sign-in."""

from django.conf import settings
from django.core.signing import BadSignature, TimestampSigner
from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext as _

from annotation.accounts.models import ApiToken, User
from annotation.core import audit
from annotation.core.errors import DomainError, NotFound
from annotation.core.numbers import grouped
from annotation.core.text import clean

DEMO_SALT = "concord.demo.sign-in"
DEMO_LINK_SECONDS = 30 * 24 * 3600
MAX_TOKEN_NAME = 100


def create_token(*, user, name, expires_at=None) -> tuple[ApiToken, str]:
    """A new API token and its key. The key is shown this once; only its hash is kept."""
    name = clean(name, field="name").strip()
    if not name:
        raise DomainError(_("Give the token a name, so that you know later what it is for."))
    if len(name) > MAX_TOKEN_NAME:
        raise DomainError(
            _("The name has %(count)s characters, at most %(most)d fit.")
            % {"count": grouped(len(name)), "most": MAX_TOKEN_NAME}
        )
    key = ApiToken.new_key()
    with transaction.atomic():
        token = ApiToken.objects.create(
            user=user, name=name, digest=ApiToken.digest_of(key), expires_at=expires_at
        )
        audit.record("token.created", actor=user, target=f"token:{token.pk}")
    return token, key


def demo_sign_in_links(base_url: str) -> list[tuple[str, str]]:
    """(role, address) for each account of the demo; each address signs in with one click."""
    if not settings.DEMO:
        return []
    signer = TimestampSigner(salt=DEMO_SALT)
    users = (
        User.objects.filter(kind=User.Kind.PERSON, memberships__isnull=False)
        .filter(username__startswith="demo-")
        .values_list("username", "memberships__role")
        .distinct()
        .order_by("id")
    )
    return [
        (role, base_url.rstrip("/") + reverse("accounts:demo-sign-in", args=[signer.sign(name)]))
        for name, role in users
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
