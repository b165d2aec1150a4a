"""A run as programs read it."""

from annotation.quality.figures import as_json
from annotation.quality.judges.findings import LEAST_ITEMS, ByPrinciple, Compared, Findings
from annotation.quality.judges.models import JudgeRun
from annotation.quality.judges.services import answered_count, left_out_count, spent_by

FIGURES = (
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
SIDES = ("lower", "tie", "higher")


def run_document(run: JudgeRun) -> dict:
    """What was asked, how far it is, and what it cost so far."""
    spent = spent_by(run)
    return {
        "id": run.pk,
        "judge": run.judge.name,
        "model": run.terms["model"],
        "state": run.job.state,
        "error": run.job.error,
        "principles_version": run.principle_list.number if run.principle_list else None,
        "kind": "reward_model" if run.judge.reward_model else "endpoint",
        "items": len(run.item_ids),
        "items_left_out": run.terms.get("left_out", 0),
        "questions": run.question_count,
        "answered": answered_count(run),
        "failed_answers": run.opinions.failed().count(),
        "answers_left_out": left_out_count(run),
        "tokens_in": spent["tokens_in"],
        "tokens_out": spent["tokens_out"],
        "cost": None if spent["cost"] is None else str(spent["cost"]),
        "currency": run.terms.get("currency", ""),
    }


def findings_document(findings: Findings) -> dict:
    figures = {name: as_json(getattr(findings, name)) for name in FIGURES}
    return figures | {
        "slices": {name: as_json(estimate) for name, estimate in findings.slices},
        "criteria": {
            one.key: {"kappa": as_json(one.kappa), "difference": as_json(one.difference)}
            for one in findings.criteria
        },
        "principles": [_by_principle(one) for one in findings.principles],
        "sides": {label: as_json(estimate) for label, estimate in findings.sides},
        "unsure": [_compared(one) for one in findings.unsure],
        "differs": [_compared(one) for one in findings.differing],
    }


def _by_principle(one: ByPrinciple) -> dict:
    """raw: null where it was drawn for too few items that people judged, see least_items."""
    return {
        "number": one.number,
        "principle": one.principle,
        "raw": as_json(one.raw) if one.is_told else None,
        "n_items": one.raw.n_items,
        "least_items": LEAST_ITEMS,
    }


def _compared(one: Compared) -> dict:
    """Which side is better by each order it was asked in, and how many people say which."""
    return {
        "item": one.item,
        "positions": list(one.pair),
        "judge": [SIDES[outcome] for outcome in one.said],
        "margin": one.margin,
        "people": dict(zip(SIDES, one.votes, strict=True)),
    }
