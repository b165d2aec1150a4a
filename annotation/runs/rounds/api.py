"""The API of rounds: begin one, see how far it is and what comes next, order that."""

from collections.abc import Mapping
from uuid import UUID

from django.shortcuts import get_object_or_404
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers, status
from rest_framework.permissions import IsAuthenticated
from rest_framework.response import Response
from rest_framework.views import APIView

from annotation.core.errors import DomainError
from annotation.core.models import Job
from annotation.datasets.access import datasets_in
from annotation.datasets.services import find_dataset
from annotation.projects.permissions import project_for
from annotation.runs.api import RunOrderSerializer
from annotation.runs.evaluation.api import EvaluationOrderSerializer
from annotation.runs.models import Evaluation, Round, TrainingRun
from annotation.runs.rounds import ordering, services
from annotation.runs.rounds.steps import steps_of
from annotation.runs.rounds.views import SHOWN, rounds_of

KEY = OpenApiParameter(
    "Idempotency-Key",
    str,
    OpenApiParameter.HEADER,
    description="A UUID. The same key again is the same round.",
)
WISHES = {"runs": RunOrderSerializer, "evaluation": EvaluationOrderSerializer}
# What the round says itself.
KNOWN = {"runs": ("project", "dataset", "like"), "evaluation": ("project",)}


class RoundOrderSerializer(serializers.Serializer):
    previous = serializers.IntegerField(
        required=False, allow_null=True, help_text="The number of the round to seed it from."
    )
    base = serializers.CharField(
        required=False, allow_null=True, help_text="Name or id of the policy that it starts from."
    )
    batches = serializers.ListField(
        child=serializers.CharField(), required=False, help_text="Of items that it collects."
    )


class RoundChangeSerializer(serializers.Serializer):
    """What is left out stays as it is; null takes it away."""

    base = serializers.CharField(required=False, allow_null=True)
    batches = serializers.ListField(child=serializers.CharField(), required=False)
    dataset = serializers.CharField(
        required=False, allow_null=True, help_text="The hash, or 4 or more of its digits."
    )


class StepSerializer(serializers.Serializer):
    key = serializers.CharField()
    title = serializers.CharField()
    state = serializers.ChoiceField(choices=["", "now", "done"])
    detail = serializers.CharField()
    can_be_ordered = serializers.BooleanField(help_text="By …/next/; the rest is people's.")


class RoundSerializer(serializers.Serializer):
    number = serializers.IntegerField()
    project = serializers.SlugField()
    previous = serializers.IntegerField(allow_null=True)
    base = serializers.CharField(allow_null=True)
    batches = serializers.ListField(child=serializers.CharField())
    dataset = serializers.CharField(allow_null=True)
    steps = StepSerializer(many=True)
    next = serializers.CharField(
        allow_null=True, help_text="The key of the step that comes next; null when it is over."
    )
    created_at = serializers.DateTimeField()


class RoundStepSerializer(serializers.Serializer):
    step = serializers.CharField(help_text="`next` for another round.")
    job = serializers.IntegerField(required=False, help_text="It freezes: order again after it.")
    run = serializers.IntegerField(required=False)
    evaluation = serializers.IntegerField(required=False)
    round = RoundSerializer()


def round_json(found: Round) -> dict:
    steps = steps_of(found)
    waiting = next(iter(steps.open), None)
    is_carried = bool(found.job and found.job.is_active)
    return {
        "number": found.number,
        "project": found.project.slug,
        "previous": found.previous and found.previous.number,
        "base": found.base and found.base.name,
        "batches": found.batches,
        "dataset": found.dataset and found.dataset.hash,
        "steps": [
            {
                "key": step.key,
                "title": step.title,
                "state": step.state,
                "detail": step.detail,
                "can_be_ordered": not is_carried
                and step.key in ordering.ORDERS
                and step.state == "",
            }
            for step in steps.steps
        ],
        "next": waiting.key if waiting and not steps.is_over else None,
        "created_at": found.created_at,
    }


def _round(user, slug: str, number: int, action: str) -> Round:
    project = project_for(user, slug, action)
    return get_object_or_404(rounds_of(project), number=number)


def optional_key(request) -> UUID | None:
    raw = request.headers.get("Idempotency-Key", "")
    try:
        return UUID(raw) if raw else None
    except ValueError:
        raise DomainError("An Idempotency-Key is a UUID.") from None


