"""Policies on tasks of the lm-evaluation-harness, and the figures that came of it."""

from django.conf import settings
from django.db import models
from django.db.models import Q


class HarnessEvaluation(models.Model):
    """One order: a policy, the tasks it is to do, and how they are put to it."""

    version = models.ForeignKey(
        "ModelVersion", on_delete=models.PROTECT, related_name="harness_evaluations"
    )
    # Names of tasks and groups, as their definitions have them.
    tasks = models.JSONField(default=list)
    # limit, few_shot, chat …: those that differ from their defaults.
    options = models.JSONField(default=dict)
    seed = models.PositiveIntegerField(default=11)
    job = models.OneToOneField("core.Job", on_delete=models.PROTECT, null=True, related_name="+")
    log_tail = models.TextField(blank=True)
    # What the process said of itself: the harness's release, and requests whose beginning was cut.
    harness = models.CharField(max_length=40, blank=True)
    cut_count = models.PositiveIntegerField(default=0)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        indexes = [models.Index(fields=["version", "-id"], name="harness_evaluation_newest")]

    def __str__(self):
        return f"harness evaluation {self.pk} of {self.version_id}"


class HarnessFigure(models.Model):
    """One metric of one task or group."""

    evaluation = models.ForeignKey(
        HarnessEvaluation, on_delete=models.PROTECT, related_name="figures"
    )
    task = models.CharField(max_length=200)
    metric = models.CharField(max_length=100)
    filter = models.CharField(max_length=100)
    value = models.FloatField()
    # Null where the harness has none, as for perplexities.
    stderr = models.FloatField(null=True)
    is_higher_better = models.BooleanField(null=True)
    example_count = models.PositiveIntegerField()
    few_shot = models.PositiveIntegerField(null=True)
    task_version = models.CharField(max_length=100, blank=True)
    # sha256 over what was asked and expected: a version's promise, checked.
    examples = models.CharField(max_length=64)
    # Of a task inside a group that was ordered; the group has a figure of its own.
    is_part = models.BooleanField(default=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["evaluation", "task", "metric", "filter"], name="harness_figure_once"
            ),
            models.CheckConstraint(
                condition=Q(stderr=None) | Q(stderr__gte=0), name="harness_figure_stderr"
            ),
            models.CheckConstraint(
                condition=Q(example_count__gte=1), name="harness_figure_of_examples"
            ),
        ]

    def __str__(self):
        return f"{self.task} {self.metric} of {self.evaluation_id}"
