"""Calibration rounds: the same items for everybody, seen side by side, discussed."""

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from annotation.labeling.models.items import Item


class CalibrationRoundQuerySet(models.QuerySet):
    def shown(self):
        """Those whose judgments its members see."""
        return self.filter(revealed_at__isnull=False)


class CalibrationRound(models.Model):
    """While it is open its items come before all others in its members' queues. One that is over
    and was never revealed was called off."""

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
    deadline = models.DateTimeField(null=True)
    # Who is who: else the members are numbered, also for those who lead.
    shows_names = models.BooleanField(default=False)
    # Every active labeler of the moment it is opened, instead of those chosen.
    takes_everybody = models.BooleanField(default=True)
    # How items were drawn, one entry a draw: {"kind", "count", "seed", "items"}.
    samples = models.JSONField(default=list)
    created_at = models.DateTimeField(auto_now_add=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    opened_at = models.DateTimeField(null=True)
    revealed_at = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)
    revealed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    # Why it was revealed before everybody had judged.
    reveal_reason = models.TextField(blank=True)
    # The judgments as they were when it was revealed: what is changed since is no blind verdict.
    judgment_ids = ArrayField(models.BigIntegerField(), default=list)
    # The figures of agreement when it was closed, and the hash of what they rest on.
    agreement = models.JSONField(null=True)

    objects = CalibrationRoundQuerySet.as_manager()

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
            models.CheckConstraint(
                condition=Q(revealed_at__isnull=False) | Q(judgment_ids__len=0),
                name="calibration_judgments_when_revealed",
            ),
        ]

    def __str__(self):
        return self.name

    @property
    def is_draft(self) -> bool:
        return self.state == self.State.DRAFT

    @property
    def is_open(self) -> bool:
        return self.state == self.State.OPEN

    @property
    def is_shown(self) -> bool:
        return self.revealed_at is not None

    @property
    def is_discussed(self) -> bool:
        return self.state == self.State.REVEALED

    @property
    def was_called_off(self) -> bool:
        return self.state == self.State.CLOSED and self.revealed_at is None

    @property
    def state_text(self) -> str:
        return _("Called off") if self.was_called_off else self.get_state_display()


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
    # Nobody waits for somebody who is excused; what they judged counts all the same.
    excused_at = models.DateTimeField(null=True)
    excuse = models.CharField(max_length=200, blank=True)
    nudged_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["round", "labeler"], name="calibration_member_once"),
            models.CheckConstraint(
                condition=Q(excused_at=None, excuse="")
                | (Q(excused_at__isnull=False) & ~Q(excuse="")),
                name="calibration_excused_with_a_reason",
            ),
        ]

    def __str__(self):
        return f"labeler {self.labeler_id} in round {self.round_id}"


class CalibrationPost(models.Model):
    """What somebody says of an item of a revealed round, or in reply to that."""

    item = models.ForeignKey(CalibrationItem, on_delete=models.PROTECT, related_name="posts")
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    # A reply; to a reply nobody replies.
    parent = models.ForeignKey("self", on_delete=models.PROTECT, null=True, related_name="replies")
    text = models.TextField(blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    edited_at = models.DateTimeField(null=True)
    # The place stays, the words are gone.
    removed_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.CheckConstraint(
                condition=(Q(removed_at=None) & ~Q(text=""))
                | Q(removed_at__isnull=False, text=""),
                name="calibration_post_says_something",
            ),
            models.CheckConstraint(
                condition=Q(parent=None) | ~Q(parent=models.F("id")),
                name="calibration_post_not_its_own_parent",
            ),
        ]

    def __str__(self):
        return f"post {self.pk} on item {self.item_id}"


class CalibrationReading(models.Model):
    """How far somebody has read what is said of an item."""

    item = models.ForeignKey(CalibrationItem, on_delete=models.PROTECT, related_name="readings")
    reader = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    last_post = models.BigIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["item", "reader"], name="calibration_reading_once")
        ]

    def __str__(self):
        return f"reader {self.reader_id} of item {self.item_id}"


class CalibrationOutcome(models.Model):
    """What came of an item's discussion. Append-only (a trigger refuses UPDATE and DELETE): of
    verdicts and their absence the last one holds."""

    class Kind(models.TextChoices):
        AGREED = "agreed", _("Agreed verdict")
        NONE = "none", _("No agreement")
        EXAMPLE = "example", _("Rubric example")
        GOLD = "gold", _("Gold item")

    item = models.ForeignKey(CalibrationItem, on_delete=models.PROTECT, related_name="outcomes")
    kind = models.CharField(max_length=10, choices=Kind)
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    # Idempotency: the same key is the same outcome.
    key = models.UUIDField(unique=True)
    note = models.TextField(blank=True)
    rubric_version = models.ForeignKey(
        "projects.RubricVersion", on_delete=models.PROTECT, null=True, related_name="+"
    )
    # The agreed verdict, in the columns of a Judgment, by position; empty where there is none.
    ranks = ArrayField(models.PositiveSmallIntegerField(null=True), default=list)
    unacceptable = ArrayField(models.BooleanField(), default=list)
    strength = ArrayField(models.PositiveSmallIntegerField(null=True), default=list)
    rest_below = models.BooleanField(default=False)
    scale = models.PositiveSmallIntegerField(null=True)
    preference = models.SmallIntegerField(null=True)
    both = models.CharField(max_length=4, blank=True, default="")
    ratings = models.JSONField(default=dict)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(ranks__len=models.F("unacceptable__len")),
                name="calibration_outcome_arrays_match",
            ),
            models.CheckConstraint(
                condition=Q(kind="agreed")
                | Q(ranks__len=0, scale=None, preference=None, both="", ratings={}),
                name="calibration_only_agreed_has_a_verdict",
            ),
            models.CheckConstraint(
                condition=~Q(kind__in=["none", "example"]) | ~Q(note=""),
                name="calibration_outcome_in_words",
            ),
        ]

    def __str__(self):
        return f"outcome {self.pk} of item {self.item_id} ({self.kind})"