class RoundsView(APIView):
    permission_classes = [IsAuthenticated]

    @extend_schema(
        operation_id="rounds_list", responses=RoundSerializer(many=True), tags=["training"]
    )
    def get(self, request, slug: str):
        """The newest rounds, with how far each step is."""
        project = project_for(request.user, slug, "see_runs")
        found = rounds_of(project).order_by("-number")[:SHOWN]
        return Response([round_json(one) for one in found])

    @extend_schema(
        operation_id="rounds_create",
        request=RoundOrderSerializer,
        responses={201: RoundSerializer},
        parameters=[KEY],
        tags=["training"],
    )
    def post(self, request, slug: str):
        """Begin a round: with a base and batches, or seeded from a previous one."""
        project = project_for(request.user, slug, "train")
        key = optional_key(request)
        serializer = RoundOrderSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        order = dict(serializer.validated_data)
        previous = order.pop("previous", None)
        if previous is not None:
            order["previous"] = get_object_or_404(rounds_of(project), number=previous)
        made = services.begin_round(project=project, key=key, actor=request.user, **order)
        return Response(round_json(made), status=status.HTTP_201_CREATED)


class RoundView(APIView):
    permission_classes = [IsAuthenticated]

    @extend_schema(operation_id="rounds_retrieve", responses=RoundSerializer, tags=["training"])
    def get(self, request, slug: str, number: int):
        """What the round ties together, how far each step is, and which comes next."""
        return Response(round_json(_round(request.user, slug, number, "see_runs")))

    @extend_schema(
        operation_id="rounds_change",
        request=RoundChangeSerializer,
        responses=RoundSerializer,
        tags=["training"],
    )
    def patch(self, request, slug: str, number: int):
        """Say what it collects, which dataset was frozen of it, and what it starts from."""
        found = _round(request.user, slug, number, "train")
        serializer = RoundChangeSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        said = serializer.validated_data
        dataset = found.dataset
        if "dataset" in said:
            mine = datasets_in(found.project, request.user)
            dataset = find_dataset(mine, said["dataset"]) if said["dataset"] else None
        changed = services.tie(
            found=found,
            batches=said.get("batches", found.batches),
            dataset=dataset,
            base=said.get("base", found.base),
            actor=request.user,
        )
        return Response(round_json(changed))


class RoundNextView(APIView):
    permission_classes = [IsAuthenticated]

    @extend_schema(
        operation_id="rounds_next",
        request=OpenApiTypes.OBJECT,
        responses={201: RoundStepSerializer, 202: RoundStepSerializer},
        parameters=[KEY],
        tags=["training"],
    )
    def post(self, request, slug: str, number: int):
        """Order the next step: freeze its dataset, start its training, evaluate the policy, or
        begin the round after it. The body may hold what `POST /api/runs/` or `/api/evaluations/`
        takes, in place of what the round says. 409 where the step is people's, or under way; 202
        where a job freezes first."""
        found = _round(request.user, slug, number, "train")
        key = optional_key(request)
        if _waiting(found) == "runs":  # its dataset may hold what other projects lent
            mine = datasets_in(found.project, request.user, "train")
            get_object_or_404(mine, pk=found.dataset_id)
        step, made = ordering.order_next(
            found=found, wishes=_wishes(found, request.data), key=key, actor=request.user
        )
        what = {Job: "job", TrainingRun: "run", Evaluation: "evaluation"}.get(type(made))
        shown = made if isinstance(made, Round) else found
        answer = {"step": step, "round": round_json(shown)}
        if what is not None:
            answer[what] = made.pk
        is_waiting = isinstance(made, Job)
        code = status.HTTP_202_ACCEPTED if is_waiting else status.HTTP_201_CREATED
        return Response(answer, status=code)


def _waiting(found: Round) -> str:
    return next((one.key for one in steps_of(found).open), "")


def _wishes(found: Round, said) -> dict:
    """Checked by the serializer of what comes next, as far as they are given."""
    if not isinstance(said, Mapping):
        raise serializers.ValidationError("The body is an object of wishes.")
    waiting = _waiting(found)
    if waiting not in WISHES:
        return dict(said)
    serializer = WISHES[waiting](data=said, partial=True)
    serializer.is_valid(raise_exception=True)
    given = serializer.validated_data
    return {k: v for k, v in given.items() if k in said and k not in KNOWN[waiting]}
