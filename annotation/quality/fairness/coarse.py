"""Figures of groups, made so coarse that whoever knows each labeler's own figures cannot work out
who is in a group: docs/decisions/1160."""

import math
from collections.abc import Mapping, Sequence

from annotation.quality.stats.chance import adjust_for_discoveries
from annotation.quality.stats.estimate import FloatArray
from annotation.quality.stats.project.fairness import Slice, fairness_slices

LEVEL = 0.05
STEP = 0.1
SIZES = 5  # groups are told as "5 or more", "10 or more" …


def coarse_slices(
    figures: Mapping[str, FloatArray], answers: Mapping[str, Sequence[str | None]], *, k: int
) -> dict:
    """{"groups": [{"question", "answer", "at_least", "measures": {name: {"value",
    "within", "reason"}}}], "hidden": questions that have groups too small to show}. A hidden group
    has no name here: that somebody gave an answer is told of nobody."""
    found = {name: fairness_slices(values, answers, k=k) for name, values in figures.items()}
    every = [one for slices in found.values() for one in slices]
    q = iter(adjust_for_discoveries([one.p for one in every]))
    told = {name: [(one, next(q)) for one in slices] for name, slices in found.items()}
    groups: dict[tuple[str, str], dict] = {}
    hidden = set()
    for name, slices in told.items():
        for one, adjusted in slices:
            if one.reason == "suppressed" or one.n_labelers is None:
                hidden.add(one.question)
                continue
            group = groups.setdefault(
                (one.question, one.answer),
                {
                    "question": one.question,
                    "answer": one.answer,
                    "at_least": one.n_labelers // SIZES * SIZES,
                    "measures": {},
                },
            )
            group["measures"][name] = _told(one, adjusted)
    return {"groups": [groups[key] for key in sorted(groups)], "hidden": sorted(hidden)}


def _told(one: Slice, q: float | None) -> dict:
    """value: the difference, in steps, where it is one; else within: what the interval rules out
    being exceeded, in steps, upwards. Never both, and no interval around a value: of twelve people
    two rounded ends of three measures were enough to find the five."""
    if one.difference is None or one.ci is None or q is None:
        return {"value": None, "within": None, "reason": "no_variation"}
    if q > LEVEL:
        within = math.ceil(max(abs(one.ci[0]), abs(one.ci[1])) / STEP - 1e-9) * STEP
        return {"value": None, "within": round(min(1.0, within), 1), "reason": "not_told"}
    size = max(STEP, round(abs(one.difference) / STEP) * STEP)
    return {
        "value": round(math.copysign(size, one.difference), 1),
        "within": None,
        "reason": None,
    }
