"""Does a judgment meet a known answer? Pure: arrays by position in, an outcome out.

What the answer does not say is not asked: a response it neither ranks nor marks may stand
anywhere, a criterion it does not rate may have any value.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from annotation.labeling.verdict.tiers import effective_tiers, signs_of

EXACT, BEST, INVERSIONS = "exact", "best", "inversions"


class Said(Protocol):
    """What is compared of a verdict, a judgment or an answer."""

    ranks: Sequence[int | None]
    unacceptable: Sequence[bool]
    rest_below: bool
    ratings: Mapping[str, Sequence[Any]]


class Answer(Said, Protocol):
    """A known answer, such as a GoldItem, and how near to it a judgment must come."""

    tolerance: str
    max_inversions: int | None
    rating_slack: int


@dataclass(frozen=True)
class Outcome:
    """How a judgment stands to the answer, part by part. `inversions` as in `inversions_of`."""

    has_order: bool
    has_marks: bool
    missed_ratings: tuple[str, ...]
    inversions: float

    @property
    def is_met(self) -> bool:
        return self.has_order and self.has_marks and not self.missed_ratings


def outcome_of(
    answer: Answer, said: Said, points: Mapping[str, Collection[int]] | None = None
) -> Outcome:
    """Compare a judgment with the answer.

    `points` are the points of each criterion that the judgment was asked for, by its key: a
    criterion of another rubric version is left out, and where there are only two points there is
    no slack. Without `points` every rating of the answer counts.
    """
    inversions = inversions_of(answer, said)
    if answer.tolerance == BEST:
        # An answer that decides no pair asks for no order, and so for no best one.
        has_order = not _signs(answer) or best_of(answer, answer) == best_of(answer, said)
        # Where nothing is acceptable there is no best one: then that is the answer.
        has_marks = not all(answer.unacceptable) or all(said.unacceptable)
    else:
        most = answer.max_inversions or 0 if answer.tolerance == INVERSIONS else 0
        has_order = inversions <= most
        has_marks = all(
            answer.unacceptable[place] == said.unacceptable[place] for place in asked(answer)
        )
    return Outcome(has_order, has_marks, _missed_ratings(answer, said, points), inversions)


def asked(answer: Said) -> list[int]:
    """The places, from 0, that the answer says something about."""
    tiers = effective_tiers(answer.ranks, answer.unacceptable)
    return [n for n, tier in enumerate(tiers) if tier is not None or answer.rest_below]


def best_of(answer: Said, said: Said) -> set[int]:
    """The places of the best acceptable responses among those that the answer speaks of."""
    tiers = effective_tiers(said.ranks, said.unacceptable)
    ranked = {
        place: tier
        for place in asked(answer)
        if (tier := tiers[place]) is not None and not said.unacceptable[place]
    }
    top = min(ranked.values(), default=None)
    return {place for place, tier in ranked.items() if tier == top}


def inversions_of(answer: Said, said: Said) -> float:
    """Kendall's distance with penalty 1/2 (Fagin et al. 2004), over the pairs that the answer
    decides: a pair the other way round is 1; one that is a tie on one side only is 1/2; one the
    judgment leaves open is 1, or else silence would be the safe choice."""
    given, distance = _signs(said), 0.0
    for pair, sign in _signs(answer).items():
        other = given.get(pair)
        if other is None or other * sign < 0:
            distance += 1
        elif other != sign:
            distance += 0.5
    return distance


def most_inversions(answer: Said) -> float:
    """As far from the answer as an order can be that leaves nothing open."""
    return sum(1.0 if sign else 0.5 for sign in _signs(answer).values())


def _signs(said: Said) -> dict[tuple[int, int], int]:
    return signs_of(said.ranks, said.unacceptable, said.rest_below)


def _missed_ratings(
    answer: Answer, said: Said, points: Mapping[str, Collection[int]] | None
) -> tuple[str, ...]:
    return tuple(
        sorted(
            criterion
            for criterion, wanted in answer.ratings.items()
            if (points is None or criterion in points)
            and not _is_rated(
                wanted, said.ratings.get(criterion), _slack(answer, criterion, points)
            )
        )
    )


def _slack(answer, criterion, points) -> int:
    is_yes_no = points is not None and len(points[criterion]) == 2
    return 0 if is_yes_no else answer.rating_slack


def _is_rated(wanted: Sequence[Any], given: Sequence[Any] | None, slack: int) -> bool:
    """Is every value that the answer has there, within the slack? "na" is only itself."""
    given = given or [None] * len(wanted)
    return all(
        value is None or _is_near(value, found, slack)
        for value, found in zip(wanted, given, strict=True)
    )


def _is_near(wanted: Any, found: Any, slack: int) -> bool:
    if isinstance(wanted, str) or isinstance(found, str) or found is None:
        return wanted == found
    return abs(wanted - found) <= slack
