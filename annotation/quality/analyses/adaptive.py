"""What stopping early would have done to the judgments that are there: they are given again one at
a time, each item until its answer is sure.

What the labelers are worth is taken from all judgments, as it is known by then; so this is how it
goes on from here, not how it would have begun.
"""

from collections.abc import Callable

import numpy as np
from django.utils.translation import gettext_noop

from annotation.core.intervals import wilson_interval
from annotation.quality.adaptive.beliefs import labels_by_size, reliabilities
from annotation.quality.analyses.arms import arms_of
from annotation.quality.figures import SEED, Progress
from annotation.quality.snapshot import Snapshot
from annotation.quality.stats.estimate import BoolArray, FloatArray, IntArray
from annotation.quality.stats.labels import Labels
from annotation.quality.stats.stopping import confusion_of_accuracy

CODE_VERSION = "2"
SURE = (80, 85, 90, 95, 99)  # percent
LEAST = 2
# Below, a share of the items says nothing; and an item with fewer judgments had none to save.
FEWEST_ITEMS = 20
FEWEST_JUDGMENTS = 3


def compute(snapshot: Snapshot, progress: Progress) -> dict:
    """{"items", "judgments": of those that were looked at; "rows": [{"sure", "judgments": per
    item, "saved": share, "same": {"value", "ci", "n_items"}}], "reason": why there are none;
    "arms": see `arms_of`}."""
    judging = gettext_noop("Judging again, one judgment at a time")

    def alive() -> None:
        progress(0, 1, judging)

    alive()
    parts = [
        _steps(labels, part, alive) for part, (_, _, labels) in enumerate(labels_by_size(snapshot))
    ]
    n_items = sum(len(counts) for _sure, _same, counts in parts)
    total = int(sum(counts.sum() for _sure, _same, counts in parts))
    found = {"items": n_items, "judgments": total, "rows": [], "reason": None}
    found["arms"] = arms_of(snapshot)
    if n_items < FEWEST_ITEMS:
        return found | {"reason": "few_items_judged_thrice"}
    return found | {"rows": [_row(parts, sure, n_items, total) for sure in SURE]}


def _row(parts, sure: int, n_items: int, total: int) -> dict:
    taken, same = 0, 0
    for posterior, is_same, counts in parts:
        stop = _first(posterior >= sure / 100 - 1e-12, counts)
        taken += int(stop.sum())
        same += int(is_same[np.arange(len(stop)), stop - 1].sum())
    return {
        "sure": sure,
        "judgments": taken / n_items,
        "saved": 1 - taken / total,
        "same": {
            "value": same / n_items,
            "ci": list(wilson_interval(same, n_items)),
            "n_items": n_items,
        },
    }


def _first(is_sure: BoolArray, counts: IntArray) -> IntArray:
    """(items,) after how many judgments each stops: sure and not before LEAST, or at its last."""
    may = is_sure.copy()
    may[:, : LEAST - 1] = False
    first = np.where(may.any(axis=1), may.argmax(axis=1) + 1, counts)
    return np.minimum(first, counts)


def _steps(
    labels: Labels, part: int, alive: Callable[[], None]
) -> tuple[FloatArray, BoolArray, IntArray]:
    """Of items with FEWEST_JUDGMENTS and more, given again in an order drawn once: (items, n) the
    posterior of the likeliest answer after each judgment, and whether that is the likeliest after
    all of them; (items,) how many there are. After the last one both stay as they are."""
    counts = np.bincount(labels.item, minlength=labels.n_items)
    wanted = np.flatnonzero(counts >= FEWEST_JUDGMENTS)
    accuracy, prior, _known = reliabilities(labels, alive)
    chance = np.log(confusion_of_accuracy(accuracy, labels.n_categories))
    said = chance[labels.labeler, :, labels.category]
    shuffled = np.random.default_rng([SEED, part]).permutation(len(labels))
    order = shuffled[np.argsort(labels.item[shuffled], kind="stable")]
    start = np.cumsum(counts) - counts
    belief = np.tile(np.log(prior), (len(wanted), 1))
    sure, likeliest = [], []
    for step in range(int(counts.max(initial=0))):
        has = counts[wanted] > step
        alive()
        rows = order[start[wanted[has]] + step]
        belief[has] += said[rows]
        shares = np.exp(belief - belief.max(axis=1, keepdims=True))
        shares /= shares.sum(axis=1, keepdims=True)
        sure.append(shares.max(axis=1))
        likeliest.append(shares.argmax(axis=1))
    if not len(wanted):
        return np.zeros((0, 1)), np.zeros((0, 1), np.bool_), counts[wanted]
    answers = np.stack(likeliest, axis=1)
    return np.stack(sure, axis=1), answers == answers[:, -1:], counts[wanted]
