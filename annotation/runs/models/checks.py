"""Whether a reward model still fits what people judge now."""

from django.conf import settings
from django.db import models
from django.db.models import Q


class AccuracyCheck(models.Model):
    """A reward model's accuracy on judgments that are newer than the dataset it was trained on."""

    version = models.ForeignKey(
        "ModelVersion", on_delete=models.PROTECT, related_name="accuracy_checks"
    )
    job = models.OneToOneField("core.Job", on_delete=models.PROTECT, null=True, related_name="+")
    score_job = models.ForeignKey(
        "core.Job", on_delete=models.PROTECT, null=True, related_name="+"
    )
    # How many newer judgments there were, and what they made.
    judgment_count = models.PositiveIntegerField(default=0)
    comparison_count = models.PositiveIntegerField(default=0)
    prompt_count = models.PositiveIntegerField(default=0)
    value = models.FloatField(null=True)
    low = models.FloatField(null=True)
    high = models.FloatField(null=True)
    # Surely lower than at its training: the 95 % interval of the difference lies below 0.
    is_stale = models.BooleanField(default=False)
    measured_at = models.DateTimeField(null=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(value=None, low=None, high=None, is_stale=False)
                | Q(value__isnull=False, low__isnull=False, high__isnull=False),
                name="accuracy_check_has_its_interval",
            )
        ]
        indexes = [models.Index(fields=["version", "-id"], name="accuracy_check_newest")]

    def __str__(self):
        return f"accuracy check {self.pk} of {self.version_id}"
