"""A project's judgments as rows, of one moment, one chunk in memory at a time.

They come by the item's id, the labeler's handle and the revision, by their bytes: the same
judgments in another database come out the same.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

from django.db.models import Exists, F, OuterRef, Subquery, Value
from django.db.models.functions import Collate

from annotation.core.database import consistent_reads
from annotation.labeling.exports.rows import (
    PATHS,
    JudgedItem,
    RawJudgment,
    Written,
    judgment_row,
)
from annotation.labeling.models import ItemResponse, Judgment, WrittenResponse, newer_revisions
from annotation.labeling.models.items import SHOWN
from annotation.projects.models import Membership

CHUNK = 1_000  # judgments
WHICH = ("pk", "item", "item__external_id", "labeler", "handle", "is_superseded")


def read_rows(project, *, all_revisions: bool = False) -> Iterator[dict[str, Any]]:
    """Every judgment that counts, or with `all_revisions` also those that were changed or taken
    back later; none of a calibration round before it is revealed. A transaction is open until the
    last row is read or the iterator closed."""
    for _, row in read_items_and_rows(project, all_revisions=all_revisions):
        yield row


def read_items_and_rows(
    project, *, all_revisions: bool = False
) -> Iterator[tuple[JudgedItem, dict[str, Any]]]:
    """The same, each row with its item."""
    with consistent_reads():
        found = _judgments(project, all_revisions).iterator(chunk_size=CHUNK)
        while chunk := list(islice(found, CHUNK)):
            yield from _rows(chunk)


def _judgments(project, all_revisions: bool):
    judgments = Judgment.objects.filter(project=project).revealed()
    if all_revisions:
        judgments = judgments.annotate(is_superseded=Exists(newer_revisions()))
    else:
        judgments = judgments.current().annotate(is_superseded=Value(False))
    handle = Membership.objects.filter(project=project, user=OuterRef("labeler"))
    return (
        judgments.annotate(handle=Subquery(handle.values("handle")[:1]))
        .order_by(
            Collate(F("item__external_id"), "C"),
            Collate(F("handle"), "C"),
            "labeler",
            "is_repeat",
            "revision",
        )
        .values_list(*WHICH, *PATHS)
    )


def _rows(chunk: list[tuple]) -> Iterator[tuple[JudgedItem, dict[str, Any]]]:
    said = [RawJudgment._make(row[len(WHICH) :]) for row in chunk]
    items = read_items(
        {item: external_id for _, item, external_id, *_ in chunk},
        with_texts={row[1] for row, raw in zip(chunk, said, strict=True) if raw.highlights},
    )
    written = read_written(row[0] for row in chunk)
    for (pk, item, _, labeler, handle, is_superseded, *_), raw in zip(chunk, said, strict=True):
        yield (
            items[item],
            judgment_row(
                raw,
                items[item],
                handle or f"labeler {labeler}",
                written.get(pk, ()),
                is_current=not (is_superseded or raw.is_retraction),
            ),
        )


def read_items(external_ids: dict[int, str], with_texts: Iterable[int]) -> dict[int, JudgedItem]:
    """{item: its keys, and its texts for those in `with_texts`}."""
    items = {pk: JudgedItem(external_id) for pk, external_id in external_ids.items()}
    placed = ItemResponse.objects.filter(item__in=list(items)).order_by("item_id", "position")
    for item, key in placed.values_list("item_id", "key"):
        items[item].keys.append(key)
    if with_texts:
        texts = ItemResponse.objects.filter(item__in=list(with_texts))
        for item, position, text in texts.values_list("item_id", "position", SHOWN):
            items[item].texts[position] = text
    return items


def read_written(judgments: Iterable[int]) -> dict[int, list[Written]]:
    """{judgment: what was written with it}."""
    found = defaultdict(list)
    rows = WrittenResponse.objects.filter(judgment__in=list(judgments)).order_by("position")
    for judgment, *columns in rows.values_list(
        "judgment_id", "position", "response__text", "response__text_sha256"
    ):
        found[judgment].append(Written._make(columns))
    return found
