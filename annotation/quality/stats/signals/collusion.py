"""Labelers who make the same mistakes.

Two good labelers agree nearly always, so agreement proves nothing; two independent ones are rarely
wrong in the same way. Each pair with LEAST_SHARED common items is tested for how often both gave
the same category against what the others believe, given each one's own confusion matrix: two who
always say "tie" agree on errors all day, and are expected to.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from annotation.quality.stats.chance import (
    adjust_for_discoveries,
    binomial_tail,
    binomial_test,
    normal_tail,
    poisson_binomial_tail,
)
from annotation.quality.stats.dawid_skene import DawidSkeneFit, dawid_skene
from annotation.quality.stats.estimate import BoolArray, FloatArray, IntArray
from annotation.quality.stats.labels import Labels
from annotation.quality.stats.rankings import pairs_within

LEAST_SHARED = 20
LEAST_SAME_ERRORS = 5
_SURELY_TOGETHER = 1e-4
_SUSPECT = 1e-3
_LEAST_FOR_BULK = 5
_LEAST_PAIRS_FOR_BULK = 30


@dataclass(frozen=True)
class SharedErrors:
    """Two labelers on the items both judged.

    same: share of equal answers; same_errors: items where both gave the same answer against the
    others' belief; expected: how many of those independent labelers like them would share; p, q:
    exact tail of that sum of unequal coins, or how far the pair stands out of the bulk of all
    pairs if that is weaker; adjusted over all pairs tested; later: share of the
    items that `second` judged after `first`, None where times are unknown or too even to tell
    (exact binomial at 0.01).
    """

    first: int
    second: int
    n: int
    same: float
    same_errors: int
    expected: float
    p: float
    q: float
    later: float | None

    @property
    def follower(self) -> int | None:
        """Who judged after the other one, if that can be told."""
        if self.later is None:
            return None
        return self.second if self.later > 0.5 else self.first


@dataclass(frozen=True)
class _Pairs:
    """All pairs of labels on one item, sorted by pair of labelers; key: which pair."""

    a: IntArray
    b: IntArray
    start: IntArray
    size: IntArray
    same: BoolArray
    same_error: BoolArray
    chance: FloatArray


def shared_errors(
    labels: Labels,
    fit: DawidSkeneFit,
    *,
    at: ArrayLike | None = None,
    least_shared: int = LEAST_SHARED,
    alive: Callable[[], None] = lambda: None,
) -> list[SharedErrors]:
    """Every pair of labelers with enough common items, likeliest colluders first.

    at: (ratings,) when each label was given. The chances are raised by how much more often all
    pairs share errors than the model says (items that mislead everybody), pairs that surely
    belong together left out of that ratio.
    """
    if len(labels) == 0:
        return []
    outside = _suspects(labels, least_shared)
    pairs = _pair_up(labels, _without(labels, fit, outside, alive), outside)
    times = None if at is None else np.asarray(at, dtype=np.float64)
    tested = [int(number) for number in np.flatnonzero(pairs.size >= least_shared)]
    first = [_test(pairs, number, 1.0) for number in tested]
    suspects = {number for number, p in zip(tested, first, strict=True) if p < _SURELY_TOGETHER}
    raised = _excess(pairs, suspects)
    # The model is never quite right: what the bulk of the pairs shows beyond it is no collusion.
    centre, spread = _bulk(pairs, suspects, raised)
    p_values = [
        max(
            _test(pairs, number, raised),
            normal_tail((_score(pairs, number, raised) - centre) / spread),
        )
        for number in tested
    ]
    found = []
    for number, p, q in zip(tested, p_values, adjust_for_discoveries(p_values), strict=True):
        rows = slice(pairs.start[number], pairs.start[number] + pairs.size[number])
        a, b = pairs.a[rows], pairs.b[rows]
        found.append(
            SharedErrors(
                first=int(labels.labeler[a[0]]),
                second=int(labels.labeler[b[0]]),
                n=int(pairs.size[number]),
                same=float(pairs.same[rows].mean()),
                same_errors=int(pairs.same_error[rows].sum()),
                expected=float(np.minimum(1.0, pairs.chance[rows] * raised).sum()),
                p=p,
                q=1.0 if q is None else q,
                later=None if times is None else _later(times[a], times[b]),
            )
        )
    return sorted(found, key=lambda pair: (pair.p, pair.first, pair.second))


def together(
    pairs: list[SharedErrors], *, level: float = 0.01, least_errors: int = LEAST_SAME_ERRORS
) -> list[SharedErrors]:
    """The pairs that stand out: by the test, by enough errors in common, and by half as many again
    as independent labelers would share."""
    return [
        pair
        for pair in pairs
        if pair.q <= level
        and pair.same_errors >= least_errors
        and pair.same_errors >= 1.5 * pair.expected
    ]


def clusters(pairs: list[SharedErrors]) -> list[frozenset[int]]:
    """Labelers joined by pairs, directly or through others; largest first."""
    groups: list[set[int]] = []
    for pair in pairs:
        joined = {pair.first, pair.second}
        apart = []
        for group in groups:
            if group & joined:
                joined |= group
            else:
                apart.append(group)
        groups = [*apart, joined]
    return sorted((frozenset(group) for group in groups), key=lambda g: (-len(g), sorted(g)))


def _suspects(labels: Labels, least_shared: int) -> BoolArray:
    """(labelers,) who gives the same answers as somebody else far more often than either does with
    the rest. A group of copies outvotes the truth; asked about one of them, the consensus must be
    without all of them."""
    one, other, key = _pairs_of(labels)
    same = labels.category[one] == labels.category[other]
    sides = np.concatenate([labels.labeler[one], labels.labeler[other]])
    met = np.bincount(sides, minlength=labels.n_labelers)
    agreed = np.bincount(sides, weights=np.tile(same, 2), minlength=labels.n_labelers)
    suspect = np.zeros(labels.n_labelers, dtype=np.bool_)
    _, start, size = np.unique(key, return_index=True, return_counts=True)
    for begin, n in zip(start, size, strict=True):
        if n < least_shared:
            continue
        pair = [int(labels.labeler[one[begin]]), int(labels.labeler[other[begin]])]
        hits = int(same[begin : begin + n].sum())
        rest = max((agreed[p] - hits) / (met[p] - n) if met[p] > n else 0.5 for p in pair)
        if hits > rest * n and binomial_tail(hits, int(n), float(rest)) < _SUSPECT:
            suspect[pair] = True
    # Set aside most of a crowd, and there is nobody left to ask.
    active = np.bincount(labels.labeler, minlength=labels.n_labelers) > 0
    return suspect if suspect.sum() <= active.sum() / 3 else np.zeros_like(suspect)


def _without(
    labels: Labels, fit: DawidSkeneFit, outside: BoolArray, alive: Callable[[], None]
) -> DawidSkeneFit:
    """The fit with the suspects' labels taken out of the items' posteriors; their confusion is
    then read off the others' posteriors."""
    if not outside.any():
        return fit
    inside = ~outside[labels.labeler]
    rest = replace(
        labels,
        item=labels.item[inside],
        labeler=labels.labeler[inside],
        category=labels.category[inside],
        rows=labels.rows[inside],
    )
    shrinkage: Literal["auto"] | float = "auto" if fit.concentration.any() else 0.0
    new = dawid_skene(rest, model=fit.model, shrinkage=shrinkage, alive=alive)
    cell = labels.labeler * labels.n_categories + labels.category
    counts = np.full(fit.confusion.shape, 0.5)
    for true in range(labels.n_categories):
        given = np.bincount(
            cell,
            weights=new.posterior[labels.item, true],
            minlength=labels.n_labelers * labels.n_categories,
        )
        counts[:, true, :] += given.reshape(labels.n_labelers, labels.n_categories)
    theirs = counts / counts.sum(axis=2, keepdims=True)
    return replace(new, confusion=np.where(outside[:, None, None], theirs, new.confusion))


