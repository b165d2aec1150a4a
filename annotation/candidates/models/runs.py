"""Orders for responses, what was asked for them, and what was answered."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q


class GenerationOrder(models.Model):
    """Runs that were ordered together: everybody who is asked with every set of parameters, over
    the same prompts. What becomes of it is read from its runs."""

    project = models.ForeignKey(
        "projects.Project", on_delete=models.PROTECT, related_name="generation_orders"
    )
    # Of the page or program that ordered it and of what it said: sent again it is the same order.
    key = models.UUIDField(null=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["project", "key"], name="generation_order_once")
        ]

    def __str__(self):
        return f"generation order {self.pk}"


class GenerationRun(models.Model):
    """These prompts, n responses each, one set of parameters, by a model of ours (`generator`) or
    by an endpoint."""

    project = models.ForeignKey(
        "projects.Project", on_delete=models.PROTECT, related_name="generation_runs"
    )
    generator = models.ForeignKey(
        "prompts.Generator", on_delete=models.PROTECT, null=True, related_name="generation_runs"
    )
    endpoint = models.ForeignKey(
        "candidates.Endpoint", on_delete=models.PROTECT, null=True, related_name="generation_runs"
    )
    # None where a program ordered one run alone, such as an evaluation.
    order = models.ForeignKey(
        GenerationOrder, on_delete=models.PROTECT, null=True, related_name="runs"
    )
    # Which of the order's sets of parameters, from 1.
    set_number = models.PositiveSmallIntegerField(default=1)
    prompts = models.ManyToManyField("prompts.Prompt", related_name="generation_runs")
    # n, max_new_tokens or max_tokens, temperature, top_p, seed, system, template
    params = models.JSONField(default=dict)
    # Of an endpoint, as they were at the start: {"model", "price_in", "price_out", "currency"}.
    terms = models.JSONField(default=dict)
    job = models.ForeignKey("core.Job", on_delete=models.PROTECT, null=True, related_name="+")
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(generator__isnull=False, endpoint=None)
                | Q(generator=None, endpoint__isnull=False),
                name="generation_run_asks_one",
            ),
            models.UniqueConstraint(
                fields=["order", "set_number", "endpoint", "generator"],
                nulls_distinct=False,
                condition=Q(order__isnull=False),
                name="generation_run_once_in_order",
            ),
            models.CheckConstraint(
                condition=Q(set_number__gte=1), name="generation_run_set_from_1"
            ),
        ]
        indexes = [models.Index(fields=["project", "-id"], name="generation_run_by_project")]

    def __str__(self):
        return f"generation run {self.pk}"

    @property
    def asked_name(self) -> str:
        """Who was asked, as people know it."""
        return self.endpoint.name if self.endpoint else self.generator.name


class GenerationRequest(models.Model):
    """One request of a run to its endpoint, for a prompt's responses from the `first` on: what it
    brought, or why it brought nothing. A further try of the same is the same row."""

    generation_run = models.ForeignKey(
        GenerationRun, on_delete=models.PROTECT, related_name="requests"
    )
    prompt = models.ForeignKey("prompts.Prompt", on_delete=models.PROTECT, related_name="+")
    first = models.PositiveSmallIntegerField()
    asked_count = models.PositiveSmallIntegerField()
    answered_count = models.PositiveSmallIntegerField(default=0)
    try_count = models.PositiveSmallIntegerField()
    # A key of endpoints/faults.py and what it was in particular; empty where it was answered.
    fault = models.CharField(max_length=20, blank=True)
    detail = models.CharField(max_length=300, blank=True)
    # As the endpoint says. None: it did not, or said the impossible.
    model = models.CharField(max_length=200, blank=True)
    fingerprint = models.CharField(max_length=200, blank=True)
    prompt_tokens = models.PositiveIntegerField(null=True)
    completion_tokens = models.PositiveIntegerField(null=True)
    milliseconds = models.PositiveIntegerField(null=True)
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["generation_run", "prompt", "first"], name="generation_request_once"
            ),
            models.CheckConstraint(
                condition=Q(fault="", answered_count__gte=1, answered_count__lte=F("asked_count"))
                | (~Q(fault="") & Q(answered_count=0)),
                name="generation_request_answered_or_failed",
            ),
        ]

    def __str__(self):
        return f"request {self.pk} of generation run {self.generation_run_id}"


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
    # What brought it, where it was an endpoint.
    request = models.ForeignKey(
        GenerationRequest, on_delete=models.PROTECT, null=True, related_name="generated"
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
