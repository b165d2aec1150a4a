"""The API of exports: which formats there are, ordering one, and its file."""

from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework import serializers, status
from rest_framework.permissions import IsAuthenticated
from rest_framework.response import Response
from rest_framework.reverse import reverse
from rest_framework.views import APIView

from annotation.core.api import AnyAccept
from annotation.core.errors import Conflict
from annotation.datasets.access import dataset_for, open_to
from annotation.datasets.export_views import export_response, wanted_said
from annotation.datasets.exports import kept
from annotation.datasets.exports.ordering import NotReady, cancel, order_export, take_export
from annotation.datasets.formats import parquet
from annotation.datasets.formats.catalogue import FORMATS, Format
from annotation.datasets.formats.frozen import SPLITS
from annotation.datasets.models import Dataset, Export
from annotation.projects.permissions import row_for


class FormatSerializer(serializers.Serializer):
    format = serializers.CharField()
    title = serializers.CharField()
    note = serializers.CharField()
    has_splits = serializers.BooleanField(help_text="Each split can be taken as a file.")
    has_parquet = serializers.BooleanField(help_text="Also as Parquet, on this installation.")
    url = serializers.URLField()


def exported(user, digest: str) -> Dataset:
    return dataset_for(user, digest, "export")


class ExportsView(APIView):
    permission_classes = [IsAuthenticated]

    @extend_schema(
        operation_id="datasets_exports",
        responses=FormatSerializer(many=True),
        tags=["datasets"],
    )
    def get(self, request, digest: str):
        """The formats that the dataset can be taken away in."""
        dataset = exported(request.user, digest)
        can_parquet = parquet.is_available()
        return Response(
            [
                {
                    "format": one.key,
                    "title": str(one.title),
                    "note": str(one.note),
                    "has_splits": isinstance(one, Format),
                    "has_parquet": can_parquet and one.columns is not None,
                    "url": reverse(
                        "datasets-api:export", args=[dataset.hash, one.key], request=request
                    ),
                }
                for one in FORMATS.values()
            ]
        )


class OrderedExportSerializer(serializers.ModelSerializer):
    """An export that was ordered. `url` is its file, once it is ready."""

    format = serializers.CharField(source="form")
    dataset = serializers.CharField(source="dataset.hash")
    parquet = serializers.BooleanField(source="is_parquet")
    state = serializers.SerializerMethodField(help_text="A job's state, or ready, or expired.")
    error = serializers.SerializerMethodField()
    job = serializers.IntegerField(source="job_id", allow_null=True)
    progress_done = serializers.SerializerMethodField(help_text="Prompts read so far.")
    progress_total = serializers.SerializerMethodField()
    bytes = serializers.IntegerField(source="byte_count")
    url = serializers.SerializerMethodField()

    class Meta:
        model = Export
        fields = [
            "id", "dataset", "format", "split", "parquet", "state", "error", "job",
            "progress_done", "progress_total", "sha256", "bytes", "expires_at", "url",
        ]  # fmt: skip

    def get_state(self, export) -> str:
        if export.is_under_way:
            return export.job.state
        if kept.is_ready(export):
            return "ready"
        return "expired" if export.sha256 or export.job is None else export.job.state

    def get_error(self, export) -> str:
        return export.job.error if export.job else ""

    def get_progress_done(self, export) -> int | None:
        return export.job.progress_done if export.job else None

    def get_progress_total(self, export) -> int | None:
        return export.job.progress_total if export.job else None

    def get_url(self, export) -> str | None:
        if self.get_state(export) != "ready":
            return None
        request = self.context["request"]
        return reverse("datasets-api:export-file", args=[export.pk], request=request)


QUERY = [
    OpenApiParameter(
        "split",
        OpenApiTypes.STR,
        enum=list(SPLITS),
        description="One split as a file. Without it: a ZIP of all, with the card.",
    ),
    OpenApiParameter("parquet", OpenApiTypes.BOOL, description="Parquet in place of JSON Lines."),
]


class ExportView(APIView):
    permission_classes = [IsAuthenticated]
    content_negotiation_class = AnyAccept

    @extend_schema(
        operation_id="datasets_export",
        parameters=QUERY,
        responses={
            (200, "application/octet-stream"): OpenApiTypes.BINARY,
            409: OpenApiResponse(description="Large and not ready: order it first."),
        },
        tags=["datasets"],
    )
    def get(self, request, digest: str, form: str):
        """The dataset in a format, where it is small or ready: JSON Lines or Parquet of one split,
        or all of it as a ZIP."""
        dataset, wanted = exported(request.user, digest), wanted_said(request, form)
        try:
            export = take_export(dataset=dataset, wanted=wanted, actor=request.user)
        except NotReady as error:
            how = _("POST to the same address does that.")
            raise Conflict(f"{error} {how}") from error
        return export_response(request, export)

    @extend_schema(
        operation_id="datasets_order_export",
        parameters=QUERY,
        request=None,
        responses={
            200: OpenApiResponse(OrderedExportSerializer, "Ready."),
            202: OpenApiResponse(OrderedExportSerializer, "A job makes it."),
        },
        tags=["datasets"],
    )
    def post(self, request, digest: str, form: str):
        """Order the file. The same order is made once, and kept for a week."""
        export = order_export(
            dataset=exported(request.user, digest),
            wanted=wanted_said(request, form),
            actor=request.user,
        )
        code = status.HTTP_202_ACCEPTED if export.is_under_way else status.HTTP_200_OK
        return Response(
            OrderedExportSerializer(export, context={"request": request}).data, status=code
        )


def ordered(user, export_id: int) -> Export:
    """Http404 where the user may not export the dataset now, whoever ordered it."""
    export = get_object_or_404(
        Export.objects.select_related("dataset__project", "job"), pk=export_id
    )
    row_for(open_to(Dataset.objects.filter(pk=export.dataset_id), user, "export"), user, "export")
    return export


class OrderedExportView(APIView):
    permission_classes = [IsAuthenticated]

    @extend_schema(
        operation_id="exports_retrieve", responses=OrderedExportSerializer, tags=["datasets"]
    )
    def get(self, request, export_id: int):
        """How far it is, and where the file is when it is ready."""
        export = ordered(request.user, export_id)
        return Response(OrderedExportSerializer(export, context={"request": request}).data)

    @extend_schema(
        operation_id="exports_cancel", responses={202: OrderedExportSerializer}, tags=["datasets"]
    )
    def delete(self, request, export_id: int):
        """Stop making it. What is ready stays."""
        export = ordered(request.user, export_id)
        cancel(export)
        return Response(
            OrderedExportSerializer(export, context={"request": request}).data,
            status=status.HTTP_202_ACCEPTED,
        )


class ExportFileView(APIView):
    permission_classes = [IsAuthenticated]
    content_negotiation_class = AnyAccept

    @extend_schema(
        operation_id="exports_file",
        responses={(200, "application/octet-stream"): OpenApiTypes.BINARY},
        tags=["datasets"],
    )
    def get(self, request, export_id: int):
        """The file of a ready export, or the part of it that `Range` asks for."""
        return export_response(request, ordered(request.user, export_id))
