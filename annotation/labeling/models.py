"""Items, who holds them, what was judged and written.

Responses of an item have positions 1 … n. Everything that speaks of several responses is an
array by position: `ranks[0]` is the tier of the response at position 1. So a ranking that names
a response twice, or one of another item, cannot be written down.
"""

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Exists, F, OuterRef, Q, Value
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class ItemQuerySet(models.QuerySet):
    def open(self):
        """Items that can still be lent to somebody."""
        return self.filter(state=Item.State.OPEN, taken__lt=F("overlap"))

    def untouched_by(self, labeler):
        return self.exclude(assignments__labeler=labeler)


class Item(models.Model):
    """One prompt and the responses to be judged together: 2 to 9 where they are put in order, one
    or none where a project asks for ratings or for a demonstration."""

    class State(models.TextChoices):
        OPEN = "open", _("Open")
        WITHDRAWN = "withdrawn", _("Withdrawn")

    project = models.ForeignKey("projects.Project", on_delete=models.PROTECT, related_name="items")
    prompt = models.ForeignKey("prompts.Prompt", on_delete=models.PROTECT, related_name="items")
    external_id = models.CharField(max_length=200)
    # Of the canonical content: the same id with another content is refused at import.
    content_sha256 = models.CharField(max_length=64)
    # What it was made for, such as "import:3" or "round:2:compare". Not shown to labelers.
    batch = models.CharField(max_length=60, blank=True)
    metadata = models.JSONField(default=dict)
    # Kinds of harmful content, such as "violence": labelers may keep away from some.
    warnings = ArrayField(models.CharField(max_length=20), default=list, db_default=[])
    response_count = models.PositiveSmallIntegerField()
    state = models.CharField(max_length=10, choices=State, default=State.OPEN)
    priority = models.SmallIntegerField(default=0)
    overlap = models.PositiveSmallIntegerField()
    # Live and submitted assignments. Changed only under this row's lock: counting the
    # assignments instead lets two labelers past the limit, for each sees an old snapshot.
    taken = models.PositiveSmallIntegerField(default=0)
    created_at = models.DateTimeField(auto_now_add=True)

    responses = models.ManyToManyField(
        "prompts.Response", through="ItemResponse", related_name="items"
    )

    objects = ItemQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["project", "external_id"], name="item_id_once"),
            models.CheckConstraint(
                condition=Q(taken__lte=F("overlap")), name="item_within_overlap"
            ),
            models.CheckConstraint(
                condition=Q(response_count__lte=9), name="item_has_at_most_9_responses"
            ),
        ]
        indexes = [
            # The queue: what can be lent, nearest to completion first.
            models.Index(
                F("project"),
                F("priority").desc(),
                F("taken").desc(),
                F("id"),
                condition=Q(state="open", taken__lt=F("overlap")),
                name="item_queue",
            ),
            # Items nobody has begun: found at once, however many begun ones lie before them.
            models.Index(
                F("project"),
                F("priority").desc(),
                F("id"),
                condition=Q(state="open", taken=0),
                name="item_fresh",
            ),
            models.Index(fields=["project", "batch"], name="item_by_batch"),
        ]

    def __str__(self):
        return self.external_id


class ItemResponse(models.Model):
    """A response's place in an item."""

    item = models.ForeignKey(Item, on_delete=models.PROTECT, related_name="item_responses")
    response = models.ForeignKey(
        "prompts.Response", on_delete=models.PROTECT, related_name="item_responses"
    )
    position = models.PositiveSmallIntegerField()
    # The name of the response in files, such as "a".
    key = models.CharField(max_length=100)
    # The first position with the very same text, where there is one.
    equal_to = models.PositiveSmallIntegerField(null=True)

    class Meta:
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(fields=["item", "position"], name="item_response_position"),
            models.UniqueConstraint(fields=["item", "key"], name="item_response_key"),
            models.UniqueConstraint(fields=["item", "response"], name="item_response_once"),
            models.CheckConstraint(
                condition=Q(position__gte=1, position__lte=9), name="item_response_1_to_9"
            ),
            models.CheckConstraint(
                condition=Q(equal_to=None) | Q(equal_to__lt=F("position")),
                name="item_response_equal_to_earlier",
            ),
        ]

    def __str__(self):
        return f"{self.key} of {self.item_id}"


class AssignmentQuerySet(models.QuerySet):
    def held_by(self, user):
        return self.filter(labeler=user)

    def live(self):
        return self.filter(state=Assignment.State.LIVE)


