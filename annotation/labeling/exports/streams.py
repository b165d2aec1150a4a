"""A project's judgments as bytes, piece by piece: JSON Lines, or CSV for spreadsheets."""

import csv
import io
import json
from collections.abc import Iterator
from itertools import islice

from annotation.labeling.exports.reading import read_items_and_rows, read_rows
from annotation.labeling.exports.table import header, lines_of
from annotation.projects.models import Criterion, Project

PIECE = 200  # rows
TYPES = {"jsonl": "application/x-ndjson", "csv": "text/csv; charset=utf-8"}

_ENCODER = json.JSONEncoder(separators=(", ", ": "), ensure_ascii=False, allow_nan=False)


def export(project: Project, kind: str, *, all_revisions: bool = False) -> Iterator[bytes]:
    """The whole export as `kind`, one of TYPES."""
    return {"jsonl": _json_lines, "csv": _csv}[kind](project, all_revisions)


def _json_lines(project, all_revisions) -> Iterator[bytes]:
    rows = read_rows(project, all_revisions=all_revisions)
    while piece := "".join(f"{_ENCODER.encode(row)}\n" for row in islice(rows, PIECE)):
        yield piece.encode()


def _csv(project, all_revisions) -> Iterator[bytes]:
    """With a byte order mark, without which Excel takes UTF-8 for something else."""
    criteria, flags = columns_of(project)
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    writer.writerow(header(criteria, flags))
    found = read_items_and_rows(project, all_revisions=all_revisions)
    yield b"\xef\xbb\xbf"
    while piece := list(islice(found, PIECE)):
        for item, row in piece:
            writer.writerows(lines_of(row, sorted(item.keys), criteria, flags))
        yield _taken(buffer)
    yield _taken(buffer)


def columns_of(project) -> tuple[list[str], list[str]]:
    """Keys of the criteria and flags of all published rubric versions, newest first."""
    versions = project.rubric_versions.published().order_by("-number")
    criteria = Criterion.objects.filter(rubric_version__in=versions)
    keys = criteria.order_by("-rubric_version__number", "position").values_list("key", flat=True)
    flags = (flag["key"] for said in versions.values_list("flags", flat=True) for flag in said)
    return list(dict.fromkeys(keys)), list(dict.fromkeys(flags))


def _taken(buffer: io.StringIO) -> bytes:
    text = buffer.getvalue()
    buffer.seek(0)
    buffer.truncate()
    return text.encode()
