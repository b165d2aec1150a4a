"""The API of harness tasks."""

from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.permissions import IsAuthenticated
from rest_framework.response import Response
from rest_framework.views import APIView

from annotation.projects.permissions import row_for
from annotation.runs.harness import services
from annotation.runs.models import HarnessEvaluation, HarnessFigure, ModelVersion

SHOWN = 20


class HarnessOrderSerializer(serializers.Serializer):
    tasks = serializers.ListField(
        child=serializers.CharField(max_length=200),
        min_length=1,
        max_length=services.MOST_TASKS,
        help_text="Names of tasks and groups that are defined in the operator's folder, or ours.",
    )
    options = serializers.DictField(
        required=False, default=dict, help_text="limit, few_shot, chat …: see docs/formats.md."
    )
    seed = serializers.IntegerField(required=False, default=11, min_value=0, max_value=2**31 - 1)


class HarnessFigureSerializer(serializers.ModelSerializer):
    class Meta:
        model = HarnessFigure
        fields = [
            "task",
            "metric",
            "filter",
            "value",
            "stderr",
            "is_higher_better",
            "example_count",
            "few_shot",
            "task_version",
            "examples",
            "is_part",
        ]


class HarnessStateSerializer(serializers.ModelSerializer):
    version = serializers.SlugRelatedField(slug_field="name", read_only=True)
    state = serializers.CharField(source="job.state", read_only=True)
    error = serializers.CharField(source="job.error", read_only=True)

    class Meta:
        model = HarnessEvaluation
        fields = [
            "id",
            "version",
            "tasks",
            "options",
            "seed",
            "state",
            "error",
            "job",
            "harness",
            "cut_count",
            "created_at",
        ]
        read_only_fields = fields


class HarnessSerializer(HarnessStateSerializer):
    figures = HarnessFigureSerializer(many=True, read_only=True)

    class Meta(HarnessStateSerializer.Meta):
        fields = [*HarnessStateSerializer.Meta.fields, "figures"]
        read_only_fields = fields


def _rows():
    return HarnessEvaluation.objects.select_related("version", "job")


def _evaluation(user, action: str, harness_id: int) -> HarnessEvaluation:
    version = row_for(ModelVersion.objects.filter(harness_evaluations=harness_id), user, action)
    return _rows().get(version=version, pk=harness_id)


class HarnessOrdersView(APIView):
    permission_classes = [IsAuthenticated]

    @extend_schema(
        operation_id="harness_list", responses=HarnessStateSerializer(many=True), tags=["training"]
    )
    def get(self, request, version_id: int):
        """The newest orders of a policy; the figures are in each one's own address."""
        version = row_for(ModelVersion.objects.filter(pk=version_id), request.user, "see_runs")
        rows = _rows().filter(version=version).order_by("-pk")[:SHOWN]
        return Response(HarnessStateSerializer(rows, many=True).data)

    @extend_schema(
        operation_id="harness_create",
        request=HarnessOrderSerializer,
        responses={202: HarnessSerializer},
        tags=["training"],
    )
    def post(self, request, version_id: int):
        """Put tasks to a policy. The same order again, while the first is active, is the same."""
        version = row_for(ModelVersion.objects.filter(pk=version_id), request.user, "train")
        serializer = HarnessOrderSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        order = dict(serializer.validated_data)
        names = order.pop("tasks")
        made = services.order(version=version, names=names, actor=request.user, **order)
        return Response(HarnessSerializer(made).data, status=status.HTTP_202_ACCEPTED)


class HarnessView(APIView):
    permission_classes = [IsAuthenticated]

    @extend_schema(operation_id="harness_retrieve", responses=HarnessSerializer, tags=["training"])
    def get(self, request, harness_id: int):
        """State, and at the end the figures."""
        found = _evaluation(request.user, "see_runs", harness_id)
        return Response(HarnessSerializer(found).data)


class HarnessCancelView(APIView):
    permission_classes = [IsAuthenticated]

    @extend_schema(
        operation_id="harness_cancel",
        request=None,
        responses={202: HarnessSerializer},
        tags=["training"],
    )
    def post(self, request, harness_id: int):
        """Ask it to end; 409 when it is over already."""
        found = _evaluation(request.user, "train", harness_id)
        services.cancel(evaluation=found, actor=request.user)
        return Response(HarnessSerializer(found).data, status=status.HTTP_202_ACCEPTED)
