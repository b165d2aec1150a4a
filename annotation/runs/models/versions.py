"""The registry: what trainings made, and how far a team trusts it."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from annotation.core.supervision import weights_of


class ModelVersion(models.Model):
    """A registered result: weights on disk, the run and the dataset they came from."""

    class Kind(models.TextChoices):
        POLICY = "policy", _("Policy")
        REWARD = "reward", _("Reward model")

    class Stage(models.TextChoices):
        CANDIDATE = "candidate", _("Candidate")
        PROMOTED = "promoted", _("Promoted")
        RETIRED = "retired", _("Retired")

    project = models.ForeignKey(
        "projects.Project", on_delete=models.PROTECT, related_name="model_versions"
    )
    kind = models.CharField(max_length=10, choices=Kind)
    stage = models.CharField(
        max_length=10, choices=Stage, default=Stage.CANDIDATE, db_default=Stage.CANDIDATE
    )
    name = models.CharField(max_length=100)
    run = models.OneToOneField(
        "TrainingRun", on_delete=models.PROTECT, related_name="model_version"
    )
    dataset = models.ForeignKey(
        "datasets.Dataset", on_delete=models.PROTECT, related_name="model_versions"
    )
    # Relative to the data directory; sha256 of its manifest.json.
    artifact = models.CharField(max_length=300)
    sha256 = models.CharField(max_length=64)
    metrics = models.JSONField(default=dict)
    card = models.TextField(blank=True)
    # What responses of this model are signed with; only a policy writes any.
    generator = models.OneToOneField(
        "prompts.Generator", on_delete=models.PROTECT, null=True, related_name="model_version"
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["project", "name"], name="model_version_name_once"),
            models.UniqueConstraint(
                fields=["project", "kind"],
                condition=Q(stage="promoted"),
                name="model_version_one_promoted",
            ),
            models.CheckConstraint(
                condition=Q(kind="policy", generator__isnull=False)
                | Q(kind="reward", generator=None),
                name="model_version_policy_generates",
            ),
        ]

    def __str__(self):
        return self.name

    @property
    def weights(self) -> dict[str, str]:
        """As a child is told it."""
        return weights_of(self.artifact, self.sha256)

    @property
    def served_name(self) -> str:
        """What `serve_model` calls it, and whoever asks must: its folder's name."""
        return self.artifact.rpartition("/")[2]
