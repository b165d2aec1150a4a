"""Who holds an item, and until when."""

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Case, Q, When
from django.utils.translation import gettext_lazy as _

from annotation.labeling.models.items import Item
from annotation.labeling.models.purposes import Purpose


class AssignmentQuerySet(models.QuerySet):
    def held_by(self, user):
        return self.filter(labeler=user)

    def of(self, membership):
        """What this member was ever lent in the project."""
        return self.filter(project=membership.project_id, labeler=membership.user_id)

    def live(self):
        return self.filter(state=Assignment.State.LIVE)


class Assignment(models.Model):
    """An item lent to a labeler until its lease ends. One row per labeler and item, for ever, and
    one more where the item is lent as a repeat."""

    class State(models.TextChoices):
        LIVE = "live", _("Being judged")
        SUBMITTED = "submitted", _("Judged")
        SURPLUS = "surplus", _("Judged late, kept as surplus")
        SKIPPED = "skipped", _("Skipped")
        EXPIRED = "expired", _("Expired")

    project = models.ForeignKey(
        "projects.Project", on_delete=models.PROTECT, related_name="assignments"
    )
    item = models.ForeignKey(Item, on_delete=models.PROTECT, related_name="assignments")
    labeler = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="assignments"
    )
    state = models.CharField(max_length=10, choices=State, default=State.LIVE)
    purpose = models.CharField(
        max_length=12, choices=Purpose, default=Purpose.WORK, db_default=Purpose.WORK
    )
    # A labeler has an item once, and once more where it is asked again.
    is_repeat = models.GeneratedField(
        expression=Case(When(purpose=Purpose.REPEAT, then=True), default=False),
        output_field=models.BooleanField(),
        db_persist=True,
    )
    # Positions in the order they are shown: shuffled once, recorded, never again.
    order = ArrayField(models.PositiveSmallIntegerField())
    # Fencing: grows each time the item is lent; a page that holds an older one is stale.
    token = models.PositiveIntegerField(default=1)
    # The idempotency key of the page's form.
    key = models.UUIDField(unique=True)
    lease_until = models.DateTimeField()
    skip_reason = models.CharField(max_length=200, blank=True)
    draft = models.JSONField(default=dict)
    draft_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(auto_now_add=True)
    over_at = models.DateTimeField(null=True)

    objects = AssignmentQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["item", "labeler", "is_repeat"], name="assignment_once"
            ),
            models.UniqueConstraint(
                fields=["project", "labeler"],
                condition=Q(state="live"),
                name="assignment_one_live_per_labeler",
            ),
            models.CheckConstraint(
                condition=Q(state="live", over_at=None)
                | (~Q(state="live") & Q(over_at__isnull=False)),
                name="assignment_live_or_over",
            ),
        ]
        indexes = [
            models.Index(
                fields=["lease_until"], condition=Q(state="live"), name="assignment_live_lease"
            ),
            models.Index(fields=["labeler", "-id"], name="assignment_by_labeler"),
        ]

    def __str__(self):
        return f"assignment {self.pk} ({self.state})"

    @property
    def places(self) -> int:
        """How many of its item's places it holds: only work holds one. Who gives a place back
        writes to the item in any case, so that gold cannot be told by what the server does."""
        return 1 if self.purpose == Purpose.WORK else 0
