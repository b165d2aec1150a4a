"""The API of files that reward models are measured on, and of the measurements."""

import io

from django.http import Http404
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers, status
from rest_framework.permissions import IsAuthenticated
from rest_framework.response import Response
from rest_framework.views import APIView

from annotation.projects.permissions import project_for, row_for
from annotation.prompts.attachments.api import RawParser
from annotation.runs.benchmarking.files import keep_file, remove_file
from annotation.runs.benchmarking.measuring import cancel_measurement, order_measurement
from annotation.runs.models import BenchmarkFile, Measurement, ModelVersion
from annotation.runs.registry.benchmarks import LONGEST_NAME, figures_of

SHOWN = 50


class BenchmarkFileSerializer(serializers.ModelSerializer):
    class Meta:
        model = BenchmarkFile
        fields = [
            "id",
            "sha256",
            "name",
            "byte_count",
            "comparison_count",
            "subset_count",
            "created_at",
        ]


class MeasurementSerializer(serializers.ModelSerializer):
    file = serializers.CharField(source="file.sha256", read_only=True)
    state = serializers.CharField(source="job.state", read_only=True)
    error = serializers.CharField(source="job.error", read_only=True)

    class Meta:
        model = Measurement
        fields = ["id", "name", "file", "job", "state", "error", "created_at"]


class MeasurementOrderSerializer(serializers.Serializer):
    file = serializers.IntegerField(help_text="Id of a file that the project keeps.")
    name = serializers.CharField(
        default="", allow_blank=True, max_length=LONGEST_NAME, help_text="Of the figures."
    )


class MeasuredSerializer(serializers.Serializer):
    model = serializers.CharField()
    figures = serializers.DictField(help_text="By name, as docs/formats.md has `measure`.")
    measurements = MeasurementSerializer(many=True, help_text="Newest first.")


def measured_json(version: ModelVersion) -> dict:
    rows = version.measurements.select_related("file", "job").order_by("-pk")[:SHOWN]
    return {
        "model": version.name,
        "figures": figures_of(version),
        "measurements": MeasurementSerializer(rows, many=True).data,
    }


class BenchmarkFilesView(APIView):
    permission_classes = [IsAuthenticated]
    parser_classes = [RawParser]

    @extend_schema(
        operation_id="benchmark_files_list",
        responses=BenchmarkFileSerializer(many=True),
        tags=["training"],
    )
    def get(self, request, slug: str):
        """The files that the project keeps, the newest first."""
        project = project_for(request.user, slug, "train")
        rows = project.benchmark_files.kept().order_by("-pk")
        return Response(BenchmarkFileSerializer(rows, many=True).data)

    @extend_schema(
        operation_id="benchmark_files_create",
        parameters=[OpenApiParameter("name", str, description="what people call it")],
        request={"application/octet-stream": OpenApiTypes.BINARY},
        responses={200: BenchmarkFileSerializer, 201: BenchmarkFileSerializer},
        tags=["training"],
    )
    def post(self, request, slug: str):
        """Keep a file in RewardBench's format, the body. 200: these bytes were there already."""
        project = project_for(request.user, slug, "train")
        # An empty body has no stream.
        stream = request.data if hasattr(request.data, "readline") else io.BytesIO()
        name = request.query_params.get("name", "")
        kept, is_new = keep_file(project=project, stream=stream, name=name, actor=request.user)
        return Response(BenchmarkFileSerializer(kept).data, status=201 if is_new else 200)


class BenchmarkFileView(APIView):
    permission_classes = [IsAuthenticated]

    @extend_schema(
        operation_id="benchmark_files_destroy", responses={204: None}, tags=["training"]
    )
    def delete(self, request, slug: str, file_id: int):
        """Let its bytes go; 409 while a model is being measured on it."""
        project = project_for(request.user, slug, "train")
        file = project.benchmark_files.kept().filter(pk=file_id).first()
        if file is None:
            raise Http404
        remove_file(file=file, actor=request.user)
        return Response(status=status.HTTP_204_NO_CONTENT)


class CancelMeasurementView(APIView):
    permission_classes = [IsAuthenticated]

    @extend_schema(
        operation_id="models_cancel_measurement",
        request=None,
        responses={202: MeasuredSerializer},
        tags=["training"],
    )
    def post(self, request, version_id: int, measurement_id: int):
        """Ask a measurement to end; 409 when it is over already."""
        versions = ModelVersion.objects.filter(pk=version_id)
        version = row_for(versions, request.user, "train")
        found = version.measurements.select_related("job").filter(pk=measurement_id).first()
        if found is None:
            raise Http404
        cancel_measurement(measurement=found)
        return Response(measured_json(version), status=status.HTTP_202_ACCEPTED)


class BenchmarksView(APIView):
    permission_classes = [IsAuthenticated]

    def _version(self, user, version_id: int, action: str) -> ModelVersion:
        rows = ModelVersion.objects.select_related("project")
        return row_for(rows.filter(pk=version_id), user, action)

    @extend_schema(
        operation_id="models_benchmarks", responses=MeasuredSerializer, tags=["training"]
    )
    def get(self, request, version_id: int):
        """A reward model's figures on files from elsewhere, and what is under way."""
        return Response(measured_json(self._version(request.user, version_id, "see_runs")))

    @extend_schema(
        operation_id="models_measure_on_file",
        request=MeasurementOrderSerializer,
        responses={202: MeasuredSerializer},
        tags=["training"],
    )
    def post(self, request, version_id: int):
        """Measure it on a file; while the same is under way, that."""
        version = self._version(request.user, version_id, "train")
        serializer = MeasurementOrderSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        asked = serializer.validated_data
        file = version.project.benchmark_files.kept().filter(pk=asked["file"]).first()
        if file is None:
            raise Http404
        order_measurement(version=version, file=file, name=asked["name"], actor=request.user)
        return Response(measured_json(version), status=status.HTTP_202_ACCEPTED)
