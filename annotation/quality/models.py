"""What was found out about the judgments: computed, kept, never edited."""

from django.db import models
from django.db.models import Count, Max


class ReportQuerySet(models.QuerySet):
    def newest_first(self):
        return self.order_by("-computed_at", "-pk")


class Report(models.Model):
    """What an analysis found over one state of a project's judgments. The same state by the same
    code is one row, so computing twice is harmless."""

    project = models.ForeignKey(
        "projects.Project", on_delete=models.PROTECT, related_name="reports"
    )
    # The name of the analysis; see `analyses.ANALYSES`.
    kind = models.CharField(max_length=20)
    # Of the arrays the figures were computed from, and of which code computed them.
    input_sha256 = models.CharField(max_length=64)
    code_version = models.CharField(max_length=20)
    # Judgments are append-only: how many there were and the last one name that state cheaply.
    judgment_count = models.BigIntegerField()
    last_judgment = models.BigIntegerField()
    result = models.JSONField()
    computed_at = models.DateTimeField()
    job = models.ForeignKey("core.Job", on_delete=models.PROTECT, null=True, related_name="+")

    objects = ReportQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["project", "kind", "input_sha256", "code_version"], name="report_once"
            ),
            models.CheckConstraint(condition=~models.Q(kind=""), name="report_has_kind"),
        ]
        indexes = [models.Index(fields=["project", "kind", "-computed_at"], name="report_newest")]

    def __str__(self):
        return f"{self.kind} of {self.project_id} at {self.computed_at:%Y-%m-%d %H:%M}"

    @property
    def state(self) -> tuple[int, int]:
        return self.judgment_count, self.last_judgment


def judgment_state(project) -> tuple[int, int]:
    """How many judgments a project has, and the id of the last: changes whenever they do."""
    found = project.judgments.aggregate(count=Count("pk"), last=Max("pk"))
    return found["count"], found["last"] or 0
