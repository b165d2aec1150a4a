"""Comparisons of a new model with an old one, and the rewards that they may go by."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q, Value
from django.utils.translation import gettext_lazy as _


class Evaluation(models.Model):
    """A new model version against an old generator, on prompts that neither was trained on.

    By people its pairs are items in the labelers' queue, and its figures are computed from their
    judgments whenever somebody looks; by a reward model they are its rewards.
    """

    class Kind(models.TextChoices):
        PEOPLE = "people", _("By people, blind")
        REWARD = "reward", _("By a reward model")

    class Decision(models.TextChoices):
        PROMOTE = "promote", _("Promote the new one")
        KEEP = "keep", _("Keep the old one")
        GO_ON = "go_on", _("Go on: not decided yet")

    project = models.ForeignKey(
        "projects.Project", on_delete=models.PROTECT, related_name="evaluations"
    )
    kind = models.CharField(max_length=10, choices=Kind)
    new = models.ForeignKey("ModelVersion", on_delete=models.PROTECT, related_name="evaluations")
    old = models.ForeignKey(
        "prompts.Generator", on_delete=models.PROTECT, related_name="evaluations"
    )
    # The reward model that says which response is better; people need none.
    judge = models.ForeignKey(
        "ModelVersion", on_delete=models.PROTECT, null=True, related_name="judged"
    )
    prompts = models.ManyToManyField("prompts.Prompt", related_name="evaluations")
    # n, overlap, priority, seed, sampling: as they were ordered.
    options = models.JSONField(default=dict)
    # What had to be written for it; stored responses are used where there are some.
    new_run = models.OneToOneField(
        "candidates.GenerationRun", on_delete=models.PROTECT, null=True, related_name="+"
    )
    old_run = models.OneToOneField(
        "candidates.GenerationRun", on_delete=models.PROTECT, null=True, related_name="+"
    )
    # Makes its pairs: its state is how far the preparation is.
    job = models.OneToOneField(
        "core.Job", on_delete=models.PROTECT, null=True, related_name="evaluation"
    )
    score_job = models.ForeignKey(
        "core.Job", on_delete=models.PROTECT, null=True, related_name="+"
    )
    stopped_at = models.DateTimeField(null=True)
    decision = models.CharField(max_length=10, choices=Decision, blank=True)
    reason = models.TextField(blank=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    decided_at = models.DateTimeField(null=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(kind="reward", judge__isnull=False) | Q(kind="people", judge=None),
                name="evaluation_by_reward_has_its_judge",
            ),
            models.CheckConstraint(
                condition=Q(decision="", reason="", decided_at=None)
                | (~Q(decision="") & ~Q(reason="") & Q(decided_at__isnull=False)),
                name="evaluation_decided_with_a_reason",
            ),
        ]

    def __str__(self):
        return f"evaluation {self.pk}"

    @property
    def batch(self) -> str:
        """What its items are filed under."""
        return self.options.get("batch") or f"evaluation:{self.pk}"


class EvaluationPair(models.Model):
    """Two responses to one prompt. Equal texts are shown to nobody, and are a tie."""

    evaluation = models.ForeignKey(Evaluation, on_delete=models.PROTECT, related_name="pairs")
    prompt = models.ForeignKey("prompts.Prompt", on_delete=models.PROTECT, related_name="+")
    index = models.PositiveSmallIntegerField(default=0, db_default=Value(0))
    new = models.ForeignKey("prompts.Response", on_delete=models.PROTECT, related_name="+")
    old = models.ForeignKey("prompts.Response", on_delete=models.PROTECT, related_name="+")
    item = models.OneToOneField(
        "labeling.Item", on_delete=models.PROTECT, null=True, related_name="evaluation_pair"
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["evaluation", "prompt", "index"], name="evaluation_pair_once"
            ),
            models.CheckConstraint(
                condition=~Q(new=F("old")), name="evaluation_pair_of_two_responses"
            ),
        ]

    def __str__(self):
        return f"pair {self.index} of prompt {self.prompt_id} in evaluation {self.evaluation_id}"


class EvaluationFigures(models.Model):
    """An evaluation's figures, as they were computed of one state of its pairs and of what was
    said of them. A copy for reading: replaced when the state is another, deleted without harm."""

    evaluation = models.OneToOneField(
        Evaluation, on_delete=models.CASCADE, related_name="stored_figures"
    )
    # Of what they were computed, and by which code; see `evaluation.stored`.
    state = models.CharField(max_length=200)
    figures = models.JSONField()
    computed_at = models.DateTimeField(auto_now=True)

    def __str__(self):
        return f"figures of evaluation {self.evaluation_id}"


class ResponseScore(models.Model):
    """The reward that a reward model gives a response, asked for once. Null where the model cannot
    read the response: it is too long, and nothing is cut, or spells a control token."""

    version = models.ForeignKey(
        "ModelVersion", on_delete=models.PROTECT, related_name="response_scores"
    )
    response = models.ForeignKey("prompts.Response", on_delete=models.PROTECT, related_name="+")
    value = models.FloatField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["version", "response"], name="response_scored_once")
        ]

    def __str__(self):
        return f"response {self.response_id} by {self.version_id}"
