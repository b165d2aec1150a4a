"""Files of a dataset in a form that other programs read: made once, kept for a while."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from annotation.datasets.models.datasets import Dataset


class Export(models.Model):
    """One dataset in one form, as it was ordered last. How far it is, its job says; the file is
    named by the hash of its bytes, and several rows may have the same one."""

    dataset = models.ForeignKey(Dataset, on_delete=models.PROTECT, related_name="exports")
    form = models.CharField(max_length=40)
    # Empty: all of them, as a ZIP with the card.
    split = models.CharField(max_length=5, blank=True)
    is_parquet = models.BooleanField(default=False)
    # None where it was small enough to be made while somebody waited.
    job = models.ForeignKey("core.Job", on_delete=models.PROTECT, null=True, related_name="+")
    # What the file was made of: where that is the same, so are its bytes.
    key = models.CharField(max_length=64, blank=True)
    sha256 = models.CharField(max_length=64, blank=True)
    byte_count = models.BigIntegerField(default=0)
    expires_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(auto_now_add=True)
    ordered_at = models.DateTimeField()
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["dataset", "form", "split", "is_parquet"], name="export_once"
            ),
            models.CheckConstraint(
                condition=Q(expires_at=None, key="", sha256="", byte_count=0)
                | Q(expires_at__isnull=False) & ~Q(key="") & ~Q(sha256=""),
                name="export_is_whole_or_not_there",
            ),
        ]
        indexes = [models.Index(fields=["sha256"], name="export_by_file")]

    def __str__(self):
        return f"export {self.pk}"

    @property
    def is_under_way(self) -> bool:
        return self.job is not None and self.job.is_active
