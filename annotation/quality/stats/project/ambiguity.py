"""Items people disagree on more than their reliabilities explain."""

from dataclasses import dataclass

import numpy as np

from annotation.quality.stats.chance import adjust_for_discoveries
from annotation.quality.stats.dawid_skene import DawidSkeneFit
from annotation.quality.stats.estimate import FloatArray, IntArray
from annotation.quality.stats.labels import Labels

DEFAULT_DRAWS = 2000
_CELLS_AT_ONCE = 4_000_000


@dataclass(frozen=True)
class Ambiguity:
    """item: (K,) items with two labels or more, most surprising first; disagreement: (K,) share
    of pairs of labels that differ; expected: (K,) the same by the model; p: (K,) chance of as
    much; q: adjusted over the items. With five or six labels an item alone is seldom proof: read
    it as an order of what to look at first, and collect more labels there."""

    item: IntArray
    disagreement: FloatArray
    expected: FloatArray
    p: FloatArray
    q: FloatArray


def ambiguous_items(
    labels: Labels, fit: DawidSkeneFit, *, seed: int, draws: int = DEFAULT_DRAWS
) -> Ambiguity:
    """Posterior predictive check (Gelman, Meng & Stern 1996): draw each item's truth from its
    posterior and its labels from its labelers' confusion, and see how often they disagree as
    much. It uses each item twice, so it errs on the side of calling nothing ambiguous.

    Give it the one-coin fit: free confusion matrices find themselves a category for the toss-ups
    (whose truth is "tie" and which everybody calls left or right) and explain them away.
    """
    sizes = np.bincount(labels.item, minlength=labels.n_items)
    item = np.flatnonzero(sizes >= 2)
    if item.size == 0:
        empty = np.zeros(0)
        return Ambiguity(item, empty, empty, empty, empty)
    order = np.argsort(labels.item, kind="stable")
    order = order[sizes[labels.item[order]] >= 2]
    size = sizes[item]
    start = np.concatenate([[0], np.cumsum(size)[:-1]])
    seen = _disagreement(labels.category[order][:, None], start, size, labels.n_categories)[:, 0]
    cumulated = fit.confusion.cumsum(axis=2)
    prior = fit.posterior[item].cumsum(axis=1)
    place = np.repeat(np.arange(item.size), size)
    total, as_much = np.zeros(item.size), np.zeros(item.size)
    rng = np.random.default_rng(seed)
    step = max(1, min(draws, _CELLS_AT_ONCE // order.size))
    done = 0
    while done < draws:
        block = min(step, draws - done)
        truth = _draw(prior[:, None, :], rng.random((item.size, block)))
        chances = cumulated[labels.labeler[order][:, None], truth[place]]
        given = _draw(chances, rng.random((order.size, block)))
        drawn = _disagreement(given, start, size, labels.n_categories)
        total += drawn.sum(axis=1)
        as_much += (drawn >= seen[:, None] - 1e-9).sum(axis=1)
        done += block
    expected = total / draws
    p = (as_much + 1) / (draws + 1)
    q = np.array(adjust_for_discoveries(p.tolist()), dtype=np.float64)
    rank = np.lexsort((-(seen - expected), p))
    return Ambiguity(item[rank], seen[rank], expected[rank], p[rank], q[rank])


def _draw(cumulated: FloatArray, uniform: FloatArray) -> IntArray:
    """Category of each uniform draw under cumulated chances (…, Q)."""
    drawn: IntArray = (uniform[..., None] > cumulated[..., :-1]).sum(axis=-1)
    return drawn


def _disagreement(given: IntArray, start: IntArray, size: IntArray, width: int) -> FloatArray:
    """(items, draws) share of pairs of labels that differ; given (labels, draws), by item."""
    same = np.zeros((len(start), given.shape[1]))
    for category in range(width):
        n = np.add.reduceat((given == category).astype(np.int64), start, axis=0)
        same += n * (n - 1)
    differ: FloatArray = 1.0 - same / (size * (size - 1))[:, None]
    return differ
