"""What a settled verdict must say: the order that the project asks for, and its ratings."""

from copy import copy

from annotation.labeling.verdict import Verdict, check


def check_settled(verdict: Verdict, *, item, rubric=None) -> None:
    """VerdictError where something is missing or wrong. A settled verdict has its reason in words
    of its own, and asks for nothing to be written beside it."""
    project = copy(item.project)
    project.rationale = project.confidence = project.Asked.OFF
    project.demonstration = project.Demonstration.OFF
    check(verdict, response_count=item.response_count, rubric=rubric, project=project)
