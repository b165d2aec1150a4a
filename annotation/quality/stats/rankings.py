"""Agreement of rankings: ties allowed, and every labeler may have ranked other responses."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from annotation.quality.stats.bootstrap import bootstrap_mean
from annotation.quality.stats.concordance import concordance_by_block
from annotation.quality.stats.estimate import (
    BoolArray,
    Estimate,
    FloatArray,
    IntArray,
    Interval,
    Reason,
)
from annotation.quality.stats.rating_table import divide

# (n, pairs) signs of two rankings -> (n,) values, over the response pairs that both have
Tau = Callable[[FloatArray, FloatArray], FloatArray]


@dataclass(frozen=True)
class Rankings:
    """Many rankings, each by one labeler of one item.

    item, labeler: (rankings,) indices from 0. ranks: (rankings, R) tier of each response in the
    item's own order of responses, 1 the best, equal numbers a tie, NaN not ranked or no such
    response; any increasing numbers do. top: (rankings, R), for a ranking of only the best: 1 in
    it, 0 left out and so below all that are in it, NaN elsewhere; of two left out nothing is
    known. Sorted by item, then labeler. Build it with `of`.
    """

    item: IntArray
    labeler: IntArray
    ranks: FloatArray
    top: FloatArray

    @classmethod
    def of(
        cls,
        item: ArrayLike,
        labeler: ArrayLike,
        ranks: ArrayLike,
        top: ArrayLike | None = None,
    ) -> "Rankings":
        """Check and sort. Raises ValueError when a labeler ranked an item twice: a repeat says
        how consistent a labeler is, and counted here it would pass for a second opinion."""
        items, labelers = np.asarray(item, dtype=np.int64), np.asarray(labeler, dtype=np.int64)
        table = np.asarray(ranks, dtype=np.float64)
        if items.ndim != 1 or items.shape != labelers.shape or table.shape[:1] != items.shape:
            raise ValueError("one item, one labeler and one row of ranks for each ranking")
        if table.ndim != 2:
            raise ValueError("ranks must be a table of rankings by responses")
        if np.isinf(table).any():
            raise ValueError("a rank must be finite, or NaN for not ranked")
        tops = np.full(table.shape, np.nan) if top is None else np.asarray(top, dtype=np.float64)
        if tops.shape != table.shape:
            raise ValueError("top must be of the shape of ranks")
        order = np.lexsort((labelers, items))
        items, labelers = items[order], labelers[order]
        if ((np.diff(items) == 0) & (np.diff(labelers) == 0)).any():
            raise ValueError("a labeler ranked the same item twice")
        return cls(items, labelers, table[order], tops[order])

    def __len__(self) -> int:
        return len(self.item)

    @property
    def signs(self) -> FloatArray:
        """(rankings, pairs) as `pair_signs`, with what a ranking of the best says of the rest."""
        signs = pair_signs(self.ranks)
        below = -pair_signs(self.top)  # 1 is in the top: the larger one is the better one
        below[below == 0] = np.nan
        return np.where(np.isfinite(signs), signs, below)


@dataclass(frozen=True)
class RankingAgreement:
    """W, tau-b and tau-x, and the mean tau-b of each item (items,), NaN where undefined."""

    kendall_w: Estimate
    tau_b: Estimate
    tau_x: Estimate
    items: IntArray
    tau_b_by_item: FloatArray


def ranking_agreement(rankings: Rankings, *, seed: int | None = None) -> RankingAgreement:
    """Mean over items of Kendall's W and of both taus over all pairs of labelers of the item.

    W looks at the responses that all labelers of the item ranked, tau at those that the two
    ranked. A tie that both share agrees in tau-x; in tau-b it is left aside. Items where the
    number does not exist (everybody tied everything; fewer than two common responses) are left
    out and counted as undefined.
    """
    items, start, sizes = np.unique(rankings.item, return_index=True, return_counts=True)
    pairable = sizes >= 2
    w = concordance_by_block(rankings.ranks, start)[pairable]
    tau, tau_x = (_mean_tau_by_item(rankings, len(items), of) for of in (_tau_b, _tau_x))
    return RankingAgreement(
        kendall_w=_mean_estimate(w, rankings, sizes, "Kendall's W, tie-corrected", seed),
        tau_b=_mean_estimate(tau[pairable], rankings, sizes, "tau-b, mean over pairs", seed),
        tau_x=_mean_estimate(tau_x[pairable], rankings, sizes, "tau-x, mean over pairs", seed),
        items=items,
        tau_b_by_item=tau,
    )


def _mean_estimate(
    values: FloatArray, rankings: Rankings, sizes: IntArray, method: str, seed: int | None
) -> Estimate:
    defined = values[np.isfinite(values)]
    reason: Reason | None = None
    value: float | None = None
    ci: Interval | None = None
    if len(rankings) == 0:
        reason = "no_data"
    elif values.size == 0:
        reason = "no_pairable"
    elif defined.size == 0:
        reason = "all_tied" if _has_common(rankings) else "no_common_responses"
    else:
        value = float(defined.mean())
        ci = bootstrap_mean(defined, seed=seed) if seed is not None else None
    return Estimate(
        value,
        reason,
        n_items=int(sizes.size),
        n_pairable=int(values.size),
        n_ratings=len(rankings),
        n_undefined=int(values.size - defined.size),
        ci=ci,
        method=method,
    )


def _has_common(rankings: Rankings) -> bool:
    """Whether any two rankings of one item say something of the same two responses."""
    first, second = pairs_within(rankings.item)
    said = np.isfinite(rankings.signs)
    return bool((said[first] & said[second]).any())


def kendall_tau_b(first: ArrayLike, second: ArrayLike) -> Estimate:
    """tau-b of two rankings of the same responses (Kendall 1945).

    sum_{i<j} s_ij t_ij / sqrt(sum s_ij^2 sum t_ij^2), s and t the signs of the differences.
    first, second: (responses,), no gaps. Undefined (all_tied) when one has no order in it.
    """
    return _tau_of_two(first, second, _tau_b, "tau-b")


def emond_mason_tau_x(first: ArrayLike, second: ArrayLike) -> Estimate:
    """tau-x of two rankings of the same responses (Emond & Mason 2002, J. Multi-Criteria
    Decision Analysis 11): sum_{i != j} a_ij b_ij / (n (n - 1)), a and b 1 where i is better than
    or tied with j, else -1.

    A tie that both share is agreement; a tie against an order counts 0. Always defined: two
    rankings that tie everything agree fully.
    """
    return _tau_of_two(first, second, _tau_x, "tau-x")


def _tau_of_two(first: ArrayLike, second: ArrayLike, tau_of: Tau, method: str) -> Estimate:
    a, b = np.asarray(first, dtype=np.float64), np.asarray(second, dtype=np.float64)
    if a.shape != b.shape or a.ndim != 1:
        raise ValueError("the two rankings must be of the same responses")
    if not (np.isfinite(a).all() and np.isfinite(b).all()):
        raise ValueError("every response needs a rank")
    reason: Reason | None = None
    value = None
    if a.size < 2:
        reason = "no_pairable"
    else:
        tau = float(tau_of(pair_signs(a[None, :]), pair_signs(b[None, :]))[0])
        if np.isfinite(tau):
            value = tau
        else:
            reason = "all_tied"
    pairable = int(a.size >= 2)
    return Estimate(value, reason, n_items=1, n_pairable=pairable, n_ratings=2, method=method)


def response_pairs(n_responses: int) -> tuple[IntArray, IntArray]:
    """Columns of the lower and the higher response of each canonical pair, (R (R - 1) / 2,)."""
    lower, higher = np.triu_indices(n_responses, k=1)
    return lower.astype(np.int64), higher.astype(np.int64)


def pair_signs(ranks: FloatArray) -> FloatArray:
    """(rankings, R) ranks -> (rankings, pairs): -1 the lower response is better, 0 a tie, +1 the
    higher one is, NaN where one of the two is not ranked."""
    lower, higher = response_pairs(ranks.shape[1])
    signs: FloatArray = np.sign(ranks[:, lower] - ranks[:, higher])
    return signs


def pairs_within(item: IntArray) -> tuple[IntArray, IntArray]:
    """Rows of every pair of rankings of one item; item must be sorted. Both (pairs,)."""
    _, start, sizes = np.unique(item, return_index=True, return_counts=True)
    firsts, seconds = [np.zeros(0, np.int64)], [np.zeros(0, np.int64)]
    for size in np.unique(sizes[sizes >= 2]):  # a handful of overlaps, not one turn per item
        a, b = np.triu_indices(int(size), k=1)
        begin = start[sizes == size]
        firsts.append((begin[:, None] + a).ravel())
        seconds.append((begin[:, None] + b).ravel())
    first, second = np.concatenate(firsts), np.concatenate(seconds)
    order = np.argsort(first, kind="stable")
    return first[order], second[order]


def _tau_b(first: FloatArray, second: FloatArray) -> FloatArray:
    """(n, pairs) signs twice -> (n,), over the response pairs that both have."""
    both: BoolArray = np.isfinite(first) & np.isfinite(second)
    a, b = np.where(both, first, 0.0), np.where(both, second, 0.0)
    scale = np.sqrt((a**2).sum(axis=1) * (b**2).sum(axis=1))
    return divide((a * b).sum(axis=1), scale)


def _tau_x(first: FloatArray, second: FloatArray) -> FloatArray:
    """As `_tau_b`: 1 the same order or the same tie, -1 the other order, 0 a tie of one only."""
    both: BoolArray = np.isfinite(first) & np.isfinite(second)
    score = np.where(first == second, 1.0, first * second)
    return divide(np.where(both, score, 0.0).sum(axis=1), both.sum(axis=1).astype(np.float64))


def _mean_tau_by_item(rankings: Rankings, n_items: int, tau_of: Tau) -> FloatArray:
    """(items,) mean tau over the pairs of labelers for whom it is defined, else NaN."""
    signs = rankings.signs
    first, second = pairs_within(rankings.item)
    tau = tau_of(signs[first], signs[second])
    _, position = np.unique(rankings.item, return_inverse=True)
    where = position[first][np.isfinite(tau)]
    known = tau[np.isfinite(tau)]
    sums = np.bincount(where, weights=known, minlength=n_items)
    return divide(
        sums.astype(np.float64), np.bincount(where, minlength=n_items).astype(np.float64)
    )
