"""An answer to begin with: what was settled, else what those who judged it have in common."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median_low
from typing import Any

from annotation.labeling.gold.rule import Said
from annotation.labeling.models import Adjudication, Judgment
from annotation.labeling.verdict import Verdict, dense
from annotation.labeling.verdict.tiers import signs_of


@dataclass(frozen=True)
class Suggestion:
    verdict: Verdict
    judgment_count: int = 0  # that it was made of; none where a reviewer settled it


def suggestion_for(item) -> Suggestion | None:
    """None where nobody has judged the item."""
    decisions = Adjudication.objects.current().filter(item=item)
    if settled := decisions.filter(outcome=Adjudication.Outcome.SETTLED).first():
        return Suggestion(
            Verdict(
                ranks=tuple(settled.ranks),
                unacceptable=tuple(settled.unacceptable),
                rest_below=settled.rest_below,
                ratings=settled.ratings,
            )
        )
    judged = Judgment.objects.filter(item=item, is_repeat=False)
    judgments = list(judged.current().order_by("pk"))
    return Suggestion(consensus_of(judgments), len(judgments)) if judgments else None


def consensus_of(judgments: Sequence[Said]) -> Verdict:
    """By pairs won less pairs lost, summed over the judgments; equal sums are a tie. What more
    than half mark is unacceptable; a rating is the lower median where more than half gave one."""
    count = len(judgments[0].ranks)
    sums = [0] * count
    is_placed = [False] * count
    for judgment in judgments:
        signs = signs_of(judgment.ranks, judgment.unacceptable, judgment.rest_below)
        for (one, other), sign in signs.items():
            sums[one - 1] -= sign
            sums[other - 1] += sign
            is_placed[one - 1] = is_placed[other - 1] = True
    marks = [_is_most(judgments, [one.unacceptable[n] for one in judgments]) for n in range(count)]
    return Verdict(
        ranks=dense(
            [
                1 + max(sums) - sums[n] if is_placed[n] and not marks[n] else None
                for n in range(count)
            ]
        ),
        unacceptable=tuple(marks),
        rest_below=any(one.rest_below for one in judgments),
        ratings=_ratings(judgments, count),
    )


def _ratings(judgments: Sequence[Said], count: int) -> Mapping[str, Sequence[Any]]:
    found = {}
    for key in sorted({key for one in judgments for key in one.ratings}):
        given = [one.ratings.get(key) or [None] * count for one in judgments]
        values = [_middle(judgments, [values[n] for values in given]) for n in range(count)]
        if any(value is not None for value in values):
            found[key] = tuple(values)
    return found


def _middle(judgments, values: Sequence[Any]) -> Any:
    numbers = [value for value in values if isinstance(value, int)]
    if _is_most(judgments, [value == "na" for value in values]):
        return "na"
    return median_low(numbers) if 2 * len(numbers) > len(judgments) else None


def _is_most(judgments, held: Sequence[bool]) -> bool:
    return 2 * sum(held) > len(judgments)
