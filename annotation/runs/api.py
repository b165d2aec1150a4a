"""The API of trainings."""

from django.shortcuts import get_object_or_404
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers, status
from rest_framework.permissions import IsAuthenticated
from rest_framework.response import Response
from rest_framework.views import APIView

from annotation.core import jobs
from annotation.core.errors import Conflict
from annotation.datasets.access import datasets_in
from annotation.datasets.services import find_dataset
from annotation.projects.permissions import project_for, row_for
from annotation.runs import again, detail, events, presets, services
from annotation.runs.checkpoints.copies import newest_copy
from annotation.runs.models import ModelVersion, TrainingRun


class RunOrderSerializer(serializers.Serializer):
    project = serializers.SlugField(help_text="The project's short name.")
    like = serializers.IntegerField(
        required=False,
        min_value=1,
        max_value=2**63 - 1,
        help_text="Id of a run of the project: what is not given is as there, options one by one.",
    )
    kind = serializers.ChoiceField(
        choices=TrainingRun.Kind.choices, required=False, help_text="Needed without `like`."
    )
    dataset = serializers.CharField(
        required=False,
        help_text="The dataset's hash, or 4 or more of its digits. Needed without `like`.",
    )
    base = serializers.CharField(
        required=False, allow_null=True, help_text="Name or id of the model version to start from."
    )
    reward = serializers.CharField(
        required=False, allow_null=True, help_text="Name or id of the reward model; rl alone."
    )
    name = serializers.CharField(required=False, allow_blank=True, max_length=80)
    preset = serializers.ChoiceField(
        choices=list(presets.BY_KEY),
        required=False,
        allow_null=True,
        help_text="Fills the options that are not given, and names the machine it has to fit on.",
    )
    seed = serializers.IntegerField(
        required=False, min_value=0, max_value=2**31 - 1, help_text="11 unless given."
    )
    priority = serializers.IntegerField(required=False, default=0, min_value=-9, max_value=9)
    options = serializers.DictField(
        required=False, help_text="See docs/formats.md and `manage.py train`."
    )

    def validate(self, order):
        missing = {name for name in ("kind", "dataset") if name not in order}
        if missing and "like" not in order and not self.partial:
            said = "This field is required, or `like` with a run to take it from."
            raise serializers.ValidationError(dict.fromkeys(sorted(missing), said))
        return order


class ModelVersionSerializer(serializers.ModelSerializer):
    dataset = serializers.SlugRelatedField(slug_field="hash", read_only=True)

    class Meta:
        model = ModelVersion
        fields = ["id", "name", "kind", "sha256", "artifact", "dataset", "metrics", "created_at"]


class ProgressSerializer(serializers.Serializer):
    done = serializers.IntegerField()
    total = serializers.IntegerField(allow_null=True)
    stage = serializers.CharField()


class ChangeSerializer(serializers.Serializer):
    name = serializers.CharField()
    was = serializers.CharField()
    now = serializers.CharField()


class CheckpointCopySerializer(serializers.Serializer):
    step = serializers.IntegerField()
    place = serializers.CharField()
    arrived_at = serializers.DateTimeField()


