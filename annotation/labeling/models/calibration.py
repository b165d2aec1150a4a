"""Calibration rounds: the same items for everybody, seen side by side, discussed."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from annotation.labeling.models.items import Item


class CalibrationRound(models.Model):
    """While it is open its items come before all others in its members' queues."""

    class State(models.TextChoices):
        DRAFT = "draft", _("Being prepared")
        OPEN = "open", _("Being judged")
        REVEALED = "revealed", _("Being discussed")
        CLOSED = "closed", _("Over")

    project = models.ForeignKey(
        "projects.Project", on_delete=models.PROTECT, related_name="calibration_rounds"
    )
    name = models.CharField(max_length=120)
    state = models.CharField(max_length=10, choices=State, default=State.DRAFT)
    created_at = models.DateTimeField(auto_now_add=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    opened_at = models.DateTimeField(null=True)
    revealed_at = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["project", "name"], name="calibration_name_once"),
            models.CheckConstraint(condition=~Q(name=""), name="calibration_has_name"),
            models.CheckConstraint(
                condition=Q(state="draft", opened_at=None)
                | (~Q(state="draft") & Q(opened_at__isnull=False)),
                name="calibration_opened_or_draft",
            ),
            models.CheckConstraint(
                condition=(Q(state__in=["draft", "open"]) & Q(revealed_at=None))
                | Q(state="revealed", revealed_at__isnull=False)
                | Q(state="closed"),
                name="calibration_revealed_when_said",
            ),
            models.CheckConstraint(
                condition=Q(state="closed", closed_at__isnull=False)
                | (~Q(state="closed") & Q(closed_at=None)),
                name="calibration_closed_when_said",
            ),
        ]

    def __str__(self):
        return self.name


class CalibrationItem(models.Model):
    """An item of a round: it is out of the queue for good, for it is talked about."""

    round = models.ForeignKey(CalibrationRound, on_delete=models.PROTECT, related_name="items")
    item = models.OneToOneField(Item, on_delete=models.PROTECT, related_name="calibration")
    position = models.PositiveSmallIntegerField()

    class Meta:
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(
                fields=["round", "position"], name="calibration_item_position_once"
            )
        ]

    def __str__(self):
        return f"item {self.item_id} of round {self.round_id}"


class CalibrationMember(models.Model):
    """Somebody who judges the items of a round."""

    round = models.ForeignKey(CalibrationRound, on_delete=models.PROTECT, related_name="members")
    labeler = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="calibrations"
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["round", "labeler"], name="calibration_member_once")
        ]

    def __str__(self):
        return f"labeler {self.labeler_id} in round {self.round_id}"
