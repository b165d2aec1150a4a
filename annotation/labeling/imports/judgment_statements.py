"""The statements that bring judgments from temporary tables into their own."""

COLUMNS = (
    "line",
    "item_id",
    "item",
    "labeler",
    "content_sha256",
    "revision",
    "rubric_id",
    "origin",
    "purpose",
    "is_surplus",
    "is_retraction",
    "ranks",
    "unacceptable",
    "rest_below",
    "strength",
    "scale",
    "preference",
    '"both"',  # a word of SQL
    "ratings",
    "flags",
    "highlights",
    "confidence",
    "rationale",
    "recording",
    "shown",
    "seconds",
    "submitted_at",
)
WRITTEN_COLUMNS = ("line", "position", "text", "text_sha256")
# Ids are drawn while the rows are copied in, so that what was written finds its judgment.
CREATE = """
DROP TABLE IF EXISTS pg_temp.staged_judgment, pg_temp.staged_labeler, pg_temp.staged_written;
CREATE TEMPORARY TABLE staged_judgment (
  line bigint, item_id bigint, item text, labeler text, content_sha256 text, revision smallint,
  rubric_id bigint, origin text, purpose text, is_surplus boolean, is_retraction boolean,
  ranks smallint[],
  unacceptable boolean[], rest_below boolean, strength smallint[], scale smallint,
  preference smallint, "both" text, ratings text, flags text, highlights text, confidence smallint,
  rationale text, recording text, shown smallint[], seconds double precision,
  submitted_at timestamptz,
  judgment_id bigint DEFAULT nextval(pg_get_serial_sequence('labeling_judgment', 'id'))
) ON COMMIT DROP;
CREATE TEMPORARY TABLE staged_written (
  line bigint, position smallint, text text, text_sha256 text,
  response_id bigint DEFAULT nextval(pg_get_serial_sequence('prompts_response', 'id'))
) ON COMMIT DROP;
CREATE TEMPORARY TABLE staged_labeler (handle text, labeler_id bigint) ON COMMIT DROP;
"""
TWICE = """
SELECT line, item, labeler, first_line FROM (
  SELECT line, item, labeler,
         min(line) OVER (PARTITION BY item_id, labeler, purpose = 'repeat', revision)
           AS first_line
    FROM staged_judgment
) AS seen WHERE line <> first_line ORDER BY line
"""
# A labeler who has judged the item here: their revisions are what a line must be one of.
KNOWN = """
  FROM staged_judgment AS staged
  JOIN staged_labeler ON staged_labeler.handle = staged.labeler
 WHERE EXISTS (SELECT 1 FROM labeling_judgment AS judgment
                WHERE judgment.item_id = staged.item_id
                  AND judgment.labeler_id = staged_labeler.labeler_id
                  AND judgment.is_repeat = (staged.purpose = 'repeat'))
"""
# One that takes a judgment back repeats it without the texts that were written with it.
SAME = """
  EXISTS (SELECT 1 FROM labeling_judgment AS judgment
           WHERE judgment.item_id = staged.item_id
             AND judgment.labeler_id = staged_labeler.labeler_id
             AND judgment.is_repeat = (staged.purpose = 'repeat')
             AND judgment.is_retraction = staged.is_retraction
             AND (staged.is_retraction OR judgment.content_sha256 = staged.content_sha256))
"""
CHANGED = f"""
SELECT staged.line, staged.item, staged.labeler {KNOWN} AND NOT {SAME} ORDER BY staged.line
"""  # noqa: S608  two constants of this module
UNCHANGED = f"SELECT count(*) {KNOWN}"  # noqa: S608  a constant of this module
INSERT = """
INSERT INTO labeling_judgment (id, project_id, item_id, labeler_id, revision, rubric_version_id,
       origin, purpose, imported_id, content_sha256, ranks, unacceptable, rest_below, strength,
       scale, preference, "both", ratings, flags, highlights, confidence, rationale, recording,
       "order", seconds, is_surplus, is_retraction, submitted_at)
SELECT staged.judgment_id, %(project)s, staged.item_id, staged_labeler.labeler_id,
       staged.revision, staged.rubric_id, staged.origin, staged.purpose, %(imported)s,
       staged.content_sha256,
       staged.ranks, staged.unacceptable, staged.rest_below, staged.strength, staged.scale,
       staged.preference, staged."both", staged.ratings::jsonb, staged.flags::jsonb,
       staged.highlights::jsonb, staged.confidence, staged.rationale, staged.recording,
       staged.shown, staged.seconds, staged.is_surplus, staged.is_retraction,
       coalesce(staged.submitted_at, now())
  FROM staged_judgment AS staged
  JOIN staged_labeler ON staged_labeler.handle = staged.labeler
 WHERE NOT EXISTS (SELECT 1 FROM labeling_judgment AS judgment
                    WHERE judgment.item_id = staged.item_id
                      AND judgment.labeler_id = staged_labeler.labeler_id
                      AND judgment.is_repeat = (staged.purpose = 'repeat'))
 ORDER BY staged.line
ON CONFLICT (item_id, labeler_id, is_repeat, revision) DO NOTHING
"""
INSERT_TEXTS = """
INSERT INTO prompts_response (id, prompt_id, kind, text, text_sha256, author_id, corrects_id,
                              params, finish_reason, created_at)
SELECT written.response_id, item.prompt_id,
       CASE WHEN written.position IS NULL THEN 'demonstration' ELSE 'correction' END,
       written.text, written.text_sha256, judgment.labeler_id, original.response_id, '{}', '',
       judgment.submitted_at
  FROM staged_written AS written
  JOIN staged_judgment AS staged ON staged.line = written.line
  JOIN labeling_judgment AS judgment ON judgment.id = staged.judgment_id
  JOIN labeling_item AS item ON item.id = judgment.item_id
  LEFT JOIN labeling_itemresponse AS original
    ON original.item_id = item.id AND original.position = written.position
"""
INSERT_WRITTEN = """
INSERT INTO labeling_writtenresponse (judgment_id, response_id, position)
SELECT staged.judgment_id, written.response_id, written.position
  FROM staged_written AS written
  JOIN staged_judgment AS staged ON staged.line = written.line
  JOIN labeling_judgment AS judgment ON judgment.id = staged.judgment_id
"""