class RunSerializer(serializers.ModelSerializer):
    project = serializers.SlugRelatedField(slug_field="slug", read_only=True)
    dataset = serializers.SlugRelatedField(slug_field="hash", read_only=True)
    base = serializers.SlugRelatedField(slug_field="name", read_only=True, allow_null=True)
    reward = serializers.SlugRelatedField(slug_field="name", read_only=True, allow_null=True)
    state = serializers.CharField(read_only=True)
    place = serializers.SerializerMethodField(help_text="In the queue, from 1; null once begun.")
    progress = serializers.SerializerMethodField()
    latest = serializers.SerializerMethodField(help_text="The newest value of each number.")
    checkpoint_copy = serializers.SerializerMethodField(
        help_text="The newest checkpoint that the project's bucket has."
    )
    copy_fault = serializers.CharField(
        read_only=True, help_text="Why the newest checkpoint is not in the bucket."
    )
    error = serializers.SerializerMethodField()
    model_version = serializers.SerializerMethodField()
    changes = serializers.SerializerMethodField(
        help_text="What differs from the order of the run in `ordered_after`."
    )

    class Meta:
        model = TrainingRun
        fields = [
            "id",
            "project",
            "kind",
            "name",
            "dataset",
            "base",
            "reward",
            "seed",
            "options",
            "ordered_after",
            "changes",
            "state",
            "place",
            "progress",
            "latest",
            "report",
            "checkpoint_copy",
            "copy_fault",
            "error",
            "job",
            "model_version",
            "created_at",
        ]
        read_only_fields = fields

    def get_place(self, run) -> int | None:
        return jobs.place_of(run.job)[0] if run.job.state == "queued" else None

    def get_progress(self, run) -> ProgressSerializer:
        job = run.job
        return {
            "done": job.progress_done,
            "total": job.progress_total,
            "stage": job.progress_note,
        }

    def get_latest(self, run) -> dict[str, float]:
        return detail.newest_values(events.metrics(run))

    @extend_schema_field(ChangeSerializer(many=True))
    def get_changes(self, run):
        return ChangeSerializer(again.changes_of(run), many=True).data

    @extend_schema_field(CheckpointCopySerializer(allow_null=True))
    def get_checkpoint_copy(self, run):
        copy = newest_copy(run)
        return CheckpointCopySerializer(copy).data if copy else None

    def get_error(self, run) -> str:
        return run.job.error

    @extend_schema_field(ModelVersionSerializer(allow_null=True))
    def get_model_version(self, run):
        version = getattr(run, "model_version", None)
        return ModelVersionSerializer(version).data if version else None


def _run(user, action, run_id: int) -> TrainingRun:
    runs = TrainingRun.objects.select_related(
        *("project", "dataset", "base", "reward", "job", "model_version"),
        *(f"ordered_after__{name}" for name in ("dataset", "base", "reward")),
    )
    return row_for(runs.filter(pk=run_id), user, action)


def _whole(user, given: dict) -> dict:
    """An order with its project, the run it is like, and the dataset that it names, as rows."""
    project = project_for(user, given.pop("project"), "train")
    order, like = given, given.pop("like", None)
    if like is not None:
        run = get_object_or_404(
            TrainingRun.objects.select_related("dataset"), pk=like, project=project
        )
        order = {**again.order_like(run, given), "after": run}
        order["dataset"] = given.get("dataset", run.dataset.hash)
    order["dataset"] = find_dataset(datasets_in(project, user, "train"), order["dataset"])
    return {"project": project, **order}


class RunsView(APIView):
    permission_classes = [IsAuthenticated]

    @extend_schema(
        operation_id="runs_create",
        request=RunOrderSerializer,
        responses={201: RunSerializer},
        tags=["training"],
    )
    def post(self, request):
        """Start a training. The same order again, while the first is active, is the same run."""
        serializer = RunOrderSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        order = _whole(request.user, dict(serializer.validated_data))
        run = services.start_run(actor=request.user, **order)
        return Response(
            RunSerializer(_run(request.user, "train", run.pk)).data,
            status=status.HTTP_201_CREATED,
        )


class RunEstimateView(APIView):
    permission_classes = [IsAuthenticated]

    @extend_schema(
        operation_id="runs_estimate",
        request=RunOrderSerializer,
        responses={200: OpenApiTypes.OBJECT},
        tags=["training"],
    )
    def post(self, request):
        """What an order would take: memory, disk, time, and whether it can fit. Starts nothing."""
        serializer = RunOrderSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        order = _whole(request.user, dict(serializer.validated_data))
        order.pop("priority", None)
        found = services.estimate_run(**order)
        return Response(found.describe() if found else {})


class RunView(APIView):
    permission_classes = [IsAuthenticated]

    @extend_schema(operation_id="runs_retrieve", responses=RunSerializer, tags=["training"])
    def get(self, request, run_id: int):
        """State, progress, newest numbers and, at the end, the report and the model version."""
        run = _run(request.user, "see_runs", run_id)
        return Response(RunSerializer(run).data)


class RunCancelView(APIView):
    permission_classes = [IsAuthenticated]

    @extend_schema(
        operation_id="runs_cancel", request=None, responses={202: RunSerializer}, tags=["training"]
    )
    def post(self, request, run_id: int):
        """Ask a run to save and end. It may take half a minute; 409 when it is over already."""
        run = _run(request.user, "train", run_id)
        if not run.job.is_active:
            raise Conflict("This run is over already.")
        services.cancel_run(run=run, actor=request.user)
        return Response(RunSerializer(run).data, status=status.HTTP_202_ACCEPTED)
