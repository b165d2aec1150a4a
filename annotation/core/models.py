"""What every app leans on: background jobs, the audit trail, rendered text."""

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class JobQuerySet(models.QuerySet):
    def active(self):
        return self.filter(state__in=Job.ACTIVE)


class Job(models.Model):
    """One unit of background work. The row is the truth, the message only a doorbell."""

    class State(models.TextChoices):
        QUEUED = "queued", _("Waiting")
        RUNNING = "running", _("Running")
        DONE = "done", _("Done")
        FAILED = "failed", _("Failed")
        CANCELLED = "cancelled", _("Cancelled")

    ACTIVE = (State.QUEUED, State.RUNNING)

    kind = models.CharField(max_length=40)
    queue = models.CharField(max_length=20, default="default")
    # A lazy reference: core knows no other app, yet a job must not outlive its project unseen.
    project = models.ForeignKey(
        "projects.Project", on_delete=models.PROTECT, null=True, related_name="jobs"
    )
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    # What the job works on, such as "run:12". Two active jobs of a kind never share a target.
    target = models.CharField(max_length=100, blank=True)
    payload = models.JSONField(default=dict)

    state = models.CharField(max_length=10, choices=State, default=State.QUEUED)
    # Which of those that wait on one queue goes first; equals go in their order.
    priority = models.SmallIntegerField(default=0)
    # Fencing: grows with every claim; a write that names an older number changes nothing.
    token = models.PositiveIntegerField(default=0)
    attempts = models.PositiveSmallIntegerField(default=0)
    max_attempts = models.PositiveSmallIntegerField(default=3)
    lease_until = models.DateTimeField(null=True)
    not_before = models.DateTimeField(default=timezone.now)
    dispatched_at = models.DateTimeField(null=True)
    cancel_requested_at = models.DateTimeField(null=True)

    progress_done = models.BigIntegerField(default=0)
    progress_total = models.BigIntegerField(null=True)
    progress_note = models.CharField(max_length=200, blank=True)
    result = models.JSONField(default=dict)
    error = models.TextField(blank=True)

    created_at = models.DateTimeField(auto_now_add=True)
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    objects = JobQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "target"],
                condition=Q(state__in=["queued", "running"]) & ~Q(target=""),
                name="job_one_active_per_target",
            ),
            models.CheckConstraint(
                condition=Q(state="running", lease_until__isnull=False) | ~Q(state="running"),
                name="job_running_has_lease",
            ),
            models.CheckConstraint(
                condition=Q(state__in=["queued", "running"], finished_at__isnull=True)
                | (~Q(state__in=["queued", "running"]) & Q(finished_at__isnull=False)),
                name="job_over_has_finished_at",
            ),
            models.CheckConstraint(
                condition=Q(attempts__lte=F("max_attempts")), name="job_attempts_bounded"
            ),
            models.CheckConstraint(
                condition=~Q(state="failed") | ~Q(error=""), name="job_failed_has_cause"
            ),
        ]
        indexes = [
            models.Index(
                fields=["not_before"],
                condition=Q(state__in=["queued", "running"]),
                name="job_active",
            ),
            models.Index(fields=["project", "-id"], name="job_by_project"),
        ]

    def __str__(self):
        return f"job {self.pk} ({self.kind}, {self.state})"

    @property
    def is_active(self):
        return self.state in self.ACTIVE

    @property
    def state_text(self):
        """The state in a word. A job between two of its steps is queued, yet it runs."""
        if self.state == self.State.QUEUED and self.started_at is not None:
            return self.State.RUNNING.label
        return self.get_state_display()

    @property
    def kind_text(self):
        """What it does in words; its kind where no worker knows it any more."""
        from annotation.core.jobs import KINDS  # jobs import us

        return str(KINDS[self.kind].title or self.kind) if self.kind in KINDS else self.kind

    @property
    def seconds(self):
        if self.started_at is None:
            return None
        return ((self.finished_at or timezone.now()) - self.started_at).total_seconds()

    def rests(self, at_least: timedelta, *, cost: int) -> bool:
        """Whether it ended, however it did, too short a time ago for another one like it: less
        than `at_least`, or than `cost` times as long as it took."""
        ended = self.finished_at or self.created_at
        took = ended - (self.started_at or ended)
        return timezone.now() - ended < max(at_least, cost * took)


class Event(models.Model):
    """Who did what, append-only: a trigger refuses UPDATE and DELETE."""

    project = models.ForeignKey(
        "projects.Project",
        on_delete=models.PROTECT,
        null=True,
        related_name="events",
        db_index=False,  # the first column of an index below
    )
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
        db_index=False,
    )
    kind = models.CharField(max_length=60)
    target = models.CharField(max_length=100, blank=True)
    payload = models.JSONField(default=dict)
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        # Each filter of the trail, in the trail's order: a page is found without a sort.
        indexes = [
            models.Index(fields=["project", "-at", "-id"], name="event_by_project"),
            models.Index(fields=["project", "kind", "-at", "-id"], name="event_by_kind"),
            models.Index(fields=["actor", "-at", "-id"], name="event_by_actor"),
            models.Index(fields=["target", "-at"], name="event_by_target"),
        ]

    def __str__(self):
        return f"{self.kind} {self.target}".strip()

    @property
    def details(self) -> list[tuple[str, Any]]:
        """For templates: what `payload.items` says there where a key is called “items”."""
        return list(self.payload.items())


class RenderedText(models.Model):
    """The safe HTML of a text, kept by content: rendering is the slow part of a judging page."""

    sha256 = models.CharField(max_length=64)
    renderer = models.CharField(max_length=20)
    html = models.TextField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["sha256", "renderer"], name="rendered_text_once")
        ]

    def __str__(self):
        return f"{self.sha256[:12]} by {self.renderer}"
