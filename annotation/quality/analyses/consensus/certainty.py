"""How sure each item's answer is, and which items are the least sure."""

import numpy as np

from annotation.core.intervals import wilson_interval
from annotation.quality.adaptive.beliefs import Beliefs
from annotation.quality.analyses.prompts.outcomes import distributions, strip_of
from annotation.quality.snapshot import Snapshot
from annotation.quality.stats.estimate import BoolArray

# From here on an answer counts as sure: what judging one at a time begins with, too.
SURE = 0.90
BOUNDS = (0.0, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99, 1.0)
MOST_LISTED = 30
MOST_JUDGMENTS = 6  # rows by how many judged an item: so many and more are one


def crowds_of(snapshot: Snapshot, beliefs: Beliefs) -> list[dict]:
    """What every answer rests on, so that an item's own page can tell its own: by the number of
    responses, labelers by their ids."""
    return [
        {
            "responses": crowd.responses,
            "prior": crowd.prior.tolist(),
            "typical": crowd.typical,
            "is_known": crowd.is_known,
            "labelers": {
                str(snapshot.labeler_ids[labeler]): float(accuracy)
                for labeler, accuracy in zip(crowd.labelers, crowd.accuracy, strict=True)
            },
        }
        for crowd in beliefs.crowds
    ]


def certainty_of(snapshot: Snapshot, beliefs: Beliefs) -> dict:
    """{"threshold", "accuracy", "sure", "bins", "by_judgments", "items"}: see docs."""
    is_sure = beliefs.sure >= SURE - 1e-12
    last = len(BOUNDS) - 2
    bins = np.clip(np.searchsorted(BOUNDS, beliefs.sure + 1e-12, side="right") - 1, 0, last)
    counts = np.bincount(bins, minlength=last + 1)
    return {
        "threshold": SURE,
        "accuracy": beliefs.accuracy,
        "sure": _share(is_sure),
        "bins": [
            {"from": BOUNDS[at], "to": BOUNDS[at + 1], "items": int(count)}
            for at, count in enumerate(counts)
        ],
        "by_judgments": _by_judgments(beliefs, is_sure),
        "items": _least_sure(snapshot, beliefs),
    }


def _share(held: BoolArray) -> dict:
    n, hits = len(held), int(held.sum())
    interval = wilson_interval(hits, n)
    return {
        "value": hits / n if n else None,
        "ci": interval and list(interval),
        "n": n,
        "reason": None if n else "no_data",
    }


def _by_judgments(beliefs: Beliefs, is_sure: BoolArray) -> list[dict]:
    many = np.minimum(beliefs.n_judgments, MOST_JUDGMENTS)
    return [
        {"judgments": int(count), "more": int(count) == MOST_JUDGMENTS, "sure": _share(of_count)}
        for count in np.unique(many)
        for of_count in [is_sure[many == count]]
    ]


def _least_sure(snapshot: Snapshot, beliefs: Beliefs) -> list[dict]:
    """Of equally sure ones first those that more people judged: they will not settle by
    themselves."""
    order = np.lexsort((beliefs.item_ids, -beliefs.n_judgments, np.round(beliefs.sure, 9)))
    table = distributions(snapshot)
    listed = [at for at in order[:MOST_LISTED] if beliefs.sure[at] < SURE - 1e-12]
    places = np.searchsorted(snapshot.item_ids, beliefs.item_ids[listed])
    return [
        {
            "item": int(beliefs.item_ids[at]),
            "sure": float(beliefs.sure[at]),
            "answer": int(beliefs.answer[at]),
            "judgments": int(beliefs.n_judgments[at]),
            "strip": strip_of(snapshot, table, place),
        }
        for at, place in zip(listed, places, strict=True)
    ]
