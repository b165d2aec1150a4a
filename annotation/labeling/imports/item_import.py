"""Items from a stream of lines into the database."""

import json
from collections.abc import Callable
from typing import Any

from django.db import connection

from annotation.core.errors import DomainError
from annotation.core.strict_json import JSONProblem, LineReader, line_value
from annotation.labeling.imports.item_rows import ItemOptions, ItemRow, read_item
from annotation.labeling.imports.problems import KEPT, Problems, RowRefused
from annotation.labeling.imports.staging import Spool, array, escaped
from annotation.labeling.slices.services import assign_new
from annotation.labeling.verdict import Verdict
from annotation.projects.services import create_imported_labelers, current_rubric
from annotation.prompts.models import Import

PREFERENCE_LABELER = "imported"
PROGRESS_EVERY = 2_000

ITEM_COLUMNS = (
    "line",
    "external_id",
    "has_own_id",
    "content_sha256",
    "prompt_sha256",
    "messages",
    "metadata",
    "warnings",
    "response_count",
    "ranks",
    "verdict_sha256",
)
RESPONSE_COLUMNS = (
    "line",
    "position",
    "key",
    "text",
    "text_sha256",
    "generator",
    "params",
    "attachments",
    "equal_to",
)
# Ids are drawn while the rows are copied in, so that responses need no join to find their own.
CREATE = """
DROP TABLE IF EXISTS pg_temp.staged_item, pg_temp.staged_response;
CREATE TEMPORARY TABLE staged_item (
  line bigint, external_id text, has_own_id boolean, content_sha256 text, prompt_sha256 text,
  messages text, metadata text, warnings text[], response_count smallint, ranks smallint[],
  verdict_sha256 text,
  item_id bigint DEFAULT nextval(pg_get_serial_sequence('labeling_item', 'id'))
) ON COMMIT DROP;
CREATE TEMPORARY TABLE staged_response (
  line bigint, position smallint, key text, text text, text_sha256 text, generator text,
  params text, attachments text, equal_to smallint,
  response_id bigint DEFAULT nextval(pg_get_serial_sequence('prompts_response', 'id'))
) ON COMMIT DROP;
"""
TWICE = """
SELECT line, external_id, first_line FROM (
  SELECT line, external_id, has_own_id, content_sha256,
         first_value(line) OVER same AS first_line,
         first_value(content_sha256) OVER same AS first_content
    FROM staged_item WINDOW same AS (PARTITION BY external_id ORDER BY line)
) AS seen
 WHERE line <> first_line AND (has_own_id OR content_sha256 <> first_content) ORDER BY line
"""
CHANGED = """
SELECT staged.line, staged.external_id FROM staged_item AS staged
  JOIN labeling_item AS item
    ON item.project_id = %(project)s AND item.external_id = staged.external_id
 WHERE item.content_sha256 <> staged.content_sha256 ORDER BY staged.line
"""
# Rows without an id of their own may repeat: the same content is the same item.
DROP_REPEATED = """
DELETE FROM staged_item USING (
  SELECT line, min(line) OVER (PARTITION BY external_id) AS first_line FROM staged_item
) AS seen WHERE staged_item.line = seen.line AND seen.line <> seen.first_line
"""
KEEP_IDS_OF_KNOWN = """
UPDATE staged_item SET item_id = item.id FROM labeling_item AS item
 WHERE item.project_id = %(project)s AND item.external_id = staged_item.external_id
"""
INSERT_PROMPTS = """
INSERT INTO prompts_prompt (project_id, messages, sha256, created_at)
SELECT DISTINCT ON (prompt_sha256) %(project)s, messages::jsonb, prompt_sha256, now()
  FROM staged_item ORDER BY prompt_sha256, line
ON CONFLICT (project_id, sha256) DO NOTHING
"""
INSERT_GENERATORS = """
INSERT INTO prompts_generator (project_id, name, revision, artifact, artifact_sha256, created_at)
SELECT DISTINCT %(project)s::bigint, generator, '', '', '', now() FROM staged_response
 WHERE generator IS NOT NULL
ON CONFLICT (project_id, name, revision) DO NOTHING
"""
INSERT_ITEMS = """
INSERT INTO labeling_item (id, project_id, prompt_id, external_id, content_sha256, batch, metadata,
                           warnings, response_count, state, priority, overlap, taken, created_at)
SELECT staged.item_id, %(project)s, prompt.id, staged.external_id, staged.content_sha256,
       %(batch)s, staged.metadata::jsonb, staged.warnings, staged.response_count, 'open', 0,
       %(overlap)s, 0, now()
  FROM staged_item AS staged
  JOIN prompts_prompt AS prompt
    ON prompt.project_id = %(project)s AND prompt.sha256 = staged.prompt_sha256
 ORDER BY staged.line
ON CONFLICT (project_id, external_id) DO NOTHING
"""
NEW_RESPONSES = """
  FROM staged_response AS staged
  JOIN staged_item ON staged_item.line = staged.line
  JOIN labeling_item AS item ON item.id = staged_item.item_id AND item.batch = %(batch)s
"""
INSERT_RESPONSES = f"""
INSERT INTO prompts_response (id, prompt_id, kind, text, text_sha256, generator_id, params,
                              attachments, finish_reason, created_at)
SELECT staged.response_id, item.prompt_id, 'candidate', staged.text, staged.text_sha256,
       generator.id, staged.params::jsonb, staged.attachments::jsonb, '', now()
{NEW_RESPONSES}
  LEFT JOIN prompts_generator AS generator
    ON generator.project_id = %(project)s AND generator.name = staged.generator
   AND generator.revision = ''
"""  # noqa: S608  two constants of this module
INSERT_PLACES = f"""
INSERT INTO labeling_itemresponse (item_id, response_id, position, key, equal_to)
SELECT item.id, staged.response_id, staged.position, staged.key, staged.equal_to
{NEW_RESPONSES}
"""  # noqa: S608  two constants of this module
INSERT_PREFERENCES = """
INSERT INTO labeling_judgment (project_id, item_id, labeler_id, revision, rubric_version_id,
       origin, imported_id, content_sha256, ranks, unacceptable, strength, ratings, rationale,
       "order", is_surplus, submitted_at)
SELECT %(project)s, staged.item_id, %(labeler)s, 1, %(rubric)s, 'import', %(imported)s,
       staged.verdict_sha256, staged.ranks, '{f,f}', '{}', '{}', '', '{}', false, now()
  FROM staged_item AS staged
 WHERE staged.ranks IS NOT NULL AND NOT EXISTS (
   SELECT 1 FROM labeling_judgment AS judgment
    WHERE judgment.item_id = staged.item_id AND judgment.labeler_id = %(labeler)s)
"""


