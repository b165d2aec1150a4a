"""What reviewers look at, and what they decide."""

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, OuterRef, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from annotation.labeling.models.items import Item
from annotation.labeling.models.judgments import Judgment


class Outcome(models.TextChoices):
    """What a reviewer decided about an item."""

    APPROVED = "approved", _("Approved")
    SETTLED = "settled", _("Settled")
    RETURNED = "returned", _("Returned")
    REOPENED = "reopened", _("Opened again")


class AdjudicationQuerySet(models.QuerySet):
    def current(self):
        """The last revision of each item, unless it takes the one before it back."""
        newer = Adjudication.objects.filter(
            item=OuterRef("item"), revision__gt=OuterRef("revision")
        )
        return self.filter(~models.Exists(newer)).exclude(outcome=Outcome.REOPENED)


class Adjudication(models.Model):
    """A reviewer's decision about an item: with a verdict of their own where it is settled.
    Append-only: a correction is a further revision (and a trigger refuses UPDATE and DELETE).
    The judgments stay as they are."""

    Outcome = Outcome

    project = models.ForeignKey(
        "projects.Project", on_delete=models.PROTECT, related_name="adjudications"
    )
    item = models.ForeignKey(Item, on_delete=models.PROTECT, related_name="adjudications")
    reviewer = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="adjudications"
    )
    revision = models.PositiveSmallIntegerField(default=1)
    outcome = models.CharField(max_length=10, choices=Outcome)
    # Idempotency: the same key is the same decision.
    key = models.UUIDField(unique=True)
    # Why: told to those who judged. Of a returned item it is the feedback.
    reason = models.TextField(blank=True)
    # The judgments that the reviewer saw, by their ids, and the one that went back.
    judgment_ids = ArrayField(models.BigIntegerField(), default=list)
    returned = models.ForeignKey(
        Judgment, on_delete=models.PROTECT, null=True, related_name="returned_by"
    )
    # Were handles and generators hidden?
    was_blind = models.BooleanField(default=True)
    rubric_version = models.ForeignKey(
        "projects.RubricVersion", on_delete=models.PROTECT, null=True, related_name="+"
    )
    # The settled verdict, in the columns of a Judgment, by position; empty where there is none.
    ranks = ArrayField(models.PositiveSmallIntegerField(null=True), default=list)
    unacceptable = ArrayField(models.BooleanField(), default=list)
    strength = ArrayField(models.PositiveSmallIntegerField(null=True), default=list)
    rest_below = models.BooleanField(default=False)
    scale = models.PositiveSmallIntegerField(null=True)
    preference = models.SmallIntegerField(null=True)
    both = models.CharField(max_length=4, blank=True, default="")
    ratings = models.JSONField(default=dict)
    # Positions in the order they were shown to the reviewer.
    order = ArrayField(models.PositiveSmallIntegerField(), default=list)
    created_at = models.DateTimeField(default=timezone.now)

    objects = AdjudicationQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["item", "revision"], name="adjudication_revision_once"
            ),
            models.CheckConstraint(
                condition=Q(revision__gte=1), name="adjudication_revision_from_1"
            ),
            models.CheckConstraint(
                condition=~Q(outcome="reopened") | Q(revision__gte=2),
                name="adjudication_reopened_follows",
            ),
            models.CheckConstraint(
                condition=~Q(outcome__in=["settled", "returned"]) | ~Q(reason=""),
                name="adjudication_says_why",
            ),
            models.CheckConstraint(
                condition=Q(outcome="returned", returned__isnull=False)
                | (~Q(outcome="returned") & Q(returned=None)),
                name="adjudication_returned_names_it",
            ),
            models.CheckConstraint(
                condition=Q(ranks__len=F("unacceptable__len")), name="adjudication_arrays_match"
            ),
            models.CheckConstraint(
                condition=Q(outcome="settled")
                | Q(ranks__len=0, scale=None, preference=None, both="", ratings={}),
                name="adjudication_only_settled_has_a_verdict",
            ),
        ]
        indexes = [models.Index(fields=["project", "item"], name="adjudication_by_item")]

    def __str__(self):
        return f"adjudication {self.pk} of {self.item_id} ({self.outcome})"


class ItemReview(models.Model):
    """What the queue of disagreements knows about an item. Computed from its judgments, its
    adjudications and the project's settings: it may be computed again at any time."""

    class Why(models.TextChoices):
        """Why an item waits for a reviewer."""

        SPREAD = "spread", _("Disagreement")
        AUDIT = "audit", _("Audit sample")
        # Revised after a return, judged again after an approval, or a decision taken back.
        BACK = "back", _("Opened again")

    item = models.OneToOneField(
        Item, on_delete=models.PROTECT, primary_key=True, related_name="review"
    )
    project = models.ForeignKey(
        "projects.Project", on_delete=models.PROTECT, related_name="item_reviews"
    )
    # How many rows of judgments the item had, of any revision, when this was computed: they only
    # ever grow, so another number means that this is stale. −1: to be computed again.
    judgment_rows = models.IntegerField(default=-1)
    labeler_count = models.PositiveSmallIntegerField(default=0)
    # Mean disagreement about the order (0 … 1) and of how many comparisons; null where nothing
    # could be compared. `review/spread.py` has the formula.
    spread = models.FloatField(null=True)
    comparison_count = models.PositiveIntegerField(default=0)
    # {"helpfulness": [0.25, 12]}: the same of each criterion.
    rating_spreads = models.JSONField(default=dict)
    # The flags that somebody set, by their keys.
    flags = ArrayField(models.CharField(max_length=40), default=list)
    has_unacceptable = models.BooleanField(default=False)
    why = ArrayField(models.CharField(max_length=10, choices=Why), default=list)
    # The last decision that holds; empty while the item waits.
    outcome = models.CharField(max_length=10, choices=Outcome, blank=True, default="")
    computed_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(spread=None, comparison_count=0)
                | Q(spread__range=(0, 1), comparison_count__gte=1),
                name="item_review_spread_of_something",
            ),
            models.CheckConstraint(
                condition=~Q(outcome="reopened"), name="item_review_reopened_waits"
            ),
        ]
        indexes = [
            # The queue, the largest disagreement first.
            models.Index(
                F("project"),
                F("outcome"),
                F("spread").desc(nulls_last=True),
                F("item"),
                name="item_review_queue",
            ),
        ]

    def __str__(self):
        return f"review of {self.item_id} ({self.outcome or 'waiting'})"


class ReviewSettings(models.Model):
    """What a project's reviewers are offered."""

    project = models.OneToOneField(
        "projects.Project",
        on_delete=models.PROTECT,
        primary_key=True,
        related_name="review_settings",
    )
    # Of all items, in percent: looked at whatever their labelers say. Drawn by a hash of the
    # seed and the item's id.
    audit_percent = models.PositiveSmallIntegerField(default=5)
    audit_seed = models.CharField(max_length=32)
    # Disagreements from this one on wait for a reviewer, in percent; 0: every disagreement.
    spread_percent = models.PositiveSmallIntegerField(default=0)
    # The project's rows of judgments when all of the queue was computed last; null: never.
    judgment_rows = models.BigIntegerField(null=True)
    computed_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(audit_percent__lte=100), name="review_audit_up_to_100"
            ),
            models.CheckConstraint(
                condition=Q(spread_percent__lte=100), name="review_spread_up_to_100"
            ),
            models.CheckConstraint(condition=~Q(audit_seed=""), name="review_audit_has_a_seed"),
        ]

    def __str__(self):
        return f"review settings of {self.project_id}"