def _pairs_of(labels: Labels) -> tuple[IntArray, IntArray, IntArray]:
    """Rows of both labels of every pair on one item, sorted by the pair of labelers, and that."""
    order = np.lexsort((labels.labeler, labels.item))
    one, other = pairs_within(labels.item[order])
    a, b = order[one], order[other]
    key = labels.labeler[a] * labels.n_labelers + labels.labeler[b]
    by_pair = np.argsort(key, kind="stable")
    return a[by_pair], b[by_pair], key[by_pair]


def _pair_up(labels: Labels, fit: DawidSkeneFit, outside: BoolArray) -> _Pairs:
    a, b, key = _pairs_of(labels)
    _, start, size = np.unique(key, return_index=True, return_counts=True)
    with np.errstate(divide="ignore"):
        floor = np.log(np.maximum(fit.confusion, 1e-12))
        logs = np.log(np.maximum(fit.posterior[labels.item[a]], 1e-300))
    for side in (a, b):
        own = floor[labels.labeler[side], :, labels.category[side]]
        logs = logs - np.where(outside[labels.labeler[side]][:, None], 0.0, own)  # is not in it
    logs -= logs.max(axis=1, keepdims=True)
    belief = np.exp(logs)
    belief /= belief.sum(axis=1, keepdims=True)
    likeliest = belief.argmax(axis=1)
    # P(both say k) = Σ_c belief_c θ_a[c, k] θ_b[c, k]
    both = np.einsum(
        "rc,rck,rck->rk",
        belief,
        fit.confusion[labels.labeler[a]],
        fit.confusion[labels.labeler[b]],
    )
    chance = both.sum(axis=1) - both[np.arange(len(a)), likeliest]
    same = labels.category[a] == labels.category[b]
    return _Pairs(
        a, b, start, size, same, same & (labels.category[a] != likeliest), np.clip(chance, 0, 1)
    )


