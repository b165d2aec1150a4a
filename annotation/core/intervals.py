"""Intervals in closed form."""

import math
from statistics import NormalDist

Interval = tuple[float, float]


def wilson_interval(correct: float, total: float, confidence: float = 0.95) -> Interval | None:
    """Score interval of a share (Wilson 1927); None for 0 of 0.

    Counts need not be whole: what depends on each other is worth fewer.
    (p + z^2/2n +- z sqrt(p(1-p)/n + z^2/4n^2)) / (1 + z^2/n). The bounds of 0 of n and n of n
    are exactly 0 and 1, which rounding misses.
    """
    if not 0 <= correct <= total:
        raise ValueError(f"{correct} of {total} is no share")
    if total == 0:
        return None
    z = NormalDist().inv_cdf(0.5 + confidence / 2)
    share = correct / total
    middle = share + z**2 / (2 * total)
    spread = z * math.sqrt(share * (1 - share) / total + z**2 / (4 * total**2))
    scale = 1 + z**2 / total
    low = 0.0 if correct == 0 else max(0.0, (middle - spread) / scale)
    high = 1.0 if correct == total else min(1.0, (middle + spread) / scale)
    return low, high


def difference_interval(
    one: tuple[float, float, float], other: tuple[float, float, float]
) -> Interval:
    """Interval of `one` less `other`, each (value, low, high) of its own independent sample:
    MOVER, which squares the distances to the ends that matter. Newcombe 1998, Statistics in
    Medicine 17, method 10; Zou & Donner 2008, the same, 27."""
    value = one[0] - other[0]
    below = math.hypot(one[0] - one[1], other[2] - other[0])
    above = math.hypot(one[2] - one[0], other[0] - other[1])
    return value - below, value + above
