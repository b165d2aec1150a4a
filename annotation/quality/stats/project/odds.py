"""What a feature of a response is worth in being preferred, the others held equal."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from annotation.quality.stats.chance import adjust_for_discoveries, two_sided
from annotation.quality.stats.estimate import FloatArray, IntArray, Interval
from annotation.quality.stats.logistic import fit_logistic
from annotation.quality.stats.sandwich import clustered_meat

LEAST_COMPARISONS = 30
LEAST_ITEMS = 20
# Weak enough to leave real effects alone, there to keep the always-longer finite.
_RIDGE = 0.02
_GENERATOR_RIDGE = 1.0
_FURTHEST = 50.0  # odds beyond e^50 say no more than e^50


@dataclass(frozen=True)
class Odds:
    """value: by how much one unit more of the feature multiplies the odds of being preferred, 1
    nothing; ci: 95 %, clustered by item; n: comparisons; p: Wald; q: adjusted over the features
    of the model. reason: too_few or no_variation, then the others are None."""

    value: float | None
    reason: str | None
    n: int
    ci: Interval | None = None
    p: float | None = None
    q: float | None = None


def feature_odds(
    first_won: ArrayLike,
    features: FloatArray,
    *,
    item: ArrayLike,
    generators: tuple[IntArray, IntArray] | None = None,
) -> list[Odds]:
    """One for each column of features, and a last one for standing first.

    first_won: (n,) 1 or 0, decisive comparisons only; features: (n, k) of the first less those of
    the second, finite; item: (n,) comparisons of one item are not independent: errors are the
    sandwich of Liang & Zeger 1986 over items; generators: (first, second) indices (n,), -1 for
    unknown, whose effects are shrunk, so that a generator that is good and long does not pass for
    length.
    """
    y, items = np.asarray(first_won, dtype=np.float64), np.asarray(item, dtype=np.int64)
    x = np.asarray(features, dtype=np.float64)
    if x.ndim != 2 or y.shape != items.shape or x.shape[0] != y.size:
        raise ValueError("one outcome, one item and one row of features for each comparison")
    if not np.isin(y, (0.0, 1.0)).all() or not np.isfinite(x).all():
        raise ValueError("outcomes are 1 or 0, and features finite")
    n, k = x.shape
    if n < LEAST_COMPARISONS or np.unique(items).size < LEAST_ITEMS:
        return [Odds(None, "too_few", n)] * (k + 1)
    if np.ptp(y) == 0:
        return [Odds(None, "no_variation", n)] * (k + 1)
    differ = (x != 0).sum(axis=0)
    varies = np.flatnonzero((differ >= LEAST_COMPARISONS) & (np.ptp(x, axis=0) > 0))
    design, ridge = _design(x[:, varies], generators)
    fit = fit_logistic(design, y, ridge=ridge)
    chance = 1 / (1 + np.exp(-np.clip(design @ fit.beta, -700, 700)))
    row, column = np.nonzero(design)
    score = design[row, column] * (y - chance)[row]
    meat = clustered_meat(items[row], column.astype(np.int64), score, design.shape[1])
    spread = np.diag(fit.covariance @ meat @ fit.covariance)
    found = [_left_out(int(times), n) for times in (*differ, n)]
    for place, at in enumerate([*varies, k]):
        found[at] = _odds(float(fit.beta[place]), math.sqrt(max(0.0, float(spread[place]))), n)
    q = adjust_for_discoveries([one.p for one in found])
    return [Odds(o.value, o.reason, o.n, o.ci, o.p, a) for o, a in zip(found, q, strict=True)]


def _design(
    x: FloatArray, generators: tuple[IntArray, IntArray] | None
) -> tuple[FloatArray, FloatArray]:
    """Features, then standing first, then a column for each generator; and their ridges."""
    parts = [x, np.ones((len(x), 1))]
    ridge = [_RIDGE] * (x.shape[1] + 1)
    if generators is not None:
        one, other = generators
        for number in np.unique(np.concatenate([one, other])):
            if number >= 0:
                column = (one == number) * 1.0 - (other == number) * 1.0
                parts.append(column[:, None])
                ridge.append(_GENERATOR_RIDGE)
    return np.hstack(parts), np.array(ridge)


def _left_out(times: int, n: int) -> Odds:
    """A feature in which `times` comparisons differ: a handful would say much, and surely."""
    return Odds(None, "too_few" if 0 < times < LEAST_COMPARISONS else "no_variation", n)


def _odds(beta: float, error: float, n: int) -> Odds:
    ends = (_exp(beta - 1.959964 * error), _exp(beta + 1.959964 * error))
    return Odds(_exp(beta), None, n, ends, two_sided(beta / max(error, 1e-12)))


def _exp(x: float) -> float:
    return math.exp(min(_FURTHEST, max(-_FURTHEST, x)))
