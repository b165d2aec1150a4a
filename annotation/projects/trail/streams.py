"""The filtered trail as a file, piece by piece: JSON Lines, or CSV for spreadsheets. In English,
as every file is."""

import csv
import io
import json
from collections.abc import Iterator
from datetime import UTC
from itertools import islice

from django.db.models import QuerySet
from django.http import FileResponse
from django.utils.translation import override

from annotation.core.database import consistent_reads
from annotation.core.downloads import JSON_LINES, attachment, json_lines
from annotation.core.models import Event
from annotation.core.spreadsheet import cell
from annotation.projects.models import Project
from annotation.projects.trail.reading import NEWEST_FIRST
from annotation.projects.trail.sentences import Told, tell

PIECE = 500
TYPES = {"jsonl": JSON_LINES, "csv": "text/csv; charset=utf-8"}
COLUMNS = ("id", "at", "who", "kind", "target", "sentence", "details")


def trail_response(events: QuerySet[Event], kind: str, *, project: Project | None) -> FileResponse:
    name = f"audit-{project.slug}" if project else "audit-site"
    pieces = {"jsonl": _json_lines, "csv": _csv}[kind](_rows(events, project))
    return attachment(pieces, name=f"{name}.{kind}", content_type=TYPES[kind])


def _rows(events, project) -> Iterator[list[dict]]:
    """Of one moment, a piece in memory at a time."""
    with consistent_reads():
        found = events.order_by(*NEWEST_FIRST).iterator(chunk_size=PIECE)
        while piece := list(islice(found, PIECE)):
            with override("en"):
                rows = [_row(told) for told in tell(piece, project)]
            yield rows


def _row(told: Told) -> dict:
    event = told.event
    return {
        "id": event.pk,
        "at": event.at.astimezone(UTC).isoformat(),
        "who": told.who,
        "kind": event.kind,
        "target": event.target,
        "sentence": told.sentence,
        "details": event.payload,
    }


def _json_lines(pieces) -> Iterator[bytes]:
    for rows in pieces:
        yield from json_lines(rows)


def _csv(pieces) -> Iterator[bytes]:
    """With a byte order mark, without which Excel takes UTF-8 for something else."""
    yield b"\xef\xbb\xbf" + _lines([COLUMNS])
    for rows in pieces:
        flat = [row | {"details": json.dumps(row["details"], ensure_ascii=False)} for row in rows]
        yield _lines([cell(row[name]) for name in COLUMNS] for row in flat)


def _lines(rows) -> bytes:
    buffer = io.StringIO()
    csv.writer(buffer).writerows(rows)
    return buffer.getvalue().encode()
