"""What was sent to a destination, or is on its way."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from annotation.datasets.models.datasets import Dataset
from annotation.datasets.models.destinations import Destination


class Push(models.Model):
    """Files sent to a destination. How far it is, its job says; what arrived is written down once,
    when all of it is there."""

    project = models.ForeignKey(
        "projects.Project", on_delete=models.PROTECT, related_name="%(class)ses"
    )
    destination = models.ForeignKey(Destination, on_delete=models.PROTECT, related_name="+")
    job = models.OneToOneField("core.Job", on_delete=models.PROTECT, null=True, related_name="+")
    # Where it lies: for programs, and as an address for people where there is one.
    place = models.CharField(max_length=500, blank=True)
    url = models.CharField(max_length=1000, blank=True)
    # The Hub's commit.
    revision = models.CharField(max_length=64, blank=True)
    # Of the file that names all others with their hashes, and went last.
    sha256 = models.CharField(max_length=64, blank=True)
    # Name: {bytes, sha256}.
    files = models.JSONField(default=dict)
    arrived_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(auto_now_add=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )

    class Meta:
        abstract = True
        constraints = [
            models.CheckConstraint(
                condition=Q(arrived_at=None, place="", sha256="")
                | Q(arrived_at__isnull=False) & ~Q(place="") & ~Q(sha256=""),
                name="%(class)s_arrived_somewhere",
            )
        ]

    def __str__(self):
        return f"push {self.pk}"

    @property
    def what(self) -> str:
        """Whose files these are, as events name it."""
        raise NotImplementedError

    @property
    def size(self) -> int:
        return sum(entry["bytes"] for entry in self.files.values())


class DatasetPush(Push):
    """An export of a frozen dataset, in one format."""

    dataset = models.ForeignKey(Dataset, on_delete=models.PROTECT, related_name="pushes")
    form = models.CharField(max_length=40)
    is_parquet = models.BooleanField(default=False)
    # Labelers by their handles, where the format names any; by pseudonyms otherwise.
    with_handles = models.BooleanField(default=False)

    @property
    def what(self) -> str:
        return f"dataset:{self.dataset_id}"
