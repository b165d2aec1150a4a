"""How a judgment stands to the known answer of its item."""

from annotation.labeling.gold.fits import points_of
from annotation.labeling.gold.rule import Outcome, outcome_of
from annotation.labeling.models import GoldItem
from annotation.projects.services import rubric_by_id


def outcome(gold: GoldItem, judgment) -> Outcome:
    """Part by part. A judgment is only measured by what its rubric version asked for."""
    version = judgment.rubric_version_id
    return outcome_of(gold, judgment, points_of(rubric_by_id(version) if version else None))


def is_met(gold: GoldItem, judgment) -> bool:
    """Does the judgment meet the known answer within its tolerance?"""
    return outcome(gold, judgment).is_met
