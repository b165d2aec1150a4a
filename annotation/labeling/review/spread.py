"""How far the judgments of one item lie apart. Pure: no database.

Of the order: every two labelers and every two responses that both of them put in order make one
comparison. It counts 0 where both say the same, 1 where they say the opposite, and 1/2 where one
of them calls it a tie; the spread is the mean. That is Kendall's distance with ties at the
penalty 1/2 (Fagin, Kumar, Mahdian, Sivakumar & Vee 2004), over what both have judged.

Of a criterion: every two labelers and every response that both of them rated make one comparison,
|x − y| / (top − bottom of the scale); the spread is the mean. "Not applicable" is no rating.
"""

from collections.abc import Iterable, Mapping, Sequence
from itertools import combinations
from typing import Any, NamedTuple

from annotation.labeling.verdict import effective_tiers, sign_between


class Spread(NamedTuple):
    """`value` from 0 (all say the same) to 1, over `count` comparisons; None over none."""

    value: float | None
    count: int


def order_spread(judgments: Sequence[Any]) -> Spread:
    """`judgments` have `ranks`, `unacceptable` and `rest_below`, by position."""
    said = [_signs(judgment) for judgment in judgments]
    return _mean(
        abs(one - other) / 2
        for first, second in combinations(said, 2)
        for one, other in zip(first, second, strict=True)
        if one is not None and other is not None
    )


def rating_spreads(
    ratings: Sequence[Mapping[str, Sequence[Any]]],
    scales: Sequence[Mapping[str, tuple[int, int]]],
) -> dict[str, Spread]:
    """By criterion. `ratings` of each judgment by criterion and position, `scales` of the rubric
    version that it was made by: (bottom, top). What has no scale there is left out."""
    keys = dict.fromkeys(key for said in ratings for key in said)
    found = {
        key: _mean(
            abs(one - other)
            for first, second in combinations(
                [
                    _shares(said[key], scale[key])
                    for said, scale in zip(ratings, scales, strict=True)
                    if key in said and key in scale
                ],
                2,
            )
            for one, other in zip(first, second, strict=True)
            if one is not None and other is not None
        )
        for key in keys
    }
    return {key: spread for key, spread in found.items() if spread.count}


def _signs(judgment) -> list[int | None]:
    tiers = effective_tiers(judgment.ranks, judgment.unacceptable)
    places = range(1, len(tiers) + 1)
    return [
        sign_between(tiers, judgment.unacceptable, judgment.rest_below, one, other)
        for one, other in combinations(places, 2)
    ]


def _shares(values: Sequence[Any], scale: tuple[int, int]) -> list[float | None]:
    bottom, top = scale
    return [
        (value - bottom) / (top - bottom) if isinstance(value, int) else None for value in values
    ]


def _mean(distances: Iterable[float]) -> Spread:
    found = list(distances)
    return Spread(sum(found) / len(found) if found else None, len(found))
