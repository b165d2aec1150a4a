"""The judgments by program."""

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.permissions import IsAuthenticated
from rest_framework.views import APIView

from annotation.accounts.recent import check_recent_sign_in
from annotation.core.api import AnyAccept
from annotation.core.errors import DomainError
from annotation.labeling.exports.views import export_response
from annotation.projects.permissions import project_for


class JudgmentsExportView(APIView):
    permission_classes = [IsAuthenticated]
    content_negotiation_class = AnyAccept

    @extend_schema(
        operation_id="judgments_export",
        parameters=[
            OpenApiParameter(
                "revisions",
                str,
                enum=["current", "all"],
                default="current",
                description="all: also judgments that were changed or taken back later.",
            ),
            OpenApiParameter(
                "kind",
                str,
                enum=["jsonl", "csv"],
                default="jsonl",
                description="csv: a line for each response, for spreadsheets.",
            ),
        ],
        responses={(200, "application/x-ndjson"): OpenApiTypes.BINARY},
        tags=["judging"],
    )
    def get(self, request, slug: str):
        """Every judgment as it was given, a line each, streamed. docs/formats.md says what is in
        a line."""
        project = project_for(request.user, slug, "export")
        check_recent_sign_in(request)
        return export_response(
            project,
            _chosen(request, "kind", ("jsonl", "csv")),
            actor=request.user,
            all_revisions=_chosen(request, "revisions", ("current", "all")) == "all",
        )


def _chosen(request, name: str, choices: tuple[str, ...]) -> str:
    value = request.query_params.get(name, choices[0])
    if value not in choices:
        raise DomainError(f"{name} is one of: {', '.join(choices)}.")
    return value
