"""Which items were built together, and by which rule."""

from django.conf import settings
from django.db import models
from django.db.models import Q


class BuiltBatch(models.Model):
    """Items that were made from stored responses by one order; the same order over the same
    responses makes the same items."""

    project = models.ForeignKey(
        "projects.Project", on_delete=models.PROTECT, related_name="built_batches"
    )
    name = models.CharField(max_length=60)
    # As labeling/building/policy.py writes it, the seed included.
    policy = models.JSONField()
    # {"items": 120, "dropped": {"too_few": 3, …}}
    counts = models.JSONField(default=dict)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)
    withdrawn_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(fields=["project", "name"], name="built_batch_once"),
            models.CheckConstraint(condition=~Q(name=""), name="built_batch_has_name"),
        ]

    def __str__(self):
        return self.name
