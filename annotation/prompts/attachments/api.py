"""Attachments by program: the file as the body."""

import io

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.parsers import BaseParser
from rest_framework.permissions import IsAuthenticated
from rest_framework.response import Response
from rest_framework.views import APIView

from annotation.core.errors import DomainError
from annotation.projects.permissions import project_for
from annotation.prompts.attachments.services import attach
from annotation.prompts.models import Attachment


class RawParser(BaseParser):
    """Hands the stream on unread: the declared type is not believed anyway."""

    media_type = "*/*"

    def parse(self, stream, media_type=None, parser_context=None):
        return stream


class AttachmentSerializer(serializers.ModelSerializer):
    class Meta:
        model = Attachment
        fields = ["sha256", "media_type", "byte_count", "name", "width", "height"]


class AttachmentsView(APIView):
    permission_classes = [IsAuthenticated]
    parser_classes = [RawParser]

    @extend_schema(
        operation_id="attachments_create",
        parameters=[
            OpenApiParameter("name", str, description="so that items can refer to it"),
            OpenApiParameter(
                "purpose",
                str,
                enum=Attachment.Purpose.values,
                description="recording: a spoken rationale of yours, for a judgment",
            ),
        ],
        request={"application/octet-stream": OpenApiTypes.BINARY},
        responses={200: AttachmentSerializer, 201: AttachmentSerializer},
        tags=["attachments"],
    )
    def post(self, request, slug: str):
        """Keep a file. 200: these bytes were there already."""
        purpose = request.query_params.get("purpose", Attachment.Purpose.CONTENT)
        if purpose not in Attachment.Purpose.values:
            raise DomainError("purpose is content or recording.")
        is_voice = purpose == Attachment.Purpose.RECORDING
        project = project_for(request.user, slug, "judge" if is_voice else "import")
        if is_voice and not project.allows_recording:
            raise DomainError("This project takes no spoken rationale.")
        # An empty body has no stream.
        stream = request.data if hasattr(request.data, "read") else io.BytesIO()
        kept, is_new = attach(
            project=project,
            stream=stream,
            actor=request.user,
            name="" if is_voice else request.query_params.get("name", ""),
            purpose=purpose,
        )
        return Response(AttachmentSerializer(kept).data, status=201 if is_new else 200)
