"""A verdict on one item: what it says, how it is read, the rules it must keep. Pure: no database.

Arrays are by position (index 0 = position 1), as in `Judgment`.
"""

from annotation.labeling.verdict.making import verdict_from_choices, verdict_from_ranking
from annotation.labeling.verdict.model import STRENGTHS, Highlight, Verdict, VerdictError
from annotation.labeling.verdict.rules import check, check_seconds
from annotation.labeling.verdict.tiers import dense, effective_tiers, sign_between, tiers_of

__all__ = [
    "STRENGTHS",
    "Highlight",
    "Verdict",
    "VerdictError",
    "check",
    "check_seconds",
    "dense",
    "effective_tiers",
    "sign_between",
    "tiers_of",
    "verdict_from_choices",
    "verdict_from_ranking",
]
