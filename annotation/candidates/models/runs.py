"""Orders for responses, and what was answered."""

from django.conf import settings
from django.db import models
from django.db.models import Q


class GenerationRun(models.Model):
    """One order to a generator: these prompts, n responses each, these sampling parameters."""

    project = models.ForeignKey(
        "projects.Project", on_delete=models.PROTECT, related_name="generation_runs"
    )
    generator = models.ForeignKey(
        "prompts.Generator", on_delete=models.PROTECT, related_name="generation_runs"
    )
    prompts = models.ManyToManyField("prompts.Prompt", related_name="generation_runs")
    # n, max_new_tokens, temperature, top_p, seed
    params = models.JSONField(default=dict)
    job = models.ForeignKey("core.Job", on_delete=models.PROTECT, null=True, related_name="+")
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self):
        return f"generation run {self.pk}"


class GeneratedResponse(models.Model):
    """Which run wrote a response, as its how-manieth for the prompt: nothing is stored twice."""

    generation_run = models.ForeignKey(
        GenerationRun, on_delete=models.PROTECT, related_name="generated"
    )
    prompt = models.ForeignKey("prompts.Prompt", on_delete=models.PROTECT, related_name="+")
    index = models.PositiveSmallIntegerField()
    response = models.OneToOneField(
        "prompts.Response", on_delete=models.PROTECT, related_name="generated"
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["generation_run", "prompt", "index"], name="generated_response_once"
            ),
            models.CheckConstraint(condition=Q(index__gte=0), name="generated_index_from_0"),
        ]

    def __str__(self):
        return f"response {self.response_id} of generation run {self.generation_run_id}"
