"""Judgments made elsewhere, from a stream of lines into the database."""

import json
from typing import Any

from django.contrib.postgres.aggregates import ArrayAgg
from django.db import connection
from django.db.models import Q, Value

from annotation.core.errors import DomainError
from annotation.core.hashing import sha256_of_text
from annotation.core.strict_json import LineReader
from annotation.labeling.imports.item_import import read_lines
from annotation.labeling.imports.judgment_marks import needs_texts
from annotation.labeling.imports.judgment_rows import JudgmentRow, read_judgment, read_names
from annotation.labeling.imports.judgment_statements import (
    CHANGED,
    COLUMNS,
    CREATE,
    INSERT,
    INSERT_TEXTS,
    INSERT_WRITTEN,
    TWICE,
    UNCHANGED,
    WRITTEN_COLUMNS,
)
from annotation.labeling.imports.problems import KEPT, Problems, RowRefused
from annotation.labeling.imports.staging import Spool, array, boolean, escaped, nullable
from annotation.labeling.models import Item, ItemResponse
from annotation.labeling.models.items import SHOWN
from annotation.projects.services import create_imported_labelers, current_rubric, rubric_by_id
from annotation.prompts.attachments.library import Library
from annotation.prompts.models import Import

LOOK_UP = 1_000  # lines whose items are looked up with one statement
MAX_NEW_LABELERS = 5_000


class JudgmentSpool:
    """Lines read in batches, each checked against its item, then kept in a temporary file."""

    def __init__(self, *, project, may_create: bool, problems: Problems):
        self.project, self.may_create, self.problems = project, may_create, problems
        self._rubrics: dict[int | None, Any] = {None: current_rubric(project)}
        self._library = Library(project)
        self._labelers = dict(project.memberships.values_list("handle", "user_id"))
        self.handles: set[str] = set()
        self._batch: list[tuple[int, str, str, dict[str, Any]]] = []
        self.rows = Spool("staged_judgment", COLUMNS)
        self.written = Spool("staged_written", WRITTEN_COLUMNS)

    def __enter__(self):
        return self

    def __exit__(self, *_: object) -> None:
        self.rows.__exit__()
        self.written.__exit__()

    def read(self, reader: LineReader, progress) -> None:
        read_lines(reader, self._read_value, self.problems, progress)
        self._check_batch()

    def _read_value(self, line: int, value: Any) -> None:
        item, labeler = read_names(value)
        if labeler not in self.handles:
            self._meet(line, labeler)
        self._batch.append((line, item, labeler, value))
        if len(self._batch) >= LOOK_UP:
            self._check_batch()

    def _meet(self, line: int, labeler: str) -> None:
        if labeler not in self._labelers and not self.may_create:
            self.problems.add(
                line,
                "labeler",
                f"nobody in this project is called “{labeler}”; the option that creates "
                "labelers is --create, or create=true, or its box on the page",
            )
            return
        self.handles.add(labeler)
        if len(self.handles) > len(self._labelers) + MAX_NEW_LABELERS:
            raise DomainError(f"One file creates at most {MAX_NEW_LABELERS:,} labelers.")

    def _check_batch(self) -> None:
        batch, self._batch = self._batch, []
        keys = _keys_of_items(self.project, {item for _, item, _, _ in batch})
        texts = _texts_of_items(
            {keys[item][0] for _, item, _, value in batch if item in keys and needs_texts(value)}
        )
        for line, item, labeler, value in batch:
            if item not in keys:
                self.problems.add(line, "item", f"there is no item “{item}” in this project")
                continue
            item_id, item_keys = keys[item]
            try:
                row = read_judgment(
                    value,
                    item_keys,
                    rubric_of=self._rubric_of,
                    project=self.project,
                    texts=texts.get(item_id),
                    library=self._library,
                )
            except RowRefused as refused:
                for field, reason in refused.found:
                    self.problems.add(line, field, reason)
                continue
            if not self.problems:
                self._write(line, item_id, item, labeler, row)

    def _rubric_of(self, number: int | None) -> Any:
        """The published version of a number, or None; the one in force without a number."""
        if number not in self._rubrics:
            versions = self.project.rubric_versions.published()
            pk = versions.filter(number=number).values_list("pk", flat=True).first()
            self._rubrics[number] = None if pk is None else rubric_by_id(pk)
        return self._rubrics[number]

    def _write(self, line: int, item_id: int, item: str, labeler: str, row: JudgmentRow) -> None:
        columns = row.verdict.as_columns()
        self.rows.add(
            str(line),
            str(item_id),
            escaped(item),
            escaped(labeler),
            columns["content_sha256"],
            str(row.revision),
            nullable(row.rubric and row.rubric.pk),
            row.origin,
            row.purpose,
            boolean(row.is_surplus),
            boolean(row.is_retraction),
            array(columns["ranks"]),
            array(columns["unacceptable"]),
            boolean(columns["rest_below"]),
            array(columns["strength"]),
            nullable(columns["scale"]),
            nullable(columns["preference"]),
            columns["both"],
            *(escaped(json.dumps(columns[name])) for name in ("ratings", "flags", "highlights")),
            nullable(columns["confidence"]),
            escaped(columns["rationale"]),
            nullable(columns["recording"]),
            array(row.order),
            nullable(row.seconds),
            nullable(row.submitted_at),
        )
        written: dict[int | None, str] = {**row.verdict.corrections}
        if row.verdict.demonstration:
            written[None] = row.verdict.demonstration
        for position, text in written.items():
            self.written.add(str(line), nullable(position), escaped(text), sha256_of_text(text))


