"""Known answers: in the queue, where nobody can tell, and on the ladder that leads to it."""

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import MD5, Cast
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from annotation.labeling.models.items import Item


class TestSection(models.Model):
    """A part of the test before somebody may work, with a pass mark of its own."""

    project = models.ForeignKey(
        "projects.Project", on_delete=models.PROTECT, related_name="test_sections"
    )
    name = models.CharField(max_length=120)
    pass_percent = models.PositiveSmallIntegerField(default=80)
    position = models.PositiveSmallIntegerField()

    class Meta:
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(
                fields=["project", "position"], name="test_section_position_once"
            ),
            models.CheckConstraint(condition=~Q(name=""), name="test_section_has_name"),
            models.CheckConstraint(
                condition=Q(pass_percent__lte=100), name="test_section_percent_to_100"
            ),
        ]

    def __str__(self):
        return self.name


class GoldItemQuerySet(models.QuerySet):
    def active(self):
        return self.filter(is_active=True)

    def in_queue(self):
        """Those that are lent among the work."""
        return self.active().filter(use=GoldItem.Use.QUEUE)


class GoldItem(models.Model):
    """The known answer to an item, and how near to it a judgment must come."""

    class Use(models.TextChoices):
        QUEUE = "queue", _("In the queue")
        TRAINING = "training", pgettext_lazy("of a labeler", "Training")
        TEST = "test", _("Test")

    class Tolerance(models.TextChoices):
        EXACT = "exact", _("The same order")
        BEST = "best", _("The same best response")
        INVERSIONS = "inversions", _("At most so many pairs the other way round")

    project = models.ForeignKey(
        "projects.Project", on_delete=models.PROTECT, related_name="gold_items"
    )
    item = models.OneToOneField(Item, on_delete=models.PROTECT, related_name="gold")
    use = models.CharField(max_length=10, choices=Use, default=Use.QUEUE)
    section = models.ForeignKey(
        TestSection, on_delete=models.PROTECT, null=True, related_name="gold_items"
    )
    # Among those of the ladder: in which order they come.
    position = models.PositiveIntegerField(default=0)
    # By the item's positions, as in a judgment.
    ranks = ArrayField(models.PositiveSmallIntegerField(null=True))
    unacceptable = ArrayField(models.BooleanField())
    # What has no rank lies below what has one; otherwise it is not asked for.
    rest_below = models.BooleanField(default=False, db_default=False)
    # {"helpfulness": [4, null]}: where an answer says so, and by how many points one may differ.
    ratings = models.JSONField(default=dict)
    rating_slack = models.PositiveSmallIntegerField(default=1)
    tolerance = models.CharField(max_length=10, choices=Tolerance, default=Tolerance.EXACT)
    max_inversions = models.PositiveSmallIntegerField(null=True)
    # Why this is the answer: shown at once in training, never in the queue.
    explanation = models.TextField(blank=True)
    is_active = models.BooleanField(default=True)
    # False: its answer was not one, and what was judged of it counts for nobody.
    is_counted = models.BooleanField(default=True, db_default=True)
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    made_at = models.DateTimeField(auto_now_add=True)
    # Retired and taken up again: its use is counted from here.
    taken_up_at = models.DateTimeField(null=True)

    objects = GoldItemQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(is_active=False) | Q(is_counted=True),
                name="gold_in_use_is_counted",
            ),
            models.CheckConstraint(
                condition=Q(ranks__len=F("unacceptable__len")), name="gold_arrays_match"
            ),
            models.CheckConstraint(
                condition=Q(use="test", section__isnull=False)
                | (~Q(use="test") & Q(section__isnull=True)),
                name="gold_of_a_test_has_its_section",
            ),
            models.CheckConstraint(
                condition=Q(tolerance="inversions", max_inversions__isnull=False)
                | (~Q(tolerance="inversions") & Q(max_inversions__isnull=True)),
                name="gold_inversions_are_counted",
            ),
        ]
        indexes = [
            models.Index(
                fields=["project", "use", "position"],
                condition=Q(is_active=True),
                name="gold_in_use",
            ),
            # The circle that the lending statement walks: no place in it says what is next to it.
            models.Index(
                F("project"),
                MD5(Cast("id", models.TextField())),
                condition=Q(is_active=True, use="queue"),
                name="gold_circle",
            ),
        ]

    def __str__(self):
        return f"gold of item {self.item_id} ({self.use})"


class GoldRotation(models.Model):
    """When a known answer in the queue is due to be retired, and by whom."""

    project = models.OneToOneField(
        "projects.Project",
        on_delete=models.PROTECT,
        primary_key=True,
        related_name="gold_rotation",
    )
    after_judgments = models.PositiveIntegerField(null=True)
    after_days = models.PositiveIntegerField(null=True)
    # By the clock; else the page says which are due, and a lead retires them.
    is_automatic = models.BooleanField(default=False)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=(Q(after_judgments=None) | Q(after_judgments__gte=1))
                & (Q(after_days=None) | Q(after_days__gte=1)),
                name="gold_rotation_from_one",
            )
        ]

    def __str__(self):
        return f"gold rotation of {self.project_id}"
