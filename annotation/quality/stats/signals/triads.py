"""Circular triads: A over B, B over C, C over A (Kendall & Babington Smith 1940)."""

from dataclasses import dataclass
from functools import cache
from itertools import combinations

import numpy as np
from numpy.typing import ArrayLike

from annotation.core.intervals import wilson_interval
from annotation.quality.stats.chance import chi_square_tail
from annotation.quality.stats.estimate import IntArray
from annotation.quality.stats.signals.record import Signal, rows_by, undefined

LEAST_TRIADS = 10
# All tournaments of so few responses are counted; above, the chi-square approximation holds.
_EXACT_TO = 6


@dataclass(frozen=True)
class Triads:
    """circular: d, with ties counting half a win; most: the most there can be; zeta: 1 − d/most,
    1 without a circle, 0 with as many as possible; p: chance of so few circles if each comparison
    were a coin (exact up to 6 responses, chi-square above; None with ties up to 6): small for
    who is consistent. All None below three responses."""

    circular: float | None
    most: float | None
    zeta: float | None
    p: float | None
    n: int


def circular_triads(tournament: ArrayLike) -> Triads:
    """tournament: (n, n) of 1 row preferred to column, 0 the other way, 0.5 a tie; the diagonal
    is not looked at. d = n(n−1)(2n−1)/12 − Σa²/2, a the row sums."""
    table = np.array(tournament, dtype=np.float64)
    n = len(table)
    if table.shape != (n, n):
        raise ValueError("a tournament is a square table")
    off = ~np.eye(n, dtype=np.bool_)
    if not np.allclose((table + table.T)[off], 1.0):
        raise ValueError("every two responses are compared once: 1 and 0, or 0.5 and 0.5")
    if n < 3:
        return Triads(None, None, None, None, n)
    wins = np.where(off, table, 0.0).sum(axis=1)
    d = n * (n - 1) * (2 * n - 1) / 12 - float((wins**2).sum()) / 2
    most = (n**3 - n) / 24 if n % 2 else (n**3 - 4 * n) / 24
    d = round(d, 9)
    return Triads(d, most, max(0.0, 1 - d / most), _chance_of_so_few(d, n), n)


def _chance_of_so_few(d: float, n: int) -> float | None:
    if n <= _EXACT_TO:
        if d != int(d):
            return None
        counts = triad_counts(n)
        return sum(counts[: int(d) + 1]) / sum(counts)
    degrees = n * (n - 1) * (n - 2) / (n - 4) ** 2
    triples = n * (n - 1) * (n - 2) / 6
    statistic = 8 / (n - 4) * (triples / 4 - d + 0.5) + degrees
    return chi_square_tail(max(0.0, statistic), degrees)


@cache
def triad_counts(n: int) -> tuple[int, ...]:
    """How many of the 2^(n(n−1)/2) tournaments have d = 0, 1, … circular triads."""
    pairs = list(combinations(range(n), 2))
    codes = np.arange(2 ** len(pairs))
    wins = np.zeros((n, codes.size), dtype=np.int64)
    for bit, (one, other) in enumerate(pairs):
        first = codes >> bit & 1
        wins[one] += first
        wins[other] += 1 - first
    d = n * (n - 1) * (2 * n - 1) // 6 - (wins**2).sum(axis=0)
    return tuple(np.bincount(d // 2).tolist())


def triads_by_labeler(
    item: IntArray, labeler: IntArray, winner: IntArray, loser: IntArray, *, n_labelers: int
) -> list[Signal]:
    """Share of circular triads among those a labeler decided fully, over all items. typical: 1/4,
    what coins give. Wilson's interval takes triads for independent, which those of one item are
    not quite."""
    method = "share of circular triads"
    found = []
    for rows in rows_by(labeler, n_labelers):
        circular = total = 0
        for here in _by_item(rows, item):
            beats = set(zip(winner[here].tolist(), loser[here].tolist(), strict=True))
            for a, b, c in combinations(sorted({end for pair in beats for end in pair}), 3):
                edges = [((x, y) in beats, (y, x) in beats) for x, y in ((a, b), (b, c), (c, a))]
                if all(forth != back for forth, back in edges):
                    total += 1
                    circular += len({forth for forth, _ in edges}) == 1
        if total < LEAST_TRIADS:
            found.append(undefined(total, LEAST_TRIADS, method))
            continue
        found.append(
            Signal(
                circular / total,
                None,
                total,
                LEAST_TRIADS,
                method,
                wilson_interval(circular, total),
                typical=0.25,
            )
        )
    return found


def _by_item(rows: IntArray, item: IntArray) -> list[IntArray]:
    """The rows of each item, from one look at all of them."""
    order = rows[np.argsort(item[rows], kind="stable")]
    return np.split(order, np.flatnonzero(np.diff(item[order])) + 1)
