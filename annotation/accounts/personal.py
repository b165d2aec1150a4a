"""What accounts keep of a person: who they are, how they sign in, what they set and said."""

from typing import Any

from allauth.account.models import EmailAddress
from allauth.socialaccount.models import SocialAccount
from django.utils import timezone

from annotation.accounts.models import User
from annotation.accounts.self_description.services import forget_description, own_description
from annotation.core.erasing import Leaving


def collect(user) -> dict[str, Any]:
    return {
        "account": {
            "user_name": user.username,
            "first_name": user.first_name,
            "last_name": user.last_name,
            "e_mail": user.email,
            "proven_addresses": list(
                EmailAddress.objects.filter(user=user, verified=True).values_list(
                    "email", flat=True
                )
            ),
            "single_sign_on": list(
                SocialAccount.objects.filter(user=user).values("provider", "uid", "extra_data")
            ),
            "second_factors": [factor.type for factor in user.authenticator_set.order_by("pk")],
            "api_tokens": list(
                user.api_tokens.order_by("pk").values(
                    "name", "created_at", "expires_at", "last_used_at", "revoked_at"
                )
            ),
            "joined": user.date_joined,
            "last_sign_in": user.last_login,
            "is_active": user.is_active,
            "is_site_admin": user.is_superuser,
        },
        "preferences": user.preferences,
        "sessions": list(user.sessions.order_by("pk").values("agent", "began_at", "seen_at")),
        "self_description": own_description(user) or {},
    }


def names_of(user) -> frozenset[str]:
    """What texts may call this person. One letter would be found in every word."""
    full_name = f"{user.first_name} {user.last_name}".strip()
    names = {user.username, user.email, user.first_name, user.last_name, full_name}
    names |= set(EmailAddress.objects.filter(user=user).values_list("email", flat=True))
    return frozenset(name for name in names if len(name) > 2)


def erase(leaving: Leaving) -> None:
    user = leaving.user
    for name, rows in (
        ("sessions", user.sessions.all()),
        ("tokens", user.api_tokens.all()),
        ("second_factors", user.authenticator_set.all()),
        ("addresses", EmailAddress.objects.filter(user=user)),
        ("single_sign_on", SocialAccount.objects.filter(user=user)),
    ):
        leaving.counts[name] += rows.count()
        rows.delete()
    leaving.counts["self_description"] += forget_description(user=user)
    user.groups.clear()
    user.user_permissions.clear()
    _anonymise(user, leaving.pseudonym)


def _anonymise(user, pseudonym: str) -> None:
    """The row stays, for what the person did points to it; nothing in it says who they were."""
    user.set_unusable_password()
    User.objects.filter(pk=user.pk).update(
        username=pseudonym,
        first_name="",
        last_name="",
        email="",
        password=user.password,
        is_active=False,
        is_staff=False,
        is_superuser=False,
        last_login=None,
        date_joined=timezone.now(),
        preferences={},
    )
