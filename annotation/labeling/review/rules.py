"""What a settled verdict must say, and what of it is kept: the order that is asked for, and its
ratings."""

from copy import copy
from typing import Any

from annotation.labeling.verdict import Verdict, check

# Of a Judgment's columns those that an adjudication and an outcome of a calibration round have.
KEPT = (
    "ranks",
    "unacceptable",
    "strength",
    "rest_below",
    "scale",
    "preference",
    "both",
    "ratings",
)


def settled_columns(verdict: Verdict) -> dict[str, Any]:
    said = verdict.as_columns()
    return {name: said[name] for name in KEPT}


def check_settled(verdict: Verdict, *, item, rubric=None) -> None:
    """VerdictError where something is missing or wrong. A settled verdict has its reason in words
    of its own, and asks for nothing to be written beside it."""
    project = copy(item.project)
    project.rationale = project.confidence = project.Asked.OFF
    project.demonstration = project.Demonstration.OFF
    check(verdict, response_count=item.response_count, rubric=rubric, project=project)