class Assignment(models.Model):
    """An item lent to a labeler until its lease ends. One row per labeler and item, for ever."""

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
            models.UniqueConstraint(fields=["item", "labeler"], name="assignment_once"),
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


class JudgmentQuerySet(models.QuerySet):
    def current(self):
        """The latest revision of each labeler's judgment of an item, unless it takes it back."""
        newer = Judgment.objects.filter(
            item=OuterRef("item"), labeler=OuterRef("labeler"), revision__gt=OuterRef("revision")
        )
        return self.filter(~Exists(newer), is_retraction=False)


class Judgment(models.Model):
    """A labeler's verdict on an item. Append-only: a change is a new revision (and a trigger
    refuses UPDATE and DELETE)."""

    class Origin(models.TextChoices):
        DESK = "desk", _("Judging page")
        API = "api", "API"
        IMPORT = "import", _("Import")
        SIMULATED = "simulated", _("Simulated")

    project = models.ForeignKey(
        "projects.Project", on_delete=models.PROTECT, related_name="judgments"
    )
    item = models.ForeignKey(Item, on_delete=models.PROTECT, related_name="judgments")
    labeler = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="judgments"
    )
    assignment = models.ForeignKey(
        Assignment, on_delete=models.PROTECT, null=True, related_name="judgments"
    )
    revision = models.PositiveSmallIntegerField(default=1)
    rubric_version = models.ForeignKey(
        "projects.RubricVersion", on_delete=models.PROTECT, null=True, related_name="judgments"
    )
    origin = models.CharField(max_length=10, choices=Origin)
    imported = models.ForeignKey(
        "prompts.Import", on_delete=models.PROTECT, null=True, related_name="judgments"
    )
    # Idempotency: the same key is the same submit.
    key = models.UUIDField(unique=True, null=True)
    content_sha256 = models.CharField(max_length=64)

    # Tier per position, 1 = best, without gaps, equal = tie; null = not ranked (not last).
    ranks = ArrayField(models.PositiveSmallIntegerField(null=True))
    # Per position: below the floor of what is acceptable. Its tier is below all others.
    unacceptable = ArrayField(models.BooleanField())
    # Between neighbouring tiers, best first: 1 slightly, 2 clearly, 3 far better; null = not said.
    strength = ArrayField(models.PositiveSmallIntegerField(null=True), default=list)
    # What has no rank lies below what has one (a top-k ranking); otherwise nothing is known of it.
    rest_below = models.BooleanField(default=False, db_default=False)
    # Two responses on a scale of 4, 7 or 9 points: below 0 the response at position 1 is better,
    # above 0 the one at position 2; or both are good, or both are bad. Ranks say the same again.
    scale = models.PositiveSmallIntegerField(null=True)
    preference = models.SmallIntegerField(null=True)
    both = models.CharField(max_length=4, blank=True, default="", db_default="")
    # {"helpfulness": [4, null, "na"]} by criterion key, then by position.
    ratings = models.JSONField(default=dict)
    # {"unsafe": [true, false]} by flag key, then by position.
    flags = models.JSONField(default=dict, db_default=Value({}, models.JSONField()))
    # [{"position", "start", "end", "label", "note"}, …]: errors marked in the responses' raw
    # text, by characters (code points), the end not included.
    highlights = models.JSONField(default=list, db_default=Value([], models.JSONField()))
    confidence = models.PositiveSmallIntegerField(null=True)  # 1 a guess … 5 certain
    rationale = models.TextField(blank=True)
    # The sha256 of an attachment of the project, the rationale as it was spoken: a foreign key
    # over two columns, made by the migration, and so null where there is none.
    recording = models.CharField(max_length=64, null=True)  # noqa: DJ001
    # Positions in the order they were shown; empty where nobody knows.
    order = ArrayField(models.PositiveSmallIntegerField(), default=list)
    seconds = models.FloatField(null=True)
    is_surplus = models.BooleanField(default=False)
    # This revision takes the one before it back: the labeler's judgment counts no more.
    is_retraction = models.BooleanField(default=False, db_default=False)
    submitted_at = models.DateTimeField(default=timezone.now)

    objects = JudgmentQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["item", "labeler", "revision"], name="judgment_revision_once"
            ),
            models.CheckConstraint(condition=Q(revision__gte=1), name="judgment_revision_from_1"),
            models.CheckConstraint(
                condition=Q(ranks__len=F("unacceptable__len")), name="judgment_arrays_match"
            ),
            models.CheckConstraint(
                condition=Q(seconds=None) | Q(seconds__gte=0, seconds__lt=1e9),
                name="judgment_seconds_sane",
            ),
            models.CheckConstraint(
                # A comparison with NULL is NULL, and a CHECK lets that pass: so each case says
                # what must be there.
                condition=Q(scale=None, preference=None, both="")
                | Q(scale__isnull=False, scale__in=[4, 7, 9])
                & (
                    Q(preference=None, both__in=["good", "bad"])
                    | Q(preference__isnull=False, both="")
                    & (
                        (Q(scale=4, preference__range=(-2, 2)) & ~Q(preference=0))
                        | Q(scale=7, preference__range=(-3, 3))
                        | Q(scale=9, preference__range=(-4, 4))
                    )
                ),
                name="judgment_preference_on_its_scale",
            ),
            models.CheckConstraint(
                condition=Q(scale=None) | Q(ranks__len=2), name="judgment_scale_is_for_two"
            ),
            models.CheckConstraint(
                condition=Q(confidence=None) | Q(confidence__range=(1, 5)),
                name="judgment_confidence_1_to_5",
            ),
            models.CheckConstraint(
                condition=Q(is_retraction=False) | Q(revision__gte=2),
                name="judgment_retraction_follows",
            ),
        ]
        indexes = [
            models.Index(fields=["project", "item"], name="judgment_by_item"),
            models.Index(fields=["labeler", "-submitted_at"], name="judgment_by_labeler"),
        ]

    def __str__(self):
        return f"judgment {self.pk} (revision {self.revision})"


