"""What was judged, and written with it."""

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Case, Exists, F, OuterRef, Q, Value, When
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from annotation.labeling.models.assignments import Assignment
from annotation.labeling.models.items import Item
from annotation.labeling.models.purposes import COUNTED, Purpose


def newer_revisions() -> models.QuerySet:
    """Of the judgment of an outer query: what has taken its place since."""
    return Judgment.objects.filter(
        item=OuterRef("item"),
        labeler=OuterRef("labeler"),
        is_repeat=OuterRef("is_repeat"),
        revision__gt=OuterRef("revision"),
    )


class JudgmentQuerySet(models.QuerySet):
    def current(self):
        """The latest revision of each labeler's judgment of an item, unless it takes it back; of a
        repeat as of the judgment before it."""
        return self.filter(~Exists(newer_revisions()), is_retraction=False)

    def revealed(self):
        """Without what was judged in a calibration round that nobody may look into yet."""
        return self.exclude(purpose=Purpose.CALIBRATION, item__calibration__round__state="open")

    def work(self):
        """Without gold, repeats, the ladder and calibration: what agreement and datasets are made
        of."""
        return self.filter(purpose=Purpose.WORK)

    def of_line(self, asked):
        """All revisions of what one labeler says of one item, the first time or when it is asked
        again: those that an assignment or a judgment belongs to. The same statement for a repeat,
        or it could be told by that."""
        own = type(asked)._default_manager.filter(pk=asked.pk)
        return self.filter(
            item=asked.item_id, labeler=asked.labeler_id, is_repeat__in=own.values("is_repeat")
        )

    def counted(self):
        """What counts as done by its labeler: once for each item, however often it was changed.
        `lending.JUDGED` says the same in SQL."""
        return self.filter(revision=1, purpose__in=COUNTED)


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
    purpose = models.CharField(
        max_length=12, choices=Purpose, default=Purpose.WORK, db_default=Purpose.WORK
    )
    # What is said of an item when it is asked again has revisions of its own.
    is_repeat = models.GeneratedField(
        expression=Case(When(purpose=Purpose.REPEAT, then=True), default=False),
        output_field=models.BooleanField(),
        db_persist=True,
    )
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
                fields=["item", "labeler", "is_repeat", "revision"],
                name="judgment_revision_once",
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
