"""Destinations: storage of somebody's that files of a project may be sent to."""

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from annotation.core.addresses import LONGEST_URL, parse
from annotation.core.sealed import SealedField


class DestinationQuerySet(models.QuerySet):
    def kept(self):
        return self.filter(removed_at=None)


class Destination(models.Model):
    """A bucket, or a repository on the Hub. A removed one stays for what was sent there, without
    its secret."""

    class Kind(models.TextChoices):
        S3 = "s3", _("S3-compatible storage")
        HUB = "hub", _("Hugging Face Hub")

    project = models.ForeignKey(
        "projects.Project", on_delete=models.PROTECT, related_name="destinations"
    )
    # Names the row where the secret is sealed: it opens in no other one.
    key = models.UUIDField(unique=True, default=uuid.uuid4)
    kind = models.CharField(max_length=5, choices=Kind)
    name = models.CharField(max_length=80)
    endpoint = models.CharField(max_length=LONGEST_URL)
    # Of a bucket; `prefix` is the folder in it.
    region = models.CharField(max_length=40, blank=True)
    bucket = models.CharField(max_length=63, blank=True)
    prefix = models.CharField(max_length=200, blank=True)
    access_key = models.CharField(max_length=200, blank=True)
    # Of the Hub, such as acme/taste. Whether of datasets or of models, a push says.
    repository = models.CharField(max_length=200, blank=True)
    # The secret half of the key, or the token.
    sealed_secret = SealedField(blank=True)
    # Whether the project's trainings send their checkpoints there.
    keeps_checkpoints = models.BooleanField(default=False)

    created_at = models.DateTimeField(auto_now_add=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    removed_at = models.DateTimeField(null=True)

    objects = DestinationQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                "project",
                Lower("name"),
                condition=Q(removed_at=None),
                name="destination_name_once",
            ),
            models.CheckConstraint(
                condition=Q(removed_at=None) & ~Q(sealed_secret="")
                | Q(removed_at__isnull=False, sealed_secret=""),
                name="destination_secret_ends_with_it",
            ),
            models.CheckConstraint(
                condition=Q(kind="s3", repository="") & ~Q(bucket="") & ~Q(access_key="")
                | Q(kind="hub", bucket="", prefix="", access_key="") & ~Q(repository=""),
                name="destination_bucket_or_repository",
            ),
            models.CheckConstraint(
                condition=Q(keeps_checkpoints=False) | Q(kind="s3", removed_at=None),
                name="destination_of_checkpoints_is_a_bucket",
            ),
            models.UniqueConstraint(
                fields=["project"],
                condition=Q(keeps_checkpoints=True),
                name="destination_of_checkpoints_once",
            ),
        ]

    def __str__(self):
        return f"destination {self.pk}"

    @property
    def is_bucket(self) -> bool:
        return self.kind == self.Kind.S3

    @property
    def origin(self) -> str:
        """Scheme, host and port."""
        return parse(self.endpoint).origin

    @property
    def place(self) -> str:
        """Where its secret is sealed: for this row, and for the server that it was given for."""
        return f"datasets_destination.sealed_secret:{self.key}:{self.origin}"

    @property
    def address(self) -> str:
        """For people: where in the storage."""
        if not self.is_bucket:
            return self.repository
        return "/".join(part for part in (f"s3://{self.bucket}", self.prefix) if part)
