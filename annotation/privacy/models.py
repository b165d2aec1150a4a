"""What people may ask about their own data, and what became of it."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from annotation.datasets.models import Dataset
from annotation.runs.models import ModelVersion


class PersonalCopyQuerySet(models.QuerySet):
    def ready(self):
        return self.filter(expires_at__gt=timezone.now())


class PersonalCopy(models.Model):
    """Everything that is kept about a person, as a file that they alone may take, for a week."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="personal_copies"
    )
    job = models.ForeignKey("core.Job", on_delete=models.PROTECT, related_name="+")
    # The file below the data directory; its name cannot be guessed.
    name = models.CharField(max_length=80, unique=True)
    byte_count = models.BigIntegerField()
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField()

    objects = PersonalCopyQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["user", "-id"], name="personal_copy_by_user")]

    def __str__(self):
        return f"copy {self.pk} for user {self.user_id}"


class ErasureRequest(models.Model):
    """A person asks to be erased. An admin does it, or the person takes it back."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="erasure_requests"
    )
    removes_texts = models.BooleanField(default=False)
    asked_at = models.DateTimeField(auto_now_add=True)
    withdrawn_at = models.DateTimeField(null=True)
    done_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["user"],
                condition=Q(withdrawn_at=None, done_at=None),
                name="erasure_request_open_once",
            ),
            models.CheckConstraint(
                condition=Q(withdrawn_at=None) | Q(done_at=None), name="erasure_request_one_end"
            ),
        ]

    def __str__(self):
        return f"request of user {self.user_id}"


class Erasure(models.Model):
    """A person was erased. While the transaction that wrote this row lasts, triggers let the texts
    of this person's judgments and events be emptied; no other transaction may. Append-only."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="erasures"
    )
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    pseudonym = models.CharField(max_length=40)
    removes_texts = models.BooleanField(default=False)
    # What held their judgments at that time, by id: it stays as it is.
    datasets = models.JSONField(default=list)
    model_versions = models.JSONField(default=list)
    transaction_id = models.BigIntegerField()
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        indexes = [models.Index(fields=["user", "-id"], name="erasure_by_user")]

    def __str__(self):
        return self.pseudonym

    def dataset_rows(self):
        listed = Dataset.objects.filter(pk__in=self.datasets)
        return listed.select_related("project").order_by("-pk")

    def model_version_rows(self):
        listed = ModelVersion.objects.filter(pk__in=self.model_versions)
        return listed.select_related("project").order_by("-pk")
