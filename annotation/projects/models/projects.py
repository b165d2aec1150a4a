"""Projects and what is asked in them."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class ProjectQuerySet(models.QuerySet):
    def of(self, user):
        """Those that this person is in; of a site admin, all."""
        if user.is_superuser:
            return self.all()
        return self.filter(memberships__user=user, memberships__is_active=True)


class Project(models.Model):
    """One body of work: prompts, people, a rubric, and what came of them."""

    class Asked(models.TextChoices):
        OFF = "off", _("Not asked")
        OPTIONAL = "optional", _("Optional")
        REQUIRED = "required", _("Required")

    class Ordering(models.TextChoices):
        """How the responses of an item are put in order."""

        FULL = "full", _("Rank every response")
        PARTIAL = "partial", _("Rank the best ones")
        SCALE = "scale", _("Compare two on a scale")  # items of other sizes are ranked
        NONE = "none", _("No order")

    class Demonstration(models.TextChoices):
        """When a labeler writes the ideal response."""

        OFF = "off", _("Never")
        FALLBACK = "fallback", _("When no response is acceptable")
        ALWAYS = "always", _("Always")

    slug = models.SlugField(max_length=60, unique=True)
    name = models.CharField(max_length=200)
    description = models.TextField(blank=True)
    overlap = models.PositiveSmallIntegerField(default=3)
    ordering = models.CharField(max_length=10, choices=Ordering, default=Ordering.FULL)
    # With a partial order: how many at least; what is left out then lies below them.
    top_k = models.PositiveSmallIntegerField(null=True, blank=True)
    # Points of the scale for two responses, and "both good", "both bad" beside it.
    scale_points = models.PositiveSmallIntegerField(default=7)
    has_both = models.BooleanField(default=True)
    asks_strength = models.BooleanField(default=True)
    has_floor = models.BooleanField(default=True)
    rationale = models.CharField(max_length=10, choices=Asked, default=Asked.OPTIONAL)
    confidence = models.CharField(max_length=10, choices=Asked, default=Asked.OFF)
    demonstration = models.CharField(
        max_length=10, choices=Demonstration, default=Demonstration.OFF
    )
    allows_corrections = models.BooleanField(default=False)
    allows_recording = models.BooleanField(default=False)
    lease_minutes = models.PositiveSmallIntegerField(default=15)
    # How many of a hundred items are gold, and how many while somebody is on probation.
    gold_percent = models.PositiveSmallIntegerField(default=0, db_default=0)
    probation_gold_percent = models.PositiveSmallIntegerField(default=0, db_default=0)
    # How many of a hundred items somebody has judged before, and how long ago at least: that many
    # items since, and that many hours.
    repeat_percent = models.PositiveSmallIntegerField(default=0, db_default=0)
    repeat_after_items = models.PositiveSmallIntegerField(default=20, db_default=20)
    repeat_after_hours = models.PositiveSmallIntegerField(default=24, db_default=24)
    created_at = models.DateTimeField(auto_now_add=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )

    objects = ProjectQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(overlap__gte=1, overlap__lte=50), name="project_overlap_1_to_50"
            ),
            models.CheckConstraint(
                condition=Q(lease_minutes__gte=1), name="project_lease_at_least_a_minute"
            ),
            models.CheckConstraint(
                condition=Q(scale_points__in=[4, 7, 9]), name="project_scale_4_7_or_9"
            ),
            models.CheckConstraint(
                condition=Q(top_k=None) | Q(top_k__gte=1, top_k__lte=9), name="project_top_1_to_9"
            ),
            models.CheckConstraint(
                condition=Q(gold_percent__lte=50, probation_gold_percent__lte=50),
                name="project_gold_at_most_half",
            ),
            models.CheckConstraint(
                condition=Q(repeat_percent__lte=20), name="project_repeats_at_most_a_fifth"
            ),
            models.CheckConstraint(
                condition=Q(repeat_after_items__gte=1, repeat_after_items__lte=500),
                name="project_repeat_after_1_to_500",
            ),
        ]

    def __str__(self):
        return self.name
