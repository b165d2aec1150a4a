"""Rounds: collect, train, evaluate once."""

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models


class Round(models.Model):
    """Collect, train, evaluate once. It holds what it collects, the dataset frozen of that and the
    model it starts from; runs, versions, evaluations and the decision follow from those.

    A round that a job carries through tells its stages as they run.
    """

    project = models.ForeignKey(
        "projects.Project", on_delete=models.PROTECT, related_name="rounds"
    )
    number = models.PositiveIntegerField()
    # The batches of items whose judgments it collects.
    batches = ArrayField(models.CharField(max_length=60), default=list, db_default=[])
    dataset = models.ForeignKey(
        "datasets.Dataset", on_delete=models.PROTECT, null=True, related_name="rounds"
    )
    base = models.ForeignKey(
        "ModelVersion", on_delete=models.PROTECT, null=True, related_name="rounds"
    )
    # The round that this one was seeded from.
    previous = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, related_name="following"
    )
    options = models.JSONField(default=dict)
    # [{"key", "title", "state", "started_at", "seconds", "detail", "text", "values", "link"}, …]
    stages = models.JSONField(default=list)
    # Ids of what the stages made, and the numbers of before and after.
    result = models.JSONField(default=dict)
    job = models.OneToOneField(
        "core.Job", on_delete=models.PROTECT, null=True, related_name="round"
    )
    # Idempotency: the same key is the same round.
    key = models.UUIDField(null=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["project", "number"], name="round_number_once"),
            models.UniqueConstraint(fields=["project", "key"], name="round_key_once"),
        ]

    def __str__(self):
        return f"round {self.number} of {self.project}"