class ItemSpools:
    """The two temporary files of an items import."""

    def __init__(self) -> None:
        self.items = Spool("staged_item", ITEM_COLUMNS)
        self.responses = Spool("staged_response", RESPONSE_COLUMNS)
        self.has_preferences = False

    def __enter__(self):
        return self

    def __exit__(self, *_: object) -> None:
        self.items.__exit__()
        self.responses.__exit__()

    def add(self, line: int, row: ItemRow, options: ItemOptions) -> None:
        number = str(line)
        ranks, verdict = "\\N", "\\N"
        if row.chosen is not None and options.keep_preferences:
            self.has_preferences = True
            ranks, verdict = _PREFERENCES[row.chosen]
        self.items.add(
            number,
            escaped(row.external_id),
            "t" if row.has_own_id else "f",
            row.content_sha256,
            row.prompt_sha256,
            escaped(row.messages.decode()),
            _json(row.metadata),
            "{" + ",".join(row.warnings) + "}",
            str(len(row.responses)),
            ranks,
            verdict,
        )
        for position, response in enumerate(row.responses, start=1):
            self.responses.add(
                number,
                str(position),
                escaped(response.key),
                escaped(response.text),
                response.text_sha256,
                "\\N" if response.generator is None else escaped(response.generator),
                _json(response.params),
                _json(response.attachments) if response.attachments else "[]",
                "\\N" if response.equal_to is None else str(response.equal_to),
            )
        if row.gold is not None:
            options.gold.add(line, row.external_id, row.gold)


