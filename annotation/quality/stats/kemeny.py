"""Kemeny's rule: the order that agrees with most votes on most pairs (Kemeny 1959; Young 1988)."""

from dataclasses import dataclass

import numpy as np

from annotation.quality.stats.estimate import FloatArray, IntArray
from annotation.quality.stats.voting import Preferences, borda, ranks_of

# Exact up to the most responses that an item can hold; 2^R subsets are looked at.
EXACT_TO = 9
MOST_ORDERS = 100


@dataclass(frozen=True)
class Kemeny:
    """orders: (found, R) the best orders, best response first, at most MOST_ORDERS of them; ranks:
    (R,) by the mean place in them, so what they disagree about evenly is a tie; score: votes
    that agree with such an order, over all pairs, a vote for a tie agreeing with none; is_exact:
    False when found by local search, which may have missed a better one."""

    orders: IntArray
    ranks: IntArray
    score: float
    is_exact: bool
    is_unique: bool
    method: str


def kemeny(preferences: Preferences, *, exact_to: int = EXACT_TO) -> Kemeny:
    """The order with the highest score. Exact, by subsets, for up to `exact_to` responses; above
    that by moving single responses from the Borda order until nothing gains."""
    n = len(preferences.above)
    is_exact = n <= exact_to
    if is_exact:
        lasts = _best_lasts(preferences.above)
        orders, places = _orders(lasts, n), _mean_places(lasts, n)
    else:
        orders = _local(preferences)
        places = np.argsort(orders, axis=1).mean(axis=0)
    return Kemeny(
        orders=orders,
        ranks=ranks_of(-places),
        score=score_order(preferences.above, orders[0]),
        is_exact=is_exact,
        is_unique=is_exact and len(orders) == 1,
        method="Kemeny" if is_exact else "Kemeny, local search",
    )


def score_order(above: FloatArray, order: IntArray) -> float:
    """Votes that agree with an order (best first), over all its pairs."""
    return float(np.triu(above[np.ix_(order, order)], k=1).sum())


def _best_lasts(above: FloatArray) -> list[list[int]]:
    """For each set of responses (as bits), which ones may stand last in a best order of it: the
    last one loses to all others of the set, whatever their order (as Held & Karp 1962)."""
    n = len(above)
    best = np.zeros(1 << n)
    lasts: list[list[int]] = [[] for _ in range(1 << n)]
    for members in range(1, 1 << n):
        inside = [r for r in range(n) if members >> r & 1]
        scores = [
            best[members ^ (1 << last)] + sum(above[other, last] for other in inside)
            for last in inside
        ]
        best[members] = max(scores)
        lasts[members] = [
            last for last, score in zip(inside, scores, strict=True) if score >= max(scores) - 1e-9
        ]
    return lasts


def _orders(lasts: list[list[int]], n: int) -> IntArray:
    """The best orders, at most MOST_ORDERS of them."""
    found: list[list[int]] = []
    waiting: list[tuple[int, list[int]]] = [((1 << n) - 1, [])]
    while waiting and len(found) < MOST_ORDERS:
        members, tail = waiting.pop()
        if not members:
            found.append(tail)
            continue
        waiting += [(members ^ (1 << last), [last, *tail]) for last in reversed(lasts[members])]
    return np.array(sorted(found), dtype=np.int64).reshape(len(found), n)


def _mean_places(lasts: list[list[int]], n: int) -> FloatArray:
    """(R,) mean place over all best orders, counted without writing them down: 9 tied responses
    have 362,880."""
    heads, tails = np.zeros(1 << n), np.zeros(1 << n)
    heads[0] = tails[-1] = 1.0
    for members in range(1, 1 << n):
        heads[members] = sum(heads[members ^ (1 << last)] for last in lasts[members])
    places = np.zeros(n)
    for members in range((1 << n) - 1, 0, -1):
        size = members.bit_count()
        for last in lasts[members]:
            rest = members ^ (1 << last)
            tails[rest] += tails[members]
            places[last] += tails[members] * heads[rest] * (size - 1)
    mean: FloatArray = places / heads[-1]
    return mean


def _local(preferences: Preferences) -> IntArray:
    """Moves of one response to another place, best first, until none gains."""
    order = np.argsort(borda(preferences).ranks, kind="stable")
    margins = preferences.margins
    while True:
        gain, source, target = 0.0, 0, 0
        for place, response in enumerate(order):
            # Moved up past others it gains its margin over them, moved down it loses it.
            up = np.cumsum(margins[response, order[:place]][::-1])
            down = np.cumsum(-margins[response, order[place + 1 :]])
            for steps, moved in ((up, -1), (down, 1)):
                if steps.size and steps.max() > gain + 1e-9:
                    gain, source = float(steps.max()), place
                    target = place + moved * (int(steps.argmax()) + 1)
        if gain == 0.0:
            return order[None, :].astype(np.int64)
        moving = order[source]
        order = np.insert(np.delete(order, source), target, moving)
