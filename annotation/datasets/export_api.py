"""The API of exports: which formats there are, and each as a file."""

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.permissions import IsAuthenticated
from rest_framework.response import Response
from rest_framework.reverse import reverse
from rest_framework.views import APIView

from annotation.core.api import AnyAccept
from annotation.datasets.access import dataset_for
from annotation.datasets.export_views import export_response
from annotation.datasets.formats import parquet
from annotation.datasets.formats.catalogue import FORMATS, Format
from annotation.datasets.formats.frozen import SPLITS
from annotation.datasets.models import Dataset


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


class ExportView(APIView):
    permission_classes = [IsAuthenticated]
    content_negotiation_class = AnyAccept

    @extend_schema(
        operation_id="datasets_export",
        parameters=[
            OpenApiParameter(
                "split",
                OpenApiTypes.STR,
                enum=list(SPLITS),
                description="One split as a file. Without it: a ZIP of all, with the card.",
            ),
            OpenApiParameter(
                "parquet", OpenApiTypes.BOOL, description="Parquet in place of JSON Lines."
            ),
        ],
        responses={(200, "application/octet-stream"): OpenApiTypes.BINARY},
        tags=["datasets"],
    )
    def get(self, request, digest: str, form: str):
        """The dataset in a format: JSON Lines or Parquet of one split, or all of it as a ZIP."""
        return export_response(request, exported(request.user, digest), form)
