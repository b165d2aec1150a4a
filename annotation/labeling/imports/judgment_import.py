"""Judgments made elsewhere, from a stream of lines into the database."""

import json
from typing import Any

from django.contrib.postgres.aggregates import ArrayAgg
from django.db import connection

from annotation.core.errors import DomainError
from annotation.core.strict_json import LineReader
from annotation.labeling.imports.item_import import read_lines
from annotation.labeling.imports.judgment_rows import JudgmentRow, read_judgment, read_names
from annotation.labeling.imports.problems import KEPT, Problems, RowRefused
from annotation.labeling.imports.staging import Spool, array, escaped
from annotation.labeling.models import Item
from annotation.projects.services import create_imported_labelers, current_rubric
from annotation.prompts.models import Import

LOOK_UP = 1_000  # lines whose items are looked up with one statement
MAX_NEW_LABELERS = 5_000

COLUMNS = (
    "line",
    "item_id",
    "item",
    "labeler",
    "content_sha256",
    "ranks",
    "unacceptable",
    "strength",
    "ratings",
    "rationale",
    "shown",
    "seconds",
)
CREATE = """
DROP TABLE IF EXISTS pg_temp.staged_judgment, pg_temp.staged_labeler;
CREATE TEMPORARY TABLE staged_judgment (
  line bigint, item_id bigint, item text, labeler text, content_sha256 text, ranks smallint[],
  unacceptable boolean[], strength smallint[], ratings text, rationale text, shown smallint[],
  seconds double precision
) ON COMMIT DROP;
CREATE TEMPORARY TABLE staged_labeler (handle text, labeler_id bigint) ON COMMIT DROP;
"""
TWICE = """
SELECT line, item, labeler, first_line FROM (
  SELECT line, item, labeler,
         min(line) OVER (PARTITION BY item_id, labeler) AS first_line FROM staged_judgment
) AS seen WHERE line <> first_line ORDER BY line
"""
KNOWN = """
  FROM staged_judgment AS staged
  JOIN staged_labeler ON staged_labeler.handle = staged.labeler
  JOIN LATERAL (
    SELECT content_sha256 FROM labeling_judgment
     WHERE item_id = staged.item_id AND labeler_id = staged_labeler.labeler_id
     ORDER BY revision DESC LIMIT 1
  ) AS judgment ON true
"""
CHANGED = f"""
SELECT staged.line, staged.item, staged.labeler {KNOWN}
 WHERE judgment.content_sha256 <> staged.content_sha256 ORDER BY staged.line
"""  # noqa: S608  two constants of this module
UNCHANGED = f"SELECT count(*) {KNOWN}"  # noqa: S608  a constant of this module
INSERT = """
INSERT INTO labeling_judgment (project_id, item_id, labeler_id, revision, rubric_version_id,
       origin, imported_id, content_sha256, ranks, unacceptable, strength, ratings, rationale,
       "order", seconds, is_surplus, submitted_at)
SELECT %(project)s, staged.item_id, staged_labeler.labeler_id, 1, %(rubric)s, 'import',
       %(imported)s, staged.content_sha256, staged.ranks, staged.unacceptable, staged.strength,
       staged.ratings::jsonb, staged.rationale, staged.shown, staged.seconds, false, now()
  FROM staged_judgment AS staged
  JOIN staged_labeler ON staged_labeler.handle = staged.labeler
 ORDER BY staged.line
ON CONFLICT (item_id, labeler_id, revision) DO NOTHING
"""


class JudgmentSpool:
    """Lines read in batches, each checked against its item, then kept in a temporary file."""

    def __init__(self, *, project, may_create: bool, problems: Problems):
        self.project, self.may_create, self.problems = project, may_create, problems
        rubric = current_rubric(project)
        self.rubric_id = rubric.pk if rubric else None
        self._rubric = rubric
        self._labelers = dict(project.memberships.values_list("handle", "user_id"))
        self.handles: set[str] = set()
        self._batch: list[tuple[int, str, str, dict[str, Any]]] = []
        self.rows = Spool("staged_judgment", COLUMNS)

    def __enter__(self):
        return self

    def __exit__(self, *_: object) -> None:
        self.rows.__exit__()

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
        for line, item, labeler, value in batch:
            if item not in keys:
                self.problems.add(line, "item", f"there is no item “{item}” in this project")
                continue
            item_id, item_keys = keys[item]
            try:
                row = read_judgment(value, item_keys, rubric=self._rubric, project=self.project)
            except RowRefused as refused:
                for field, reason in refused.found:
                    self.problems.add(line, field, reason)
                continue
            if not self.problems:
                self._write(line, item_id, item, labeler, row)

    def _write(self, line: int, item_id: int, item: str, labeler: str, row: JudgmentRow) -> None:
        verdict = row.verdict
        ratings = {key: list(values) for key, values in verdict.ratings.items()}
        self.rows.add(
            str(line),
            str(item_id),
            escaped(item),
            escaped(labeler),
            verdict.sha256,
            array(verdict.ranks),
            array(verdict.unacceptable),
            array(verdict.strength),
            escaped(json.dumps(ratings)),
            escaped(verdict.rationale),
            array(row.order),
            "\\N" if row.seconds is None else repr(row.seconds),
        )


def _keys_of_items(project, external_ids: set[str]) -> dict[str, tuple[int, list[str]]]:
    rows = (
        Item.objects.filter(project=project, external_id__in=external_ids)
        .annotate(keys=ArrayAgg("item_responses__key", order_by="item_responses__position"))
        .values_list("external_id", "pk", "keys")
    )
    return {external_id: (pk, keys) for external_id, pk, keys in rows}


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
    values = {
        "project": imported.project_id,
        "rubric": spool.rubric_id,
        "imported": imported.pk,
    }
    with connection.cursor() as cursor:
        cursor.execute(UNCHANGED)
        (unchanged,) = cursor.fetchone()
        cursor.execute(INSERT, values)
        return {
            "judgments": cursor.rowcount,
            "labelers": len(spool.handles),
            "unchanged": unchanged,
        }
