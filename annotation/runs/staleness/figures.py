"""Accuracy on comparisons whose prompts depend on each other, and whether it fell. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from annotation.core.intervals import difference_interval, wilson_interval

RESAMPLES = 2000
# Below so many prompts an interval says little, and a verdict nothing.
LEAST_PROMPTS = 30
Ends = tuple[float, float, float]


@dataclass(frozen=True)
class Hit:
    """One comparison: 1 where the preferred response has the higher reward, 0.5 where equal."""

    prompt: int
    value: float


def accuracy(hits: Sequence[Hit], *, seed: int) -> Ends | None:
    """(value, low, high) of 95 %, as the trainers compute it (training/evaluate.py): every
    comparison weighs one, prompts are resampled whole; Wilson's by prompts where they are few or
    none has two. None without a comparison."""
    if not hits:
        return None
    values = np.array([hit.value for hit in hits], dtype=np.float64)
    _, index = np.unique([hit.prompt for hit in hits], return_inverse=True)
    totals, sizes = np.bincount(index, weights=values), np.bincount(index)
    value, n = float(values.mean()), len(sizes)
    if 10 <= n < len(values):
        rng = np.random.default_rng(seed)
        draws = rng.multinomial(n, np.full(n, 1 / n), size=RESAMPLES)
        means = (draws @ totals) / (draws @ sizes)
        if means.std() > 0:
            low, high = np.quantile(means, (0.025, 0.975))
            return value, float(low), float(high)
    low, high = wilson_interval(value * n, n) or (0.0, 1.0)
    return value, low, high


def has_fallen(now: Ends, then: Ends | None, *, prompts: int) -> bool:
    """Whether the accuracy is surely below what it was at the training, on other comparisons."""
    return (sure_fall(now, then, prompts=prompts) or 0) > 0


def sure_fall(now: Ends, then: Ends | None, *, prompts: int) -> float | None:
    """By how much at least it fell, with 95 % (two-sided); 0 where it may not have fallen at all.
    None where there is too little to say so."""
    if then is None or prompts < LEAST_PROMPTS:
        return None
    return max(0.0, -difference_interval(now, then)[1])
