"""Imports by program: JSON Lines as the body, the result or a job as the answer."""

from django.conf import settings
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.parsers import BaseParser
from rest_framework.permissions import IsAuthenticated
from rest_framework.response import Response
from rest_framework.views import APIView

from annotation.core.errors import DomainError, TooLarge
from annotation.labeling.imports import services
from annotation.labeling.imports.wording import summary
from annotation.projects.permissions import project_for
from annotation.prompts.models import Import


class JSONLinesParser(BaseParser):
    """Hands the stream on unread: the import reads it line by line."""

    media_type = "*/*"

    def parse(self, stream, media_type=None, parser_context=None):
        return stream


class LineErrorSerializer(serializers.Serializer):
    line = serializers.IntegerField()
    field = serializers.CharField()
    reason = serializers.CharField()


class ImportSerializer(serializers.Serializer):
    detail = serializers.CharField(help_text="What became of it, in a sentence.")
    id = serializers.IntegerField()
    state = serializers.ChoiceField(choices=Import.State.choices)
    job = serializers.IntegerField(
        allow_null=True, help_text="With 202: ask /api/jobs/<id>/ how far it is."
    )
    counts = serializers.DictField(child=serializers.IntegerField())
    line_count = serializers.IntegerField()
    error_count = serializers.IntegerField()
    errors = LineErrorSerializer(many=True, help_text="The first 1,000.")


def _flag(name, meaning):
    return OpenApiParameter(name, OpenApiTypes.BOOL, description=meaning, default=False)


def _is_on(request, name) -> bool:
    value = request.query_params.get(name, "false").lower()
    if value not in ("true", "false", "1", "0"):
        raise DomainError(f"{name} must be true or false.")
    return value in ("true", "1")


class _ImportView(APIView):
    permission_classes = [IsAuthenticated]
    parser_classes = [JSONLinesParser]
    kind: str

    def _import(self, request, slug, **options):
        project = project_for(request.user, slug, "import")
        length = request.META.get("CONTENT_LENGTH") or "0"
        if length.isdigit() and int(length) > settings.IMPORT_MAX_BYTES:
            raise TooLarge(services.too_large())
        # An empty body has no stream: the import says that the file is empty.
        stream = request.data if hasattr(request.data, "read") else services.empty_stream()
        imported = services.receive(
            project=project, kind=self.kind, stream=stream, actor=request.user, **options
        )
        return Response(_answer(imported), status=_STATUS[imported.state])


_STATUS = {
    Import.State.DONE: 200,
    Import.State.UNCHANGED: 200,
    Import.State.REFUSED: 400,
    Import.State.PENDING: 202,
}


def _answer(imported) -> dict:
    errors = [
        {"line": error.line, "field": error.field, "reason": error.reason}
        for error in imported.errors.all()
    ]
    return {
        "detail": summary(imported),
        "id": imported.pk,
        "state": imported.state,
        "job": imported.job_id,
        "counts": imported.counts,
        "line_count": imported.line_count,
        "error_count": imported.error_count,
        "errors": errors,
    }


_RESPONSES = {200: ImportSerializer, 202: ImportSerializer, 400: ImportSerializer}
_BODY = {"application/x-ndjson": OpenApiTypes.STR}


class ItemsImportView(_ImportView):
    kind = Import.Kind.ITEMS

    @extend_schema(
        operation_id="items_import",
        request=_BODY,
        responses=_RESPONSES,
        parameters=[
            _flag("coerce_text", "Turn numbers and booleans in the place of a text into text."),
            _flag("without_judgments", "Leave out what chosen/rejected rows prefer."),
        ],
        tags=["imports"],
    )
    def post(self, request, slug: str):
        """Import items: all lines, or none and what is wrong with them."""
        return self._import(
            request,
            slug,
            coerce_text=_is_on(request, "coerce_text"),
            keep_preferences=not _is_on(request, "without_judgments"),
        )


class JudgmentsImportView(_ImportView):
    kind = Import.Kind.JUDGMENTS

    @extend_schema(
        operation_id="judgments_import",
        request=_BODY,
        responses=_RESPONSES,
        parameters=[_flag("create", "Make the labelers that are not in the project yet.")],
        tags=["imports"],
    )
    def post(self, request, slug: str):
        """Import judgments made elsewhere: all lines, or none and what is wrong with them."""
        return self._import(request, slug, create=_is_on(request, "create"))
