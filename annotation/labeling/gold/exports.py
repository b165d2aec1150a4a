"""The known answers as JSON Lines, in the form in which they come in: docs/gold.md."""

from collections.abc import Iterator
from itertools import islice
from typing import Any

from django.db.models import F
from django.db.models.functions import Collate
from django.views.decorators.http import require_GET

from annotation.accounts.recent import AN_HOUR, needs_recent_sign_in
from annotation.core import audit
from annotation.core.database import consistent_reads
from annotation.core.downloads import JSON_LINES, attachment, json_lines
from annotation.labeling.exports.reading import read_items
from annotation.labeling.exports.rows import marked, rated
from annotation.labeling.models import GoldItem
from annotation.labeling.verdict import tiers_of
from annotation.projects.permissions import project_for

CHUNK = 500


@require_GET
@needs_recent_sign_in(also_get=True, within=AN_HOUR)
def download(request, slug):
    project = project_for(request.user, slug, "review")
    audit.record("gold.exported", actor=request.user, project=project, target=project.slug)
    lines = json_lines(read_gold(project))
    return attachment(lines, name=f"{project.slug}-gold.jsonl", content_type=JSON_LINES)


def read_gold(project) -> Iterator[dict[str, Any]]:
    """Those that are lent among the work, by the item's id, of one moment. What is retired would
    come back as if it were not; what belongs to the ladder has a file of its own."""
    rows = GoldItem.objects.in_queue().filter(project=project).select_related("item")
    rows = rows.order_by(Collate(F("item__external_id"), "C"))
    with consistent_reads():
        found = rows.iterator(chunk_size=CHUNK)
        while chunk := list(islice(found, CHUNK)):
            items = read_items({row.item_id: row.item.external_id for row in chunk}, ())
            yield from (_row(row, items[row.item_id].keys) for row in chunk)


def _row(gold: GoldItem, keys: list[str]) -> dict[str, Any]:
    return {
        "item": gold.item.external_id,
        "ranking": [sorted(keys[place - 1] for place in tier) for tier in tiers_of(gold.ranks)],
        "unacceptable": marked(keys, gold.unacceptable),
        "rest_below": gold.rest_below,
        "ratings": rated(keys, gold.ratings),
        "rating_slack": gold.rating_slack,
        "tolerance": gold.tolerance,
        "max_inversions": gold.max_inversions,
        "explanation": gold.explanation,
    }
