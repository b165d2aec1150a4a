"""Frozen datasets: folders named by their content, and the projects that they are made of."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.functional import cached_property

from annotation.datasets import store


class Dataset(models.Model):
    """A set of comparisons that never changes; its hash covers every byte of its files."""

    project = models.ForeignKey(
        "projects.Project", on_delete=models.PROTECT, related_name="datasets"
    )
    hash = models.CharField(max_length=64)
    name = models.CharField(max_length=100, blank=True)
    # Under which it may be used, for its card: an SPDX name, or a sentence. No part of the hash.
    licence = models.CharField(max_length=100, blank=True, default="", db_default="")
    policy = models.JSONField()
    # The manifest's counts: kept and dropped with reasons, rows per file and split.
    counts = models.JSONField()
    manifest = models.JSONField()
    job = models.ForeignKey("core.Job", on_delete=models.PROTECT, null=True, related_name="+")
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["project", "hash"], name="dataset_once"),
            models.CheckConstraint(
                condition=Q(hash__regex=r"^[0-9a-f]{64}$"), name="dataset_hash_is_sha256"
            ),
        ]

    def __str__(self):
        return self.name or self.hash[:12]

    @property
    def folder(self):
        """Where its files lie: docs/formats.md says what is in it."""
        return store.folder_of(self.hash)

    @property
    def short_hash(self):
        return self.hash[:12]

    @property
    def prompt_count(self):
        return sum(self.counts["prompts"].values())

    @cached_property
    def projects(self):
        """All that it was made of: its own, and the further ones. It never changes."""
        further = self.sources.select_related("project") if "projects" in self.counts else ()
        return [self.project, *(source.project for source in further)]


class DatasetSource(models.Model):
    """A further project whose judgments are in a dataset. Whoever may not do something in one of
    them may not do it with the dataset: see access.py."""

    dataset = models.ForeignKey(Dataset, on_delete=models.PROTECT, related_name="sources")
    project = models.ForeignKey(
        "projects.Project", on_delete=models.PROTECT, related_name="lent_judgments"
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["dataset", "project"], name="dataset_source_once")
        ]

    def __str__(self):
        return f"{self.dataset_id} of {self.project_id}"


class DatasetPerson(models.Model):
    """Who is behind a pseudonym of a dataset over several projects."""

    dataset = models.ForeignKey(Dataset, on_delete=models.PROTECT, related_name="people")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    name = models.CharField(max_length=20)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["dataset", "user"], name="dataset_person_once"),
            models.UniqueConstraint(fields=["dataset", "name"], name="dataset_pseudonym_once"),
        ]

    def __str__(self):
        return self.name
