"""Judgments whose truth is known, for snapshots without a database."""

import numpy as np

from tests.annotation.quality.snapshots import MONDAY


def pairs(seed, n_items=600, n_labelers=12, per_item=3, *, first=0.0, length=0.0, days=1):
    """Judgments of two responses. first, length: what standing first, and being twice as long,
    adds to the log odds. The order shown is drawn for every judgment."""
    rng = np.random.default_rng(seed)
    worth = rng.normal(0, 1, (n_items, 2))
    characters = np.round(np.exp(rng.normal(6, 0.7, (n_items, 2))))
    item = np.repeat(np.arange(n_items), per_item)
    labeler = np.argsort(rng.random((n_items, n_labelers)), axis=1)[:, :per_item].ravel()
    is_first = rng.random(item.size) < 0.5
    ratio = np.log2(1 + characters[item, 0]) - np.log2(1 + characters[item, 1])
    logit = worth[item, 0] - worth[item, 1] + length * ratio + first * np.where(is_first, 1, -1)
    won = rng.random(item.size) < 1 / (1 + np.exp(-logit))
    tie = rng.random(item.size) < 0.1
    ranks = np.where(won[:, None], [1.0, 2.0], [2.0, 1.0])
    ranks[tie] = 1.0
    shown = np.where(is_first[:, None], [0, 1], [1, 0])
    return {
        "item": item,
        "labeler": labeler,
        "ranks": ranks,
        "shown": shown,
        "characters": characters,
        "day": MONDAY + rng.integers(0, days, item.size),
    }
