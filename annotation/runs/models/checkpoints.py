"""Checkpoints that a bucket has."""

from django.db import models
from django.db.models import Q


class CheckpointCopy(models.Model):
    """A checkpoint of a training that goes to a bucket: from before its first file is sent until
    all of them are removed there. It is whole once it has arrived."""

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
    # Keys in the bucket: the folder, and the files in it, the manifest last.
    folder = models.CharField(max_length=400)
    files = models.JSONField()
    byte_count = models.BigIntegerField()
    begun_at = models.DateTimeField(auto_now_add=True)
    arrived_at = models.DateTimeField(null=True)
    removed_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["destination", "folder"],
                condition=Q(removed_at=None),
                name="checkpoint_copy_once",
            ),
        ]

    def __str__(self):
        return f"copy of step {self.step} of run {self.run_id}"

    @property
    def place(self) -> str:
        return f"s3://{self.destination.bucket}/{self.folder}"

    @property
    def age(self) -> tuple[int, int]:
        """What tells the newer of two."""
        return self.step, self.token
