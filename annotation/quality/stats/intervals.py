"""From resampled values to an interval that covers what it promises.

BCa, the bias-corrected and accelerated percentiles (Efron 1987, JASA 82; Efron & Tibshirani
1993, ch. 14), with the expansion of Hesterberg 2015 (American Statistician 69, section 4) for
few items: z becomes sqrt(n / (n - 1)) t, for resampling n things varies too little by just that.
Plain percentiles covered 86 to 92 % at 20 items, these 92 to 98 %: decision 1100.
"""

import math
from statistics import NormalDist

import numpy as np

from annotation.quality.stats.distributions import t_quantile
from annotation.quality.stats.estimate import FloatArray, Interval

# An interval of the draws in which a statistic exists says nothing about the others.
LEAST_DEFINED = 0.9
_NORMAL = NormalDist()


def accelerated_interval(
    values: FloatArray,
    *,
    value: float,
    n_clusters: int,
    jackknife: FloatArray | None = None,
    times: FloatArray | None = None,
    confidence: float = 0.95,
) -> Interval | None:
    """Interval of an estimate `value` from its resampled values (draws,), NaN where undefined.

    jackknife (kinds,): the statistic without one thing of each kind; times (kinds,): how many
    there are of it; without them no acceleration. None with fewer than two things, where
    resampling has nothing to vary, or when the statistic is undefined in more than a tenth of
    the draws.
    """
    defined = values[np.isfinite(values)]
    if n_clusters < 2 or defined.size < LEAST_DEFINED * values.size or not defined.size:
        return None
    bias = _bias(defined, value)
    acceleration = _acceleration(jackknife, times)
    t = t_quantile(0.5 + confidence / 2, float(n_clusters - 1))
    z = t * math.sqrt(n_clusters / (n_clusters - 1))
    tails = [_tail(bias, sign * z, acceleration) for sign in (-1.0, 1.0)]
    low, high = np.quantile(defined, tails)
    return float(low), float(high)


def _bias(values: FloatArray, value: float) -> float:
    """z0: where the estimate stands among its resamples, ties counted half."""
    near = 1e-12 * max(1.0, abs(value))
    below = float((values < value - near).mean())
    equal = float((np.abs(values - value) <= near).mean())
    edge = 0.5 / values.size
    return _NORMAL.inv_cdf(min(max(below + equal / 2, edge), 1 - edge))


def _acceleration(jackknife: FloatArray | None, times: FloatArray | None) -> float:
    """sum d^3 / (6 (sum d^2)^1.5), d from the mean of the jackknife; 0 where it is undefined."""
    if jackknife is None or times is None or not np.isfinite(jackknife).all():
        return 0.0
    d = np.average(jackknife, weights=times) - jackknife
    spread = float((times * d**2).sum())
    return float((times * d**3).sum()) / (6 * spread**1.5) if spread > 1e-24 else 0.0


def _tail(bias: float, z: float, acceleration: float) -> float:
    shifted = bias + z
    slope = 1 - acceleration * shifted
    if slope <= 0:  # past the pole of the formula: as far out as there are draws
        return float(shifted > 0)
    return _NORMAL.cdf(bias + shifted / slope)
