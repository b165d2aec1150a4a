"""What labelers say is wrong with an item itself."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from annotation.labeling.models.items import Item


class ItemReportQuerySet(models.QuerySet):
    def open(self):
        return self.filter(resolved_at=None)


class ItemReport(models.Model):
    """A labeler says that something is wrong with an item itself. Staff resolve it in words."""

    class Kind(models.TextChoices):
        PROMPT = "prompt", _("The prompt cannot be understood")
        RESPONSES = "responses", _("A response is cut off or broken")
        LANGUAGE = "language", _("Wrong language")
        PERSONAL = "personal", _("Personal data")
        HARMFUL = "harmful", _("Harmful content without a warning")
        DUPLICATE = "duplicate", _("I have seen this item before")
        OTHER = "other", _("Something else")

    item = models.ForeignKey(Item, on_delete=models.PROTECT, related_name="reports")
    labeler = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    kind = models.CharField(max_length=10, choices=Kind)
    text = models.TextField(blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    resolved_at = models.DateTimeField(null=True)
    resolved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    resolution = models.TextField(blank=True)

    objects = ItemReportQuerySet.as_manager()

    class Meta:
        constraints = [
            # The same again adds nothing until somebody has looked at it.
            models.UniqueConstraint(
                fields=["item", "labeler", "kind"],
                condition=Q(resolved_at=None),
                name="item_report_open_once",
            ),
            models.CheckConstraint(
                condition=Q(resolved_at=None, resolved_by=None, resolution="")
                | Q(resolved_at__isnull=False, resolved_by__isnull=False),
                name="item_report_resolved_by_somebody",
            ),
        ]

    def __str__(self):
        return f"report {self.pk} on {self.item_id} ({self.kind})"
