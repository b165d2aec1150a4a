"""Who was asked into a project, by mail or by a link, and what came of it."""

import hashlib
import secrets

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from annotation.projects.models.members import Membership
from annotation.projects.models.projects import Project


class InvitationQuerySet(models.QuerySet):
    def open(self):
        """Neither accepted nor revoked; perhaps too old."""
        return self.filter(accepted_at=None, revoked_at=None)

    def live(self):
        return self.open().filter(expires_at__gt=timezone.now())

    def to_be_mailed(self):
        """Those whose link neither left nor was shown to anybody."""
        return self.live().filter(email__isnull=False, sent_at=None, shown_at=None)

    def in_state(self, state: str):
        found = {
            Invitation.State.WAITING: self.live().filter(error=""),
            Invitation.State.FAILED: self.live().exclude(error=""),
            Invitation.State.ACCEPTED: self.exclude(accepted_at=None),
            Invitation.State.EXPIRED: self.open().filter(expires_at__lte=timezone.now()),
            Invitation.State.REVOKED: self.exclude(revoked_at=None),
        }
        return found[Invitation.State(state)]


class Invitation(models.Model):
    """A place in a project for one person who has the link. Of the link only its sha256 is kept;
    a mailed one is made when the mail leaves, so that nobody knows it but who reads the mail."""

    class State(models.TextChoices):
        WAITING = "waiting", pgettext_lazy("of an invitation", "Waiting")
        FAILED = "failed", _("Not delivered")
        ACCEPTED = "accepted", _("Accepted")
        EXPIRED = "expired", _("Expired")
        REVOKED = "revoked", _("Revoked")

    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="invitations")
    # In lower case, its domain in ASCII; null: by a link that somebody hands over themselves.
    email = models.EmailField(max_length=254, null=True)  # noqa: DJ001  null is another thing than ""
    role = models.CharField(
        max_length=10, choices=Membership.Role, default=Membership.Role.LABELER
    )
    handle = models.CharField(max_length=150, blank=True)  # empty: their user name
    # Pools to be put into on the way in, by name.
    pool_names = ArrayField(models.CharField(max_length=80), default=list)
    token_digest = models.CharField(max_length=64, null=True, unique=True)  # noqa: DJ001
    # The link in force has left by mail only: whoever comes by it reads mail to that address.
    is_link_mailed = models.BooleanField(default=False)
    # When the link in force was shown to whoever made it. It is theirs to hand over: no mail that
    # still waits replaces it.
    shown_at = models.DateTimeField(null=True)
    invited_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    created_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True)
    error = models.TextField(blank=True)  # why the last mail did not leave
    accepted_at = models.DateTimeField(null=True)
    accepted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    revoked_at = models.DateTimeField(null=True)

    objects = InvitationQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["project", "email"],
                condition=Q(accepted_at=None, revoked_at=None),
                name="invitation_open_once",
            ),
            models.CheckConstraint(
                condition=Q(email=None) | Q(email=Lower("email")) & ~Q(email=""),
                name="invitation_email_lower",
            ),
            models.CheckConstraint(
                condition=Q(accepted_at=None, accepted_by=None)
                | Q(accepted_at__isnull=False, accepted_by__isnull=False),
                name="invitation_accepted_by_somebody",
            ),
            models.CheckConstraint(
                condition=Q(accepted_at=None) | Q(revoked_at=None),
                name="invitation_accepted_or_revoked",
            ),
            models.CheckConstraint(
                condition=Q(is_link_mailed=False)
                | Q(token_digest__isnull=False, sent_at__isnull=False, shown_at=None),
                name="invitation_mailed_link_was_sent",
            ),
            models.CheckConstraint(
                condition=Q(expires_at__gt=F("created_at")), name="invitation_expires_later"
            ),
        ]
        indexes = [models.Index(fields=["project", "-id"], name="invitation_by_project")]

    def __str__(self):
        return f"invitation {self.pk} to project {self.project_id}"

    @property
    def state(self) -> str:
        if self.revoked_at is not None:
            return self.State.REVOKED
        if self.accepted_at is not None:
            return self.State.ACCEPTED
        if self.expires_at <= timezone.now():
            return self.State.EXPIRED
        return self.State.FAILED if self.error else self.State.WAITING

    @property
    def is_open(self) -> bool:
        return self.accepted_at is None and self.revoked_at is None

    @staticmethod
    def new_token() -> str:
        return secrets.token_urlsafe(32)

    @staticmethod
    def digest_of(token: str) -> str:
        return hashlib.sha256(token.encode()).hexdigest()