def _test(pairs: _Pairs, number: int, raised: float) -> float:
    rows = slice(pairs.start[number], pairs.start[number] + pairs.size[number])
    chances = np.minimum(1.0, pairs.chance[rows] * raised)
    return poisson_binomial_tail(int(pairs.same_error[rows].sum()), chances)


def _excess(pairs: _Pairs, suspects: set[int]) -> float:
    """How much more often pairs share errors than expected; never below 1."""
    kept = np.ones(len(pairs.a), dtype=np.bool_)
    for number in suspects:
        kept[pairs.start[number] : pairs.start[number] + pairs.size[number]] = False
    expected = float(pairs.chance[kept].sum())
    return max(1.0, float(pairs.same_error[kept].sum()) / expected) if expected > 0 else 1.0


def _score(pairs: _Pairs, number: int, raised: float) -> float:
    """Same errors beyond expectation, in standard deviations."""
    rows = slice(pairs.start[number], pairs.start[number] + pairs.size[number])
    chances = np.minimum(1.0, pairs.chance[rows] * raised)
    deviation = float(np.sqrt((chances * (1 - chances)).sum()))
    return float(pairs.same_error[rows].sum() - chances.sum()) / max(deviation, 1e-9)


def _bulk(pairs: _Pairs, suspects: set[int], raised: float) -> tuple[float, float]:
    """Middle and robust spread of those scores over the pairs above suspicion, never below what
    the model says (an empirical null, Efron 2004)."""
    kept = [
        int(k) for k in np.flatnonzero(pairs.size >= _LEAST_FOR_BULK) if int(k) not in suspects
    ]
    if len(kept) < _LEAST_PAIRS_FOR_BULK:
        return 0.0, 1.0
    scores = np.array([_score(pairs, number, raised) for number in kept])
    middle = float(np.median(scores))
    spread = 1.4826 * float(np.median(np.abs(scores - middle)))
    return max(0.0, middle), max(1.0, spread)


def _later(first_at: FloatArray, second_at: FloatArray) -> float | None:
    differ = first_at != second_at
    n, hits = int(differ.sum()), int((second_at > first_at)[differ].sum())
    if n == 0 or binomial_test(hits, n) > 0.01:
        return None
    return hits / n
