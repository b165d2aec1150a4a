"""A run's findings, computed once for each change of what they rest on.

Answers and judgments are append-only, so how many there are and the last one name a state, and so
it is with places, which are all written anew where one of an item leaves or comes back. The slices
of the items and the rubric, which can change, stand in it, too.
"""

from dataclasses import asdict

from django.utils import timezone

from annotation.core.database import rows_of
from annotation.quality.judges.findings import (
    ByPrinciple,
    Compared,
    CriterionFigures,
    Findings,
    findings_of,
)
from annotation.quality.judges.models import JudgeFindings, JudgeRun
from annotation.quality.stats.estimate import Estimate, Significance

# Raise it where the same rows give other findings, or the stored form is another.
CODE = 2
STATE = """
SELECT (SELECT count(*) || ':' || coalesce(max(id), 0) FROM quality_opinion
         WHERE run_id = %(run)s AND fault = ''),
       (SELECT count(*) || ':' || coalesce(max(id), 0) FROM labeling_itemresponse
         WHERE item_id = ANY (%(items)s)),
       (SELECT count(*) || ':' || coalesce(max(id), 0) FROM labeling_judgment
         WHERE item_id = ANY (%(items)s)),
       (SELECT md5(coalesce(string_agg(item.id || ' ' || slice.name, E'\\n' ORDER BY item.id), ''))
          FROM labeling_item item JOIN projects_slice slice ON slice.id = item.slice_id
         WHERE item.id = ANY (%(items)s)),
       (SELECT coalesce(max(id), 0) FROM projects_rubricversion WHERE project_id = %(project)s)
"""
ESTIMATES = (
    "consistency",
    "place",
    "raw",
    "alpha",
    "kappa",
    "steady",
    "person",
    "people",
    "learned",
)
NAMED = ("slices", "sides")


def state_of(run: JudgeRun) -> str:
    values = {"run": run.pk, "items": run.item_ids, "project": run.project_id}
    (parts,) = rows_of(STATE, values)
    return "/".join(map(str, (CODE, *parts)))


def stored_findings(run: JudgeRun) -> Findings:
    """Those of now. While the run is under way nothing is kept: the next answer changes them."""
    if run.job is not None and run.job.is_active:
        return findings_of(run)
    state = state_of(run)
    kept = JudgeFindings.objects.filter(run=run, state=state).first()
    if kept is not None:
        return _from_json(kept.found)
    found = findings_of(run)
    JudgeFindings.objects.update_or_create(
        run=run,
        defaults={"state": state, "found": as_stored(found), "computed_at": timezone.now()},
    )
    return found


def as_stored(found: Findings) -> dict:
    """As JSON values, without the comparisons that nobody looks at again."""
    values = asdict(found)
    shown = [one for one in found.compared if one.is_unsure or one.differs]
    return values | {"compared": [asdict(one) for one in shown]}


def _from_json(values: dict) -> Findings:
    return Findings(
        compared=[_compared(one) for one in values["compared"]],
        criteria=[
            CriterionFigures(
                one["key"], one["label"], _estimate(one["kappa"]), _estimate(one["difference"])
            )
            for one in values["criteria"]
        ],
        principles=[
            ByPrinciple(one["number"], one["principle"], _estimate(one["raw"]))
            for one in values["principles"]
        ],
        **{name: _estimate(values[name]) for name in ESTIMATES},
        **{name: [(label, _estimate(one)) for label, one in values[name]] for name in NAMED},
    )


def _compared(values: dict) -> Compared:
    both = {name: tuple(values[name]) for name in ("pair", "responses")}
    return Compared(**values | both)


def _estimate(values: dict) -> Estimate:
    ci, test = values["ci"], values["test"]
    if test is not None:
        degrees = tuple(test["degrees_of_freedom"])
        test = Significance(test["statistic"], degrees, test["p_value"])
    return Estimate(
        **values
        | {"ci": None if ci is None else tuple(ci), "flags": tuple(values["flags"]), "test": test}
    )
