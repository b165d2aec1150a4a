"""Which items get the next judgments, when there is money for some."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from annotation.quality.stats.estimate import FloatArray
from annotation.quality.stats.stopping import confusion_of_accuracy, should_stop


@dataclass(frozen=True)
class Refill:
    """One more judgment for an item: its index, what it is expected to teach in nats, and that
    times the item's value."""

    item: int
    gain: float
    worth: float


def expected_information(posterior: ArrayLike, accuracy: float) -> FloatArray:
    """(items,) mutual information, in nats, of an item's category and the next judgment of a
    labeler of that accuracy: H(answer) - H(answer | truth). Never negative; 0 once nothing is
    left to learn."""
    shares = np.asarray(posterior, dtype=np.float64)
    confusion = confusion_of_accuracy([accuracy], shares.shape[-1])[0]
    gain = _entropy(shares @ confusion) - shares @ _entropy(confusion)
    floored: FloatArray = np.maximum(gain, 0.0)
    return floored


def refill_overlap(
    posterior: ArrayLike,
    n_judgments: ArrayLike,
    *,
    budget: int,
    cap: int,
    eps: float,
    accuracy: float,
    value: ArrayLike | None = None,
    open_items: ArrayLike | None = None,
) -> list[Refill]:
    """At most `budget` items for one more judgment each, the worthiest first.

    posterior (items, Q), n_judgments (items,) with those under way; value (items,): what an item
    is worth, 1 if left out, 0 never; open_items: (items,) mask of those that may be asked.
    Items that are settled (`should_stop`) are left alone. Equal worth: the lower index, so that a
    repeated call asks for the same.
    """
    shares, counts = np.asarray(posterior, dtype=np.float64), np.asarray(n_judgments)
    n = len(shares)
    worth = np.ones(n) if value is None else np.asarray(value, dtype=np.float64)
    may = np.ones(n, dtype=np.bool_) if open_items is None else np.asarray(open_items, np.bool_)
    if shares.ndim != 2 or any(len(x) != n for x in (counts, worth, may)):
        raise ValueError("one posterior, count, value and mask entry for each item")
    if budget < 0 or not np.isfinite(worth).all() or (worth < 0).any():
        raise ValueError("a budget and values of 0 or more")
    gain = expected_information(shares, accuracy)
    total = gain * worth
    may = may & (total > 0) & ~should_stop(shares, counts, cap=cap, eps=eps)
    order = np.lexsort((np.arange(n), -total))
    chosen = order[may[order]][:budget]
    return [Refill(int(i), float(gain[i]), float(total[i])) for i in chosen]


def _entropy(shares: FloatArray) -> FloatArray:
    entropy: FloatArray = -(shares * np.log(np.maximum(shares, 1e-300))).sum(axis=-1)
    return entropy
