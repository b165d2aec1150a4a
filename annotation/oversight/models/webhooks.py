"""Webhooks: an address of a project's own, and what was sent there."""

import uuid

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from annotation.core.sealed import SealedField


class AlertKind(models.TextChoices):
    """What a project can be watched for."""

    AGREEMENT = "agreement", _("Raw agreement is low")
    ALPHA = "alpha", _("Krippendorff's alpha is low")
    GOLD = "gold", _("Gold accuracy is low")
    QUEUE = "queue", _("Few items are left in the queue")
    IDLE = "idle", _("Nobody judges")
    STALE = "stale", _("The reward model falls behind")


class WebhookQuerySet(models.QuerySet):
    def kept(self):
        return self.filter(removed_at=None)

    def on(self):
        return self.kept().filter(disabled_at=None)


class Webhook(models.Model):
    """An address that is told of a project's alerts. Removed ones stay for their log, without
    their secret."""

    project = models.ForeignKey(
        "projects.Project", on_delete=models.PROTECT, related_name="webhooks"
    )
    # Names the row where the secret is sealed: it opens in no other one.
    key = models.UUIDField(unique=True, default=uuid.uuid4)
    url = models.CharField(max_length=500)
    sealed_secret = SealedField()
    wants = ArrayField(models.CharField(max_length=10, choices=AlertKind), default=list)
    created_at = models.DateTimeField(auto_now_add=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    # Failures before it do not count: it was switched on then.
    on_since = models.DateTimeField(default=timezone.now)
    disabled_at = models.DateTimeField(null=True)
    removed_at = models.DateTimeField(null=True)

    objects = WebhookQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["project", "url"], condition=Q(removed_at=None), name="webhook_url_once"
            ),
            models.CheckConstraint(
                condition=Q(removed_at=None) & ~Q(sealed_secret="")
                | Q(removed_at__isnull=False, sealed_secret=""),
                name="webhook_secret_ends_with_it",
            ),
        ]

    def __str__(self):
        return f"webhook {self.pk}"

    @property
    def place(self) -> str:
        """Where its secret is sealed."""
        return f"oversight_webhook.sealed_secret:{self.key}"

    @property
    def kind_labels(self) -> list[str]:
        return [AlertKind(kind).label for kind in self.wants]


class Delivery(models.Model):
    """One message to a webhook: its bytes, and how its sending went."""

    class Event(models.TextChoices):
        TEST = "test", _("Test")
        RAISED = "alert.raised", _("Alert")
        CLEARED = "alert.cleared", _("All clear")

    class State(models.TextChoices):
        WAITING = "waiting", _("Waiting")
        DELIVERED = "delivered", _("Delivered")
        FAILED = "failed", _("Failed")

    webhook = models.ForeignKey(Webhook, on_delete=models.PROTECT, related_name="deliveries")
    # The receiver knows by it what it has had already.
    key = models.UUIDField(unique=True, default=uuid.uuid4)
    event = models.CharField(max_length=20, choices=Event)
    body = models.TextField()
    state = models.CharField(max_length=10, choices=State, default=State.WAITING)
    attempt_count = models.PositiveSmallIntegerField(default=0)
    # Of the last attempt: what the receiver answered, or why there was no answer.
    status = models.PositiveSmallIntegerField(null=True)
    error = models.CharField(max_length=200, blank=True)
    tried_at = models.DateTimeField(null=True)
    next_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=~Q(state="delivered")
                | Q(status__isnull=False, status__range=(200, 299)),
                name="delivery_delivered_was_answered",
            ),
            models.CheckConstraint(
                condition=Q(attempt_count=0) | Q(tried_at__isnull=False),
                name="delivery_tried_sometime",
            ),
        ]
        indexes = [models.Index(fields=["webhook", "-id"], name="delivery_by_webhook")]

    def __str__(self):
        return f"delivery {self.pk} ({self.state})"
