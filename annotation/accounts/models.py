"""People and the tokens of their programs."""

import hashlib
import secrets

from django.contrib.auth.models import AbstractUser
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

TOKEN_PREFIX = "concord_"  # noqa: S105  a fixed prefix lets secret scanners find a leaked one


class User(AbstractUser):
    """Somebody whose work has a name: a person, a simulated labeler, or a labeler elsewhere."""

    class Kind(models.TextChoices):
        PERSON = "person", _("Person")
        SIMULATED = "simulated", _("Simulated")
        IMPORTED = "imported", _("Imported")

    kind = models.CharField(max_length=10, choices=Kind, default=Kind.PERSON)
    # How this person likes to work: layout, density, keys, breaks, texts not to be shown.
    preferences = models.JSONField(default=dict, blank=True)

    class Meta(AbstractUser.Meta):
        constraints = [
            models.CheckConstraint(
                condition=~Q(kind="imported") | Q(is_active=False),
                name="user_imported_cannot_sign_in",
            )
        ]

    @property
    def display_name(self):
        return self.get_full_name() or self.username


class ApiTokenQuerySet(models.QuerySet):
    def usable(self):
        now = timezone.now()
        return self.filter(revoked_at=None).filter(Q(expires_at=None) | Q(expires_at__gt=now))


class ApiToken(models.Model):
    """A program's key. Only its sha256 is kept; the key itself is shown once."""

    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="api_tokens")
    name = models.CharField(max_length=100)
    digest = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)

    objects = ApiTokenQuerySet.as_manager()

    def __str__(self):
        return f"{self.name} of {self.user}"

    @staticmethod
    def new_key() -> str:
        return TOKEN_PREFIX + secrets.token_urlsafe(32)

    @staticmethod
    def digest_of(key: str) -> str:
        return hashlib.sha256(key.encode()).hexdigest()
