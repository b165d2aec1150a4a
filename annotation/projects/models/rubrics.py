"""What is judged by, in versions."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext

from annotation.projects.models.projects import Project


class RubricVersionQuerySet(models.QuerySet):
    def published(self):
        return self.filter(published_at__isnull=False)


class RubricVersion(models.Model):
    """What to judge by: a guideline and its criteria. Once published it never changes."""

    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="rubric_versions")
    number = models.PositiveIntegerField()
    guideline = models.TextField(blank=True)
    # [{"key", "label", "description"}, …]: what may be ticked for a response, and what a marked
    # error may be called.
    flags = models.JSONField(default=list)
    error_labels = models.JSONField(default=list)
    # Keys of criteria: which one wins where they conflict, the strongest first.
    priorities = models.JSONField(default=list, db_default=[])
    # What changed, in the lead's words.
    note = models.TextField(blank=True, default="", db_default="")
    created_at = models.DateTimeField(auto_now_add=True)
    published_at = models.DateTimeField(null=True)
    published_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )

    objects = RubricVersionQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["project", "number"], name="rubric_version_once"),
            models.UniqueConstraint(
                fields=["project"],
                condition=Q(published_at=None),
                name="rubric_version_one_draft",
            ),
        ]

    def __str__(self):
        return f"rubric v{self.number} of {self.project}"

    @property
    def priority_labels(self) -> str:
        """Which criterion wins where they conflict. Needs `.criteria_list`."""
        labels = {criterion.key: criterion.label for criterion in self.criteria_list}
        return gettext(", then ").join(labels[key] for key in self.priorities)


class Criterion(models.Model):
    """One scale of a rubric version, with words for its points."""

    rubric_version = models.ForeignKey(
        RubricVersion, on_delete=models.PROTECT, related_name="criteria"
    )
    key = models.SlugField(max_length=40)
    label = models.CharField(max_length=80)
    description = models.TextField(blank=True)
    scale_min = models.SmallIntegerField(default=1)
    scale_max = models.SmallIntegerField(default=5)
    # The words for points of the scale: {"1": "The main answer is wrong.", …}
    anchors = models.JSONField(default=dict)
    # Yes and no: the points 1 and 0, shown as words.
    is_yes_no = models.BooleanField(default=False)
    allows_na = models.BooleanField(default=False)
    is_required = models.BooleanField(default=False)
    # How much it counts beside the others, for whoever makes one number of several.
    weight = models.FloatField(default=1.0, db_default=1.0)
    position = models.PositiveSmallIntegerField()

    class Meta:
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(fields=["rubric_version", "key"], name="criterion_key_once"),
            models.UniqueConstraint(
                fields=["rubric_version", "position"], name="criterion_position_once"
            ),
            models.CheckConstraint(
                condition=Q(scale_min__lt=F("scale_max")), name="criterion_scale_grows"
            ),
            models.CheckConstraint(
                condition=Q(scale_min__gte=-10, scale_max__lte=10), name="criterion_scale_small"
            ),
            models.CheckConstraint(
                condition=Q(is_yes_no=False) | Q(scale_min=0, scale_max=1),
                name="criterion_yes_no_is_0_or_1",
            ),
            models.CheckConstraint(
                condition=Q(weight__gte=0, weight__lte=100), name="criterion_weight_0_to_100"
            ),
        ]

    def __str__(self):
        return self.label

    @property
    def points(self):
        return range(self.scale_min, self.scale_max + 1)

    @property
    def points_with_anchors(self):
        """[{"value": 1, "words": "…"}, …] for every point of the scale."""
        return [
            {"value": point, "words": self.anchors.get(str(point), "")} for point in self.points
        ]


class RubricExample(models.Model):
    """What a criterion means, shown by a case. Of a published version it never changes either."""

    criterion = models.ForeignKey(Criterion, on_delete=models.PROTECT, related_name="examples")
    text = models.TextField()
    # Where it was taken from: the id of an item of the project, as plain data, for items are
    # known to later apps only.
    item_id = models.BigIntegerField(null=True)
    position = models.PositiveSmallIntegerField()

    class Meta:
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(
                fields=["criterion", "position"], name="rubric_example_position_once"
            ),
            models.CheckConstraint(condition=~Q(text=""), name="rubric_example_has_text"),
        ]

    def __str__(self):
        return self.text[:60]


class RubricDraft(models.Model):
    """The next version as it is being written: a document, for what is half typed breaks every
    rule that a version keeps. `rubrics/document.py` reads it."""

    project = models.OneToOneField(Project, on_delete=models.PROTECT, related_name="rubric_draft")
    content = models.JSONField()
    # Grows with every save: who saves over another state than the one they read is told so.
    revision = models.PositiveIntegerField(default=1)
    based_on = models.ForeignKey(
        RubricVersion, on_delete=models.PROTECT, null=True, related_name="+"
    )
    updated_at = models.DateTimeField(auto_now=True)
    updated_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )

    def __str__(self):
        return f"draft of {self.project_id}, revision {self.revision}"
