"""Tiers: 1 is best, equal numbers are a tie, no gaps; None is not ranked."""

from collections.abc import Sequence
from itertools import combinations


def dense(ranks: Sequence[int | None]) -> tuple[int | None, ...]:
    """Close the gaps: 1, 3, 3 becomes 1, 2, 2."""
    tiers = {rank: tier for tier, rank in enumerate(sorted({r for r in ranks if r}), start=1)}
    return tuple(tiers[rank] if rank else None for rank in ranks)


def effective_tiers(
    ranks: Sequence[int | None], unacceptable: Sequence[bool]
) -> tuple[int | None, ...]:
    """The order that counts: whatever is unacceptable lies in one tier below all others."""
    acceptable = dense(
        [None if bad else rank for rank, bad in zip(ranks, unacceptable, strict=True)]
    )
    floor = max((rank for rank in acceptable if rank), default=0) + 1
    return tuple(
        floor if bad else rank for rank, bad in zip(acceptable, unacceptable, strict=True)
    )


def sign_between(
    tiers: Sequence[int | None],
    unacceptable: Sequence[bool],
    rest_below: bool,
    one: int,
    other: int,
) -> int | None:
    """What a verdict says about the responses at two positions: -1 the first is better, 1 the
    other one, 0 a tie, None nothing. `tiers` as from `effective_tiers`.

    With `rest_below` (a top-k ranking) whatever was ranked is better than what was left out. Of
    those left out among themselves, and against an unacceptable one, nothing is known.
    """
    first, second = tiers[one - 1], tiers[other - 1]
    if first is not None and second is not None:
        return (first > second) - (first < second)
    if rest_below and first is not None and not unacceptable[one - 1]:
        return -1
    if rest_below and second is not None and not unacceptable[other - 1]:
        return 1
    return None


def signs_of(
    ranks: Sequence[int | None], unacceptable: Sequence[bool], rest_below: bool
) -> dict[tuple[int, int], int]:
    """What a verdict says of each two positions: -1, 0 or 1; what it does not say is left out."""
    tiers = effective_tiers(ranks, unacceptable)
    pairs = combinations(range(1, len(tiers) + 1), 2)
    said = {pair: sign_between(tiers, unacceptable, rest_below, *pair) for pair in pairs}
    return {pair: sign for pair, sign in said.items() if sign is not None}


def tiers_of(ranks: Sequence[int | None]) -> list[list[int]]:
    """Positions per tier, best first: [1, 2, 2] gives [[1], [2, 3]]."""
    count = max((rank for rank in ranks if rank), default=0)
    return [
        [position for position, rank in enumerate(ranks, start=1) if rank == tier]
        for tier in range(1, count + 1)
    ]
