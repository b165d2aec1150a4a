"""Checkpoints that a bucket has."""

from django.db import models
from django.db.models import Q


class CheckpointCopy(models.Model):
    """A checkpoint of a training that arrived whole in a bucket, until it is removed there."""

    run = models.ForeignKey(
        "TrainingRun", on_delete=models.PROTECT, related_name="checkpoint_copies"
    )
    destination = models.ForeignKey(
        "datasets.Destination", on_delete=models.PROTECT, related_name="+"
    )
    # The attempt that wrote it, and after which step.
    token = models.PositiveIntegerField()
    step = models.PositiveIntegerField()
    # Of its checkpoint.json, which names every other file with its own.
    sha256 = models.CharField(max_length=64)
    # Keys in the bucket: the folder, and the files in it.
    folder = models.CharField(max_length=400)
    files = models.JSONField()
    byte_count = models.BigIntegerField()
    arrived_at = models.DateTimeField(auto_now_add=True)
    removed_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["run", "token", "step"],
                condition=Q(removed_at=None),
                name="checkpoint_copy_once",
            ),
        ]

    def __str__(self):
        return f"copy of step {self.step} of run {self.run_id}"

    @property
    def place(self) -> str:
        return f"s3://{self.destination.bucket}/{self.folder}"
