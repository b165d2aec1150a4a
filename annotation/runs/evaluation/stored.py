"""An evaluation's figures, computed once for each change of what they rest on; for a list in a
number of statements that does not grow with it.

Pairs, judgments and rewards are append-only, so how many there are and the last one name a state;
what can change about an item (withdrawn, wanted more often, put into a slice) stands in it, too.
"""

from collections.abc import Sequence
from typing import Any

from annotation.core.database import rows_of
from annotation.runs.evaluation import reading
from annotation.runs.models import Evaluation, EvaluationFigures

# Raise it where the same rows give other figures, or their form is another.
CODE = 1
STATES = """
WITH pair AS (
  SELECT pair.id, pair.evaluation_id, pair.item_id, pair.new_id, pair.old_id, evaluation.judge_id
    FROM runs_evaluationpair pair JOIN runs_evaluation evaluation
      ON evaluation.id = pair.evaluation_id
   WHERE pair.evaluation_id = ANY (%(evaluations)s)
), made AS (
  SELECT pair.evaluation_id, count(*) || ':' || max(pair.id) || ':' || md5(string_agg(
           concat_ws(' ', item.id, item.state, item.overlap, slice.name),
           E'\\n' ORDER BY pair.id)) AS state
    FROM pair LEFT JOIN labeling_item item ON item.id = pair.item_id
    LEFT JOIN projects_slice slice ON slice.id = item.slice_id
   GROUP BY pair.evaluation_id
), judged AS (
  SELECT pair.evaluation_id, count(*) || ':' || max(judgment.id) AS state
    FROM pair JOIN labeling_judgment judgment ON judgment.item_id = pair.item_id
   GROUP BY pair.evaluation_id
), scored AS (
  SELECT pair.evaluation_id, count(*) || ':' || max(score.id) AS state
    FROM pair JOIN runs_responsescore score
      ON score.version_id = pair.judge_id AND score.response_id IN (pair.new_id, pair.old_id)
   GROUP BY pair.evaluation_id
)
SELECT made.evaluation_id, made.state, coalesce(judged.state, ''), coalesce(scored.state, '')
  FROM made LEFT JOIN judged USING (evaluation_id) LEFT JOIN scored USING (evaluation_id)
"""


def read(evaluation: Evaluation) -> dict[str, Any]:
    """Everything that the page, the API and the command say of an evaluation, as JSON values."""
    return read_all([evaluation])[evaluation.pk]


def read_all(evaluations: Sequence[Evaluation]) -> dict[int, dict[str, Any]]:
    """By evaluation. Two statements, and more only for those that changed."""
    states = _states([evaluation.pk for evaluation in evaluations])
    rows = EvaluationFigures.objects.filter(evaluation__in=states)
    kept = {row.evaluation_id: row for row in rows}
    found = {}
    for evaluation in evaluations:
        row, state = kept.get(evaluation.pk), states.get(evaluation.pk, str(CODE))
        if row is not None and row.state == state:
            found[evaluation.pk] = row.figures
        else:
            found[evaluation.pk] = _computed(evaluation, state, is_kept=evaluation.pk in states)
    return found


def _states(evaluations: list[int]) -> dict[int, str]:
    """Nothing of those that have no pair yet."""
    rows = rows_of(STATES, {"evaluations": evaluations})
    return {pk: "/".join(map(str, (CODE, *parts))) for pk, *parts in rows}


def _computed(evaluation: Evaluation, state: str, *, is_kept: bool) -> dict[str, Any]:
    """The state was read before: what comes meanwhile makes another one, and is computed again."""
    figures = reading.read(evaluation)
    if is_kept:
        EvaluationFigures.objects.update_or_create(
            evaluation=evaluation, defaults={"state": state, "figures": figures}
        )
    return figures
