"""Trainings and what they tell while they run."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class TrainingRun(models.Model):
    """One training: a frozen dataset and a configuration in, a model version out.

    Its state is its job's state: one truth.
    """

    class Kind(models.TextChoices):
        SFT = "sft", _("Supervised fine-tuning")
        REWARD = "reward", _("Reward model")
        DPO = "dpo", _("DPO")
        KTO = "kto", _("KTO")
        RL = "rl", _("Reinforcement learning")

    project = models.ForeignKey("projects.Project", on_delete=models.PROTECT, related_name="runs")
    kind = models.CharField(max_length=10, choices=Kind)
    name = models.CharField(max_length=100)
    dataset = models.ForeignKey("datasets.Dataset", on_delete=models.PROTECT, related_name="runs")
    # The model it starts from; none = the kind's default (a new tiny model, the small encoder).
    base = models.ForeignKey(
        "ModelVersion", on_delete=models.PROTECT, null=True, blank=True, related_name="tuned_by"
    )
    # Whose taste it is trained to please; reinforcement learning has one, and nothing else.
    reward = models.ForeignKey(
        "ModelVersion",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="pleased_by",
    )
    seed = models.PositiveIntegerField(default=11)
    # The run whose order this one took over, changed or not.
    ordered_after = models.ForeignKey(
        "self",
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="ordered_again",
    )
    options = models.JSONField(default=dict)
    job = models.OneToOneField("core.Job", on_delete=models.PROTECT, null=True, related_name="run")
    # The final run.json: counts, metrics, baselines, versions.
    report = models.JSONField(default=dict)
    log_tail = models.TextField(blank=True)
    # Why the newest checkpoint is not in the bucket; empty again once one arrives.
    copy_fault = models.CharField(max_length=500, blank=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(kind="rl", reward__isnull=False) | (~Q(kind="rl") & Q(reward=None)),
                name="run_rl_has_its_reward",
            )
        ]

    def __str__(self):
        return self.name

    @property
    def state(self):
        return self.job.state if self.job else "queued"


class RunEvent(models.Model):
    """A line of the trainer's metrics.jsonl, relayed by the supervisor."""

    run = models.ForeignKey(TrainingRun, on_delete=models.PROTECT, related_name="events")
    token = models.PositiveIntegerField()
    # Which line of the attempt's file: relaying twice stores once.
    line = models.PositiveIntegerField()
    type = models.CharField(max_length=20)
    step = models.PositiveIntegerField(null=True)
    data = models.JSONField(default=dict)
    at = models.DateTimeField()

    class Meta:
        ordering = ["token", "line"]
        constraints = [
            models.UniqueConstraint(fields=["run", "token", "line"], name="run_event_once")
        ]
        indexes = [models.Index(fields=["run", "type", "step"], name="run_event_by_type")]

    def __str__(self):
        return f"{self.type} of run {self.run_id}"
