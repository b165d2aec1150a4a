"""Files of comparisons from elsewhere, and reward models measured on them."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import MD5


class BenchmarkFileQuerySet(models.QuerySet):
    def kept(self):
        """Those whose bytes are there."""
        return self.filter(removed_at=None)


class BenchmarkFile(models.Model):
    """Comparisons that no project made, in RewardBench's format; the bytes lie below the data
    directory under their hash. What they say comes from strangers: it is measured on, and never
    becomes a prompt, a response or a row of a dataset."""

    project = models.ForeignKey(
        "projects.Project", on_delete=models.PROTECT, related_name="benchmark_files"
    )
    sha256 = models.CharField(max_length=64)
    name = models.CharField(max_length=200)
    byte_count = models.PositiveBigIntegerField()
    comparison_count = models.PositiveIntegerField()
    subset_count = models.PositiveIntegerField()
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)
    # The bytes are gone; figures that came of them keep naming the hash.
    removed_at = models.DateTimeField(null=True)

    objects = BenchmarkFileQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["project", "sha256"], name="benchmark_file_once"),
            models.CheckConstraint(
                condition=Q(comparison_count__gte=1), name="benchmark_file_not_empty"
            ),
        ]

    def __str__(self):
        return f"benchmark file {self.pk}"


class Measurement(models.Model):
    """A reward model is measured on a file. Its figures stand with the model version, by name."""

    version = models.ForeignKey(
        "ModelVersion", on_delete=models.PROTECT, related_name="measurements"
    )
    file = models.ForeignKey(BenchmarkFile, on_delete=models.PROTECT, related_name="measurements")
    # What the figures are called; measured again by this name, they are replaced.
    name = models.CharField(max_length=60)
    job = models.OneToOneField("core.Job", on_delete=models.PROTECT, null=True, related_name="+")
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.CheckConstraint(condition=~Q(name=""), name="measurement_has_name")]

    def __str__(self):
        return f"measurement {self.pk} of {self.version_id}"


class BenchmarkSubset(models.Model):
    """A reward model's figures on one subset of a file. Apart from the totals, which stand in the
    version's metrics: every list of models reads those, and a file may have hundreds of these."""

    version = models.ForeignKey(
        "ModelVersion", on_delete=models.PROTECT, related_name="benchmark_subsets"
    )
    benchmark = models.CharField(max_length=60)  # the name of the figures
    name = models.TextField(blank=True)  # empty: the rows without a subset
    comparison_count = models.PositiveIntegerField()
    figures = models.JSONField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                "version", "benchmark", MD5("name"), name="benchmark_subset_once"
            ),
        ]

    def __str__(self):
        return f"subset {self.pk} of {self.version_id}"
