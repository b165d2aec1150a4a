"""When the work will be done, from how much was done on each of the last days."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike

# Paths that are drawn; and after how many days we stop looking.
PATHS = 1000
HORIZON = 730
LEAST_DAYS = 5
LEAST_DAYS_WITH_WORK = 3
LOW, MIDDLE, HIGH = 0.1, 0.5, 0.9


@dataclass(frozen=True)
class Forecast:
    """Days from now, None = beyond HORIZON: the middle and an 80 % interval; or the reason why
    there is none: done, too_few_days, no_work."""

    reason: str = ""
    low: int | None = None
    middle: int | None = None
    high: int | None = None
    per_day: float = 0.0  # mean of the days it rests on
    day_count: int = 0


def days_until_done(remaining: int, per_day: ArrayLike, *, seed: int = 0) -> Forecast:
    """`per_day`: how much was done on each of the last complete days, empty ones included.

    Two sources of doubt: which days will come (each path draws its days, with replacement, from
    the days there were), and whether the days there were are typical (each path draws from a
    resample of them: a bootstrap; Efron & Tibshirani 1993, ch. 6). Days are drawn singly, so a
    trend and the order of the week are not in it; two whole weeks hold the week's shares.
    """
    days = np.asarray(per_day, dtype=np.int64)
    mean = float(days.mean()) if days.size else 0.0
    rests_on = Forecast(per_day=mean, day_count=int(days.size))
    if remaining <= 0:
        return replace(rests_on, reason="done", low=0, middle=0, high=0)
    if days.size and not days.any():
        return replace(rests_on, reason="no_work")
    if days.size < LEAST_DAYS or (days > 0).sum() < LEAST_DAYS_WITH_WORK:
        return replace(rests_on, reason="too_few_days")
    rng = np.random.default_rng(seed)
    # Four times the mean way reaches all but hopeless paths; beyond the horizon nobody plans.
    length = min(HORIZON, int(4 * remaining / mean) + 4 * days.size)
    typical = days[rng.integers(0, days.size, (PATHS, days.size))]
    drawn = rng.integers(0, days.size, (PATHS, length))
    done = np.take_along_axis(typical, drawn, axis=1).cumsum(axis=1) >= remaining
    needed = np.where(done.any(axis=1), done.argmax(axis=1) + 1.0, np.inf)
    low, middle, high = np.quantile(needed, [LOW, MIDDLE, HIGH], method="inverted_cdf")
    return replace(rests_on, low=_days(low), middle=_days(middle), high=_days(high))


def _days(value: float) -> int | None:
    return int(value) if np.isfinite(value) else None
