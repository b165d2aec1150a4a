"""Does a share (agreement, one label, the first side) move from week to week?"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike

from annotation.core.intervals import Interval, wilson_interval
from annotation.quality.stats.chance import adjust_for_discoveries, chi_square_tail, two_sided
from annotation.quality.stats.estimate import IntArray

LEAST_PER_WEEK = 10
LEAST_WEEKS = 3


@dataclass(frozen=True)
class Drift:
    """week: those with LEAST_PER_WEEK or more; share, ci (Wilson), n of each; trend_p: Cochran-
    Armitage, up or down steadily; any_p: chi-square of any difference; slope: of the share, per
    week; q: the smaller of both p, doubled, adjusted over all series (`with_discoveries`). reason:
    too_few or no_variation, then all p are None."""

    week: IntArray
    share: tuple[float, ...]
    ci: tuple[Interval, ...]
    n: IntArray
    slope: float | None
    trend_p: float | None
    any_p: float | None
    reason: str | None = None
    q: float | None = None

    @property
    def p(self) -> float | None:
        if self.trend_p is None or self.any_p is None:
            return None
        return min(1.0, 2 * min(self.trend_p, self.any_p))


def drift(week: ArrayLike, hit: ArrayLike) -> Drift:
    """week: (n,) whole numbers; hit: (n,) 1 or 0. Judgments count as independent; for agreement
    take one row per item, not one per pair of labelers."""
    weeks, hits = np.asarray(week, dtype=np.int64), np.asarray(hit, dtype=np.float64)
    if weeks.shape != hits.shape or weeks.ndim != 1:
        raise ValueError("one week and one answer for each judgment")
    found, index, n = np.unique(weeks, return_inverse=True, return_counts=True)
    total = np.bincount(index.reshape(-1), weights=hits, minlength=found.size)
    enough = n >= LEAST_PER_WEEK
    found, n, total = found[enough], n[enough].astype(np.int64), total[enough]
    share = tuple((total / n).tolist())
    ci = tuple(
        interval
        for t, m in zip(total, n, strict=True)
        if (interval := wilson_interval(int(t), int(m))) is not None
    )
    if found.size < LEAST_WEEKS:
        return Drift(found, share, ci, n, None, None, None, "too_few")
    overall = float(total.sum() / n.sum())
    if overall in (0.0, 1.0):
        return Drift(found, share, ci, n, None, None, None, "no_variation")
    spread = overall * (1 - overall)
    away = found - float((n * found).sum() / n.sum())
    above = float((away * total).sum())
    below = float((n * away**2).sum())
    heterogeneity = float((n * (total / n - overall) ** 2).sum() / spread)
    return Drift(
        found,
        share,
        ci,
        n,
        slope=above / below,
        trend_p=two_sided(above / (spread * below) ** 0.5),
        any_p=chi_square_tail(heterogeneity, found.size - 1),
    )


def with_discoveries(series: Sequence[Drift]) -> list[Drift]:
    """The same with q over all of them: who looks at many curves sees one move."""
    q = adjust_for_discoveries([one.p for one in series])
    return [replace(one, q=value) for one, value in zip(series, q, strict=True)]