def _keys_of_items(project, external_ids: set[str]) -> dict[str, tuple[int, list[str]]]:
    placed = ArrayAgg(
        "item_responses__key",
        order_by="item_responses__position",
        filter=Q(item_responses__isnull=False),
        default=Value([]),
    )
    rows = Item.objects.filter(project=project, external_id__in=external_ids)
    found = rows.annotate(keys=placed).values_list("external_id", "pk", "keys")
    return {external_id: (pk, keys) for external_id, pk, keys in found}


def _texts_of_items(items: set[int]) -> dict[int, dict[int, str]]:
    """{item: its responses' texts by position}."""
    texts: dict[int, dict[int, str]] = {}
    placed = ItemResponse.objects.filter(item__in=items) if items else ItemResponse.objects.none()
    for item, position, text in placed.values_list("item_id", "position", SHOWN):
        texts.setdefault(item, {})[position] = text
    return texts


def stage_judgments(*, spool: JudgmentSpool, problems: Problems, actor) -> None:
    """Inside a transaction: copy, and look for what only all lines together can tell."""
    labelers = dict(spool.project.memberships.values_list("handle", "user_id"))
    unknown = spool.handles - labelers.keys()
    if unknown:
        created = create_imported_labelers(project=spool.project, handles=unknown, actor=actor)
        labelers |= {handle: membership.user_id for handle, membership in created.items()}
    with connection.cursor() as cursor:
        cursor.execute(CREATE)
        spool.rows.copy()
        spool.written.copy()
        cursor.executemany(
            "INSERT INTO staged_labeler VALUES (%s, %s)",
            [(handle, labelers[handle]) for handle in spool.handles],
        )
        cursor.execute(TWICE)
        for line, item, labeler, first in cursor.fetchmany(KEPT):
            problems.add(
                line, "labeler", f"“{labeler}” judges item “{item}” on line {first} already"
            )
        problems.count += max(cursor.rowcount - KEPT, 0)
        cursor.execute(CHANGED)
        for line, item, labeler in cursor.fetchmany(KEPT):
            problems.add(
                line, "labeler", f"“{labeler}” has judged item “{item}” already, differently"
            )
        problems.count += max(cursor.rowcount - KEPT, 0)


def insert_judgments(*, imported: Import, spool: JudgmentSpool, actor) -> dict[str, int]:
    """From the staged rows into the table. Returns what came of it."""
    values = {"project": imported.project_id, "imported": imported.pk}
    with connection.cursor() as cursor:
        cursor.execute(UNCHANGED)
        (unchanged,) = cursor.fetchone()
        cursor.execute(INSERT, values)
        counts = {
            "judgments": cursor.rowcount,
            "labelers": len(spool.handles),
            "unchanged": unchanged,
        }
        if spool.written.row_count:
            cursor.execute(INSERT_TEXTS)
            cursor.execute(INSERT_WRITTEN)
            counts["responses"] = cursor.rowcount
        return counts
