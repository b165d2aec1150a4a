"""The API of generation orders: everybody who is asked, with every set of parameters."""

from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.permissions import IsAuthenticated
from rest_framework.response import Response
from rest_framework.views import APIView

from annotation.candidates.generation import services
from annotation.candidates.generation.api import (
    CostEstimateSerializer,
    OrderedPromptsSerializer,
)
from annotation.candidates.generation.options import MOST_SETS
from annotation.candidates.generation.ordering import Order, own_models
from annotation.candidates.generation.overview import overview_of
from annotation.candidates.models import GenerationOrder
from annotation.core.errors import DomainError
from annotation.projects.permissions import project_for, row_for

MOST_ASKED = 50


class OrderOfSetsSerializer(OrderedPromptsSerializer):
    endpoints = serializers.ListField(
        child=serializers.IntegerField(), default=list, max_length=MOST_ASKED, help_text="Ids."
    )
    models = serializers.ListField(
        child=serializers.CharField(),
        default=list,
        max_length=MOST_ASKED,
        help_text="Names of model versions of ours.",
    )
    sets = serializers.ListField(
        child=serializers.DictField(),
        min_length=1,
        max_length=MOST_SETS,
        help_text="Options of each set of parameters: docs/candidates.md.",
    )


class OrderLineSerializer(serializers.Serializer):
    asked = serializers.CharField()
    set_number = serializers.IntegerField()
    estimate = CostEstimateSerializer()


class SentMessageSerializer(serializers.Serializer):
    role = serializers.CharField()
    content = serializers.CharField()


class FramedExampleSerializer(serializers.Serializer):
    set_number = serializers.IntegerField()
    messages = SentMessageSerializer(many=True)


class OrderEstimateSerializer(serializers.Serializer):
    lines = OrderLineSerializer(many=True)
    examples = FramedExampleSerializer(
        many=True, help_text="The newest prompt, as each set with a frame would send it."
    )


class OrderedRunSerializer(serializers.Serializer):
    """What an order tells of each of its runs. `generations/<id>/` says the rest of it."""

    id = serializers.IntegerField(source="run.pk")
    endpoint = serializers.IntegerField(source="run.endpoint_id", allow_null=True)
    asked = serializers.CharField(source="run.asked_name", help_text="The name of who is asked.")
    set_number = serializers.IntegerField(source="run.set_number")
    params = serializers.DictField(source="run.params")
    state = serializers.CharField(source="run.job.state")
    error = serializers.CharField(source="run.job.error")
    job = serializers.IntegerField(source="run.job_id")
    wanted = serializers.IntegerField(help_text="Responses.")
    stored = serializers.IntegerField()
    failed = serializers.IntegerField(help_text="Prompts that came to nothing.")
    cost = serializers.DecimalField(max_digits=20, decimal_places=6, allow_null=True)


class GenerationOrderAnswerSerializer(serializers.Serializer):
    id = serializers.IntegerField()
    project = serializers.SlugField()
    runs = OrderedRunSerializer(many=True)


def _order(request, slug) -> Order:
    project = project_for(request.user, slug, "train")
    serializer = OrderOfSetsSerializer(data=request.data)
    serializer.is_valid(raise_exception=True)
    said = serializer.validated_data
    endpoints = project.endpoints.kept().filter(pk__in=said["endpoints"]).order_by("pk")
    models = own_models(project).filter(name__in=said["models"])
    if len(endpoints) != len(set(said["endpoints"])):
        raise DomainError("One of the endpoints is not in this project.")
    if {one.name for one in models} != set(said["models"]):
        raise DomainError("One of the model versions is not in this project.")
    return Order(
        project=project,
        endpoints=list(endpoints),
        models=list(models),
        sets=said["sets"],
        which=said["which"],
        most=said.get("most"),
        prompt_ids=said.get("prompts"),
        key=said.get("key"),
    )


def _answer(order: GenerationOrder) -> dict:
    """In as many statements for many runs as for one."""
    lines = overview_of(order).lines
    said = {"id": order.pk, "project": order.project.slug, "runs": lines}
    return GenerationOrderAnswerSerializer(said).data


class GenerationOrdersView(APIView):
    permission_classes = [IsAuthenticated]

    @extend_schema(
        operation_id="generation_orders_create",
        request=OrderOfSetsSerializer,
        responses={201: GenerationOrderAnswerSerializer},
        tags=["candidates"],
    )
    def post(self, request, slug):
        """Ask everybody named with every set: a run each, over the same prompts; all or none."""
        order = _order(request, slug).start(actor=request.user)
        return Response(_answer(order), status=status.HTTP_201_CREATED)


class OrderEstimateView(APIView):
    permission_classes = [IsAuthenticated]

    @extend_schema(
        operation_id="generation_orders_estimate",
        request=OrderOfSetsSerializer,
        responses=OrderEstimateSerializer,
        tags=["candidates"],
    )
    def post(self, request, slug):
        """What each run would take, and how a prompt would be sent; nothing is started."""
        order = _order(request, slug)
        said = {"lines": order.lines(), "examples": order.examples()}
        return Response(OrderEstimateSerializer(said).data)


def _kept(user, action, order_id: int) -> GenerationOrder:
    orders = GenerationOrder.objects.select_related("project").filter(pk=order_id)
    return row_for(orders, user, action)


class GenerationOrderView(APIView):
    permission_classes = [IsAuthenticated]

    @extend_schema(
        operation_id="generation_orders_retrieve",
        responses=GenerationOrderAnswerSerializer,
        tags=["candidates"],
    )
    def get(self, request, order_id: int):
        """How far each of its runs is, and what it cost so far."""
        return Response(_answer(_kept(request.user, "see_runs", order_id)))


class GenerationOrderCancelView(APIView):
    permission_classes = [IsAuthenticated]

    @extend_schema(
        operation_id="generation_orders_cancel",
        request=None,
        responses={202: GenerationOrderAnswerSerializer},
        tags=["candidates"],
    )
    def post(self, request, order_id: int):
        """Ask all of its runs to end; what is stored stays. 409 when all are over already."""
        order = _kept(request.user, "train", order_id)
        services.cancel_order(order=order, actor=request.user)
        return Response(_answer(order), status=status.HTTP_202_ACCEPTED)


class GenerationOrderResumeView(APIView):
    permission_classes = [IsAuthenticated]

    @extend_schema(
        operation_id="generation_orders_resume",
        request=None,
        responses={202: GenerationOrderAnswerSerializer},
        tags=["candidates"],
    )
    def post(self, request, order_id: int):
        """Go on with what is missing, in all of its runs. 409 where nothing is."""
        order = _kept(request.user, "train", order_id)
        services.resume_order(order=order, actor=request.user)
        return Response(_answer(order), status=status.HTTP_202_ACCEPTED)
