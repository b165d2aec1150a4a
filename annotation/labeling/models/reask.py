"""Items that a new rubric version put into the queue again."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q


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