def _json(value: Any) -> str:
    return escaped(json.dumps(value, ensure_ascii=False)) if value else "{}"


def _preference(ranks: tuple[int, int]) -> tuple[str, str]:
    return array(ranks), Verdict(ranks=ranks, unacceptable=(False, False)).sha256


_PREFERENCES = {"a": _preference((1, 2)), "b": _preference((2, 1))}


def read_lines(
    reader: LineReader, read_value: Callable[[int, Any], None], problems: Problems, progress
) -> None:
    """Every line read and handed on; what is wrong with one is noted and the next one read."""
    for line in reader:
        try:
            read_value(line.number, line_value(line))
        except RowRefused as refused:
            for field, reason in refused.found:
                problems.add(line.number, field, reason)
        except JSONProblem as problem:
            where = f", at column {problem.column}" if problem.column else ""
            problems.add(line.number, problem.field, f"{problem.reason}{where}")
        except DomainError as error:
            problems.add(line.number, "", str(error))
        if reader.line_count % PROGRESS_EVERY == 0:
            progress(reader.byte_count)
    if reader.line_count == reader.blank_count:
        problems.add(1, "", "the file is empty")


def spool_items(
    reader: LineReader, *, options: ItemOptions, problems: Problems, spools: ItemSpools, progress
) -> None:
    def read_value(line: int, value: Any) -> None:
        row = read_item(value, options)
        if not problems:  # what will be refused need not be written down
            spools.add(line, row, options)

    read_lines(reader, read_value, problems, progress)


def stage_items(*, imported: Import, spools: ItemSpools, problems: Problems) -> None:
    """Inside a transaction: copy, and look for what only all lines together can tell."""
    project = {"project": imported.project_id}
    with connection.cursor() as cursor:
        cursor.execute(CREATE)
        spools.items.copy()
        spools.responses.copy()
        cursor.execute(TWICE)
        for line, external_id, first in cursor.fetchmany(KEPT):
            problems.add(line, "id", f"“{external_id}” is the id of line {first} already")
        problems.count += max(cursor.rowcount - KEPT, 0)
        cursor.execute(CHANGED, project)
        for line, external_id in cursor.fetchmany(KEPT):
            problems.add(
                line, "id", f"there is an item “{external_id}” already, with another content"
            )
        problems.count += max(cursor.rowcount - KEPT, 0)


def insert_items(*, imported: Import, spools: ItemSpools, actor) -> dict[str, int]:
    """From the staged rows into the tables. Returns what came of it."""
    project = imported.project
    values = {
        "project": project.pk,
        "batch": f"import:{imported.pk}",
        "overlap": project.overlap,
        "imported": imported.pk,
    }
    counts: dict[str, int] = {}
    with connection.cursor() as cursor:

        def run(statement: str, name: str = "") -> int:
            cursor.execute(statement, values)
            if name:
                counts[name] = cursor.rowcount
            return cursor.rowcount

        repeated = run(DROP_REPEATED)
        known = run(KEEP_IDS_OF_KNOWN)
        run(INSERT_PROMPTS, "prompts")
        run(INSERT_GENERATORS, "generators")
        run(INSERT_ITEMS, "items")
        run(INSERT_RESPONSES, "responses")
        run(INSERT_PLACES)
        counts["unchanged"] = known
        if repeated:
            counts["repeated"] = repeated
        if spools.has_preferences:
            labelers = create_imported_labelers(
                project=project, handles=[PREFERENCE_LABELER], actor=actor
            )
            rubric = current_rubric(project)
            values["labeler"] = labelers[PREFERENCE_LABELER].user_id
            values["rubric"] = rubric.pk if rubric else None
            run(INSERT_PREFERENCES, "judgments")
    assign_new(project, batch=values["batch"])
    return counts
