"""The API of generation runs."""

from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.permissions import IsAuthenticated
from rest_framework.response import Response
from rest_framework.views import APIView

from annotation.candidates.generation import detail, services
from annotation.candidates.generation.ordering import Order, own_models
from annotation.candidates.generation.prompts import Which
from annotation.candidates.models import GenerationRun
from annotation.core.errors import DomainError
from annotation.projects.permissions import project_for, row_for


class OrderedPromptsSerializer(serializers.Serializer):
    which = serializers.ChoiceField(choices=Which.choices, default=Which.ALL)
    most = serializers.IntegerField(required=False, allow_null=True, min_value=1)
    prompts = serializers.ListField(
        child=serializers.IntegerField(),
        required=False,
        allow_null=True,
        max_length=100_000,
        help_text="Ids of prompts, in place of `which` and `most`.",
    )
    key = serializers.UUIDField(
        required=False,
        allow_null=True,
        help_text="Of your choice: the same order with the same key is made once.",
    )


class GenerationOrderSerializer(OrderedPromptsSerializer):
    endpoint = serializers.IntegerField(
        required=False, allow_null=True, help_text="An endpoint's id; it, or a model."
    )
    model = serializers.CharField(
        required=False, allow_null=True, help_text="The name of a model version of ours."
    )
    options = serializers.DictField(
        required=False,
        default=dict,
        help_text="n, max_tokens, temperature, top_p, seed, system, template: docs/candidates.md.",
    )


class CostEstimateSerializer(serializers.Serializer):
    prompts = serializers.IntegerField()
    responses = serializers.IntegerField()
    tokens_in = serializers.IntegerField()
    tokens_out_most = serializers.IntegerField()
    tokens_out_likely = serializers.IntegerField(allow_null=True)
    cost_most = serializers.DecimalField(max_digits=20, decimal_places=6, allow_null=True)
    cost_likely = serializers.DecimalField(max_digits=20, decimal_places=6, allow_null=True)
    currency = serializers.CharField()
    minutes_least = serializers.FloatField(allow_null=True, help_text="By an endpoint's limits.")
    minutes_likely = serializers.FloatField(
        allow_null=True, help_text="By the last runs of a model of ours."
    )


class GenerationFailureSerializer(serializers.Serializer):
    prompt = serializers.IntegerField()
    fault = serializers.CharField()
    error = serializers.CharField()


class GenerationRunSerializer(serializers.Serializer):
    id = serializers.IntegerField()
    project = serializers.SlugField()
    order = serializers.IntegerField(allow_null=True, help_text="The order it is a part of.")
    set_number = serializers.IntegerField()
    endpoint = serializers.IntegerField(allow_null=True)
    asked = serializers.CharField(help_text="The name of who is asked.")
    params = serializers.DictField()
    state = serializers.CharField()
    error = serializers.CharField()
    job = serializers.IntegerField()
    wanted = serializers.IntegerField(help_text="Responses.")
    stored = serializers.IntegerField()
    failed = serializers.IntegerField(help_text="Prompts that came to nothing.")
    finish_reasons = serializers.DictField(child=serializers.IntegerField())
    models = serializers.DictField(child=serializers.IntegerField(), help_text="As answered.")
    tokens_in = serializers.IntegerField()
    tokens_out = serializers.IntegerField()
    cost = serializers.DecimalField(max_digits=20, decimal_places=6, allow_null=True)
    failures = GenerationFailureSerializer(many=True, help_text="The first 50.")