class WrittenResponse(models.Model):
    """A response that a labeler wrote with a judgment: the correction of the one at `position`,
    or, without a position, the demonstration of an ideal one. Append-only, as its judgment."""

    judgment = models.ForeignKey(Judgment, on_delete=models.PROTECT, related_name="written")
    response = models.OneToOneField(
        "prompts.Response", on_delete=models.PROTECT, related_name="written"
    )
    position = models.PositiveSmallIntegerField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["judgment", "position"],
                name="written_response_place_once",
                nulls_distinct=False,
            )
        ]

    def __str__(self):
        return f"response {self.response_id} written with judgment {self.judgment_id}"


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


class FeedbackQuerySet(models.QuerySet):
    def waiting(self):
        return self.filter(state=Feedback.State.NEW)


class Feedback(models.Model):
    """What a reviewer says to a labeler about one judgment, and what the labeler answers."""

    class State(models.TextChoices):
        NEW = "new", _("New")
        ACKNOWLEDGED = "acknowledged", _("Read")
        DISPUTED = "disputed", _("Disputed")

    judgment = models.ForeignKey(Judgment, on_delete=models.PROTECT, related_name="feedback")
    # Whose judgment it is: a labeler's own list is one look into an index.
    labeler = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="feedback"
    )
    reviewer = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    text = models.TextField()
    created_at = models.DateTimeField(auto_now_add=True)
    state = models.CharField(max_length=12, choices=State, default=State.NEW)
    answer = models.TextField(blank=True)
    answered_at = models.DateTimeField(null=True)

    objects = FeedbackQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["labeler", "-id"], name="feedback_by_labeler")]
        constraints = [
            models.CheckConstraint(condition=~Q(text=""), name="feedback_says_something"),
            models.CheckConstraint(
                condition=Q(state="new", answered_at=None)
                | (~Q(state="new") & Q(answered_at__isnull=False)),
                name="feedback_answered_or_new",
            ),
            models.CheckConstraint(
                condition=~Q(state="disputed") | ~Q(answer=""), name="feedback_disputed_in_words"
            ),
        ]

    def __str__(self):
        return f"feedback {self.pk} on {self.judgment_id} ({self.state})"


class Reask(models.Model):
    """The share of judged items that a new rubric version put into the queue again: drawn once,
    by a recorded seed, so that everybody can draw it again."""

    rubric_version = models.OneToOneField(
        "projects.RubricVersion", on_delete=models.PROTECT, related_name="reask"
    )
    percent = models.PositiveSmallIntegerField()
    # How many further labelers each of the items is for.
    extra = models.PositiveSmallIntegerField()
    seed = models.BigIntegerField()
    item_ids = ArrayField(models.BigIntegerField())
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(percent__gte=1, percent__lte=100), name="reask_percent_1_to_100"
            ),
            models.CheckConstraint(condition=Q(extra__gte=1), name="reask_at_least_one_more"),
        ]

    def __str__(self):
        return f"{self.percent} % under version {self.rubric_version_id}"
