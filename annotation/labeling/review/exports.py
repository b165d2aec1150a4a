"""The adjudications as JSON Lines: a download, or by program. docs/formats.md is the contract."""

from collections.abc import Iterator
from datetime import UTC
from itertools import islice

from django.db.models import Exists, F, OuterRef, Value
from django.db.models.functions import Collate
from django.http import FileResponse
from django.views.decorators.http import require_GET
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.permissions import IsAuthenticated
from rest_framework.views import APIView

from annotation.accounts.recent import AN_HOUR, check_recent_sign_in, needs_recent_sign_in
from annotation.core import audit
from annotation.core.api import AnyAccept
from annotation.core.database import consistent_reads
from annotation.core.downloads import JSON_LINES, attachment, json_lines
from annotation.core.errors import DomainError
from annotation.labeling.exports.reading import read_items
from annotation.labeling.exports.rows import marked, preference_words, rated
from annotation.labeling.models import Adjudication, Judgment
from annotation.labeling.verdict import tiers_of
from annotation.labeling.verdict.scale import signed_by_key
from annotation.projects.models import Membership
from annotation.projects.permissions import project_for

CHUNK = 500


@require_GET
@needs_recent_sign_in(also_get=True, within=AN_HOUR)
def download(request, slug):
    project = project_for(request.user, slug, "export")
    return export_response(
        project, actor=request.user, all_revisions=request.GET.get("revisions") == "all"
    )


class AdjudicationsExportView(APIView):
    permission_classes = [IsAuthenticated]
    content_negotiation_class = AnyAccept

    @extend_schema(
        operation_id="adjudications_export",
        parameters=[
            OpenApiParameter(
                "revisions",
                str,
                enum=["current", "all"],
                default="current",
                description="all: also decisions that were changed or taken back later.",
            )
        ],
        responses={(200, JSON_LINES): OpenApiTypes.BINARY},
        tags=["judging"],
    )
    def get(self, request, slug: str):
        """What reviewers decided about items, a line each, streamed. docs/formats.md says what
        is in a line."""
        project = project_for(request.user, slug, "export")
        check_recent_sign_in(request)
        revisions = request.query_params.get("revisions", "current")
        if revisions not in ("current", "all"):
            raise DomainError("revisions is one of: current, all.")
        return export_response(project, actor=request.user, all_revisions=revisions == "all")


def export_response(project, *, actor, all_revisions: bool) -> FileResponse:
    audit.record(
        "adjudications.exported",
        actor=actor,
        project=project,
        target=project.slug,
        all_revisions=all_revisions,
    )
    return attachment(
        json_lines(read_adjudications(project, all_revisions=all_revisions)),
        name=f"{project.slug}-adjudications.jsonl",
        content_type=JSON_LINES,
    )


def read_adjudications(project, *, all_revisions: bool = False) -> Iterator[dict]:
    """By the item's id and the revision, of one moment, a chunk in memory at a time."""
    rows = Adjudication.objects.filter(project=project)
    if all_revisions:
        newer = Adjudication.objects.filter(
            item=OuterRef("item"), revision__gt=OuterRef("revision")
        )
        rows = rows.annotate(is_superseded=Exists(newer))
    else:
        rows = rows.current().annotate(is_superseded=Value(False))
    rows = rows.select_related("item", "rubric_version").order_by(
        Collate(F("item__external_id"), "C"), "revision"
    )
    with consistent_reads():
        handles = dict(Membership.objects.filter(project=project).values_list("user_id", "handle"))
        found = rows.iterator(chunk_size=CHUNK)
        while chunk := list(islice(found, CHUNK)):
            yield from _rows(chunk, handles)


def _rows(chunk: list[Adjudication], handles: dict[int, str]) -> Iterator[dict]:
    items = read_items({row.item_id: row.item.external_id for row in chunk}, with_texts=())
    seen = [pk for row in chunk for pk in row.judgment_ids]
    judgments = {
        pk: {"labeler": _name(labeler, handles), "revision": revision}
        for pk, labeler, revision in Judgment.objects.filter(pk__in=seen).values_list(
            "pk", "labeler", "revision"
        )
    }
    for row in chunk:
        yield {
            "item": row.item.external_id,
            "reviewer": _name(row.reviewer_id, handles),
            "revision": row.revision,
            "is_current": not row.is_superseded and row.outcome != row.Outcome.REOPENED,
            "outcome": row.outcome,
            **_said(row, items[row.item_id].keys),
            "reason": row.reason,
            "returned": judgments.get(row.returned_id),
            "judgments": [judgments[pk] for pk in row.judgment_ids if pk in judgments],
            "was_blind": row.was_blind,
            "rubric_version": row.rubric_version.number if row.rubric_version else None,
            "decided_at": row.created_at.astimezone(UTC).isoformat(),
        }


def _said(row: Adjudication, keys: list[str]) -> dict:
    """The settled verdict in the words of a judgment's line; empty where there is none."""
    preference = signed_by_key(row.preference, keys)
    return {
        "ranking": [sorted(keys[place - 1] for place in tier) for tier in tiers_of(row.ranks)],
        "unacceptable": marked(keys, row.unacceptable),
        "rest_below": row.rest_below,
        "strength": list(row.strength),
        "scale": row.scale,
        "preference": preference,
        "preference_words": preference_words(preference, row.both, keys),
        "both": row.both,
        "ratings": rated(keys, row.ratings),
    }


def _name(user_id: int, handles: dict[int, str]) -> str:
    return handles.get(user_id) or f"labeler {user_id}"
