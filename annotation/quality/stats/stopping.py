"""When an item has been judged often enough.

Each judgment moves the posterior of what the item's answer is; judging ends when one answer has
at least 1 - eps of it, or at the cap. Looking at a fixed-n interval after every judgment is not
valid; the posterior may be looked at as often as one likes (Wald 1945, Annals of Mathematical
Statistics 16).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from annotation.quality.stats.estimate import BoolArray, FloatArray, IntArray

# Nobody is so good or so bad that one judgment settles an item.
LEAST_ACCURACY, MOST_ACCURACY = 0.01, 0.99


def confusion_of_accuracy(accuracy: ArrayLike, n_categories: int) -> FloatArray:
    """(labelers, Q, Q) P(answer | truth), [truth, answer]: right with the labeler's accuracy
    (labelers,), else any other category alike: the one-coin model."""
    if n_categories < 2:
        raise ValueError("n_categories: two or more")
    right = np.clip(np.asarray(accuracy, dtype=np.float64), LEAST_ACCURACY, MOST_ACCURACY)
    if right.ndim != 1 or not np.isfinite(right).all():
        raise ValueError("one accuracy for each labeler")
    wrong = (1 - right) / (n_categories - 1)
    same = np.eye(n_categories, dtype=np.bool_)
    return np.where(same, right[:, None, None], wrong[:, None, None])


def item_posteriors(
    item: ArrayLike,
    labeler: ArrayLike,
    category: ArrayLike,
    n_items: int,
    confusion: ArrayLike,
    prior: ArrayLike | None = None,
) -> FloatArray:
    """(items, Q) posterior of each item's category; a tie is a category like the others.

    item, labeler, category: (judgments,). confusion: (labelers, Q, Q), from
    `confusion_of_accuracy` or a Dawid-Skene fit. prior: (Q,), uniform if left out. Labelers are
    taken to err independently; one who judged an item twice must come once.
    """
    items, labelers, categories = (
        np.asarray(x, dtype=np.int64) for x in (item, labeler, category)
    )
    table = np.asarray(confusion, dtype=np.float64)
    if table.ndim != 3 or table.shape[1] != table.shape[2]:
        raise ValueError("confusion: labelers by categories by categories")
    q = table.shape[1]
    begin = np.full(q, 1 / q) if prior is None else np.asarray(prior, dtype=np.float64)
    if begin.shape != (q,) or (begin < 0).any() or abs(begin.sum() - 1) > 1e-9:
        raise ValueError("prior: the shares of the categories, which sum to 1")
    for index, bound, what in (
        (items, n_items, "item"), (labelers, len(table), "labeler"), (categories, q, "category")
    ):  # fmt: skip
        if index.shape != items.shape or index.ndim != 1:
            raise ValueError("item, labeler and category must be flat and of the same length")
        if index.size and (index.min() < 0 or index.max() >= bound):
            raise ValueError(f"{what} outside 0 to {bound - 1}")
    if len(np.unique(items * len(table) + labelers)) != len(items):
        raise ValueError("a labeler judged the same item twice")
    with np.errstate(divide="ignore"):
        log_chance = np.log(table)[labelers, :, categories]
        log_posterior = np.tile(np.log(begin), (n_items, 1))
    np.add.at(log_posterior, items, log_chance)
    log_posterior -= log_posterior.max(axis=1, keepdims=True)
    posterior: FloatArray = np.exp(log_posterior)
    posterior /= posterior.sum(axis=1, keepdims=True)
    return posterior


def should_stop(
    posterior: ArrayLike, n_judgments: ArrayLike, *, cap: int, eps: float
) -> BoolArray:
    """(items,) is the largest share of (items, Q) at least 1 - eps, or the cap reached? An item
    nobody judged goes on, whatever the prior says. One item alone gives one answer."""
    shares, counts = np.asarray(posterior, dtype=np.float64), np.asarray(n_judgments)
    if not 0 < eps < 1 or cap < 1:
        raise ValueError("eps between 0 and 1, cap 1 or more")
    if np.isnan(shares).any() or (np.abs(shares.sum(axis=-1) - 1) > 1e-6).any():
        raise ValueError("a posterior sums to 1")
    # Without the slack 0.8^2 / (0.8^2 + 0.2^2) misses 16/17 by a rounding.
    sure = shares.max(axis=-1) >= 1 - eps - 1e-12
    stop: BoolArray = (sure & (counts > 0)) | (counts >= cap)
    return stop


@dataclass(frozen=True)
class LeadRule:
    """What stopping at a lead of d costs and gives: mean judgments, and the share then right."""

    expected_judgments: float
    p_correct: float


def lead_rule(accuracy: float, lead: int) -> LeadRule:
    """Two answers, labelers of one accuracy p, stop when one leads by d: the gambler's ruin,
    E[N] = d / (2p - 1) (1 - r^d) / (1 + r^d), P = 1 / (1 + r^d), r = (1 - p) / p; d^2 and one
    half for p = 1/2. Stopping at a posterior of P is stopping at this lead."""
    if not 0 < accuracy <= 1 or lead < 1:
        raise ValueError("an accuracy above 0, a lead of 1 or more")
    if abs(accuracy - 0.5) < 1e-12:
        return LeadRule(float(lead**2), 0.5)
    r = ((1 - accuracy) / accuracy) ** lead
    return LeadRule(lead / (2 * accuracy - 1) * (1 - r) / (1 + r), 1 / (1 + r))


def simulate_sequential(
    truth: ArrayLike,
    confusion: ArrayLike,
    *,
    cap: int,
    eps: float,
    seed: int,
    assumed: ArrayLike | None = None,
) -> tuple[IntArray, FloatArray]:
    """Judge items of known truth (items,) one judgment at a time, each by a random labeler, until
    `should_stop`: (items,) judgments taken, and (items, Q) the posteriors at the end.

    confusion (labelers, Q, Q): how they answer; assumed: how they are taken to, the same if left
    out. A labeler may meet an item again, as if there were many like them.
    """
    true, table = np.asarray(truth, dtype=np.int64), np.asarray(confusion, dtype=np.float64)
    believed = table if assumed is None else np.asarray(assumed, dtype=np.float64)
    n, q = len(true), table.shape[1]
    rng = np.random.default_rng(seed)
    log_posterior, taken = np.zeros((n, q)), np.zeros(n, dtype=np.int64)
    going = np.arange(n)
    while going.size:
        labeler = rng.integers(0, len(table), going.size)
        chance = table[labeler, true[going]].cumsum(axis=1)
        answer = (rng.random(going.size)[:, None] > chance[:, :-1]).sum(axis=1)
        log_posterior[going] += np.log(believed)[labeler, :, answer]
        taken[going] += 1
        posterior = _normalised(log_posterior[going])
        going = going[~should_stop(posterior, taken[going], cap=cap, eps=eps)]
    return taken, _normalised(log_posterior)


def _normalised(log_posterior: FloatArray) -> FloatArray:
    share: FloatArray = np.exp(log_posterior - log_posterior.max(axis=1, keepdims=True))
    normalised: FloatArray = share / share.sum(axis=1, keepdims=True)
    return normalised
