"""Tiers: 1 is best, equal numbers are a tie, no gaps; None is not ranked."""

from collections.abc import Sequence


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


def tiers_of(ranks: Sequence[int | None]) -> list[list[int]]:
    """Positions per tier, best first: [1, 2, 2] gives [[1], [2, 3]]."""
    count = max((rank for rank in ranks if rank), default=0)
    return [
        [position for position, rank in enumerate(ranks, start=1) if rank == tier]
        for tier in range(1, count + 1)
    ]