def shown(run: GenerationRun) -> dict:
    figures = detail.figures_of(run)
    value = {
        "id": run.pk,
        "project": run.project.slug,
        "order": run.order_id,
        "set_number": run.set_number,
        "endpoint": run.endpoint_id,
        "asked": run.asked_name,
        "params": run.params,
        "state": run.job.state,
        "error": run.job.error,
        "job": run.job_id,
        "wanted": figures.wanted,
        "stored": figures.stored,
        "failed": figures.failed,
        "finish_reasons": {reason or "unknown": count for reason, count in figures.endings},
        "models": {name or "unnamed": count for name, count in figures.models},
        "tokens_in": figures.tokens_in,
        "tokens_out": figures.tokens_out,
        "cost": figures.cost,
        "failures": [
            {"prompt": prompt.pk, "fault": fault.name, "error": fault.sentence}
            for prompt, fault, _tries in detail.failures_of(run)
        ],
    }
    return GenerationRunSerializer(value).data


def _order(request, slug) -> Order:
    project = project_for(request.user, slug, "train")
    serializer = GenerationOrderSerializer(data=request.data)
    serializer.is_valid(raise_exception=True)
    said = serializer.validated_data
    endpoints = project.endpoints.kept().filter(pk=said.get("endpoint"))
    models = own_models(project).filter(name=said.get("model"))[:1]
    if bool(endpoints) == bool(models):
        raise DomainError("Name one endpoint, or one model version of this project.")
    return Order(
        project=project,
        endpoints=list(endpoints),
        models=list(models),
        sets=[said["options"]],
        which=said["which"],
        most=said.get("most"),
        prompt_ids=said.get("prompts"),
        key=said.get("key"),
    )


class GenerationsView(APIView):
    permission_classes = [IsAuthenticated]

    @extend_schema(
        operation_id="generations_create",
        request=GenerationOrderSerializer,
        responses={201: GenerationRunSerializer},
        tags=["candidates"],
    )
    def post(self, request, slug):
        """Order responses to prompts. What it will cost at most, `…/estimate/` says before."""
        run = _order(request, slug).start(actor=request.user).runs.get()
        return Response(shown(run), status=status.HTTP_201_CREATED)


class EstimateView(APIView):
    permission_classes = [IsAuthenticated]

    @extend_schema(
        operation_id="generations_estimate",
        request=GenerationOrderSerializer,
        responses=CostEstimateSerializer,
        tags=["candidates"],
    )
    def post(self, request, slug):
        """What the order would take; nothing is started. A model of ours costs time alone."""
        (line,) = _order(request, slug).lines()
        return Response(CostEstimateSerializer(line.estimate).data)


def _run(user, action, run_id: int) -> GenerationRun:
    runs = GenerationRun.objects.select_related("job", "endpoint", "generator")
    return row_for(runs.filter(pk=run_id), user, action)


class GenerationView(APIView):
    permission_classes = [IsAuthenticated]

    @extend_schema(
        operation_id="generations_retrieve", responses=GenerationRunSerializer, tags=["candidates"]
    )
    def get(self, request, run_id: int):
        """How far it is, what came, what failed and why, and what it cost so far."""
        return Response(shown(_run(request.user, "see_runs", run_id)))


class GenerationCancelView(APIView):
    permission_classes = [IsAuthenticated]

    @extend_schema(
        operation_id="generations_cancel",
        request=None,
        responses={202: GenerationRunSerializer},
        tags=["candidates"],
    )
    def post(self, request, run_id: int):
        """Ask it to end; what is stored stays. 409 when it is over already."""
        run = _run(request.user, "train", run_id)
        services.cancel_generation(run=run, actor=request.user)
        run.job.refresh_from_db()
        return Response(shown(run), status=status.HTTP_202_ACCEPTED)


class GenerationResumeView(APIView):
    permission_classes = [IsAuthenticated]

    @extend_schema(
        operation_id="generations_resume",
        request=None,
        responses={202: GenerationRunSerializer},
        tags=["candidates"],
    )
    def post(self, request, run_id: int):
        """Go on: what is stored stays, what failed is asked again. 409 while it is active."""
        services.resume_generation(run=_run(request.user, "train", run_id), actor=request.user)
        return Response(
            shown(_run(request.user, "train", run_id)), status=status.HTTP_202_ACCEPTED
        )
