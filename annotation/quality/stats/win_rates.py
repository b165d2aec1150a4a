"""Who beats whom how often: the plain table beside every model."""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from annotation.quality.stats.ability import normal_quantile
from annotation.quality.stats.estimate import FloatArray
from annotation.quality.stats.outcomes import Outcomes


@dataclass(frozen=True)
class WinRates:
    """rate, n, tied, low, high: (generators, generators). rate[i, j]: share of comparisons that i
    wins against j, a tie half a win, NaN where the two never met; n: how many; tied: share of
    ties; low, high: Wilson's interval of the rate. overall: (generators,) the mean of a
    generator's rates against those it met, each opponent weighing the same."""

    rate: FloatArray
    n: FloatArray
    tied: FloatArray
    low: FloatArray
    high: FloatArray
    overall: FloatArray

    def as_json(self) -> dict[str, Any]:
        """Rates, or null with a reason."""
        size = len(self.rate)
        return {
            "pairs": [
                [self.as_cell(i, j) if i != j else None for j in range(size)] for i in range(size)
            ],
            "overall": self.as_overall(),
        }

    def as_overall(self) -> list[dict[str, Any]]:
        return [
            {"value": None, "reason": "never_compared"}
            if math.isnan(value)
            else {"value": float(value), "reason": None}
            for value in self.overall
        ]

    def as_cell(self, i: int, j: int) -> dict[str, Any]:
        n = float(self.n[i, j])
        if n == 0:
            return {"value": None, "reason": "never_compared", "ci": None, "n": 0.0, "tied": None}
        return {
            "value": float(self.rate[i, j]),
            "reason": None,
            "ci": [float(self.low[i, j]), float(self.high[i, j])],
            "n": n,
            "tied": float(self.tied[i, j]),
        }


def win_rate_matrix(outcomes: Outcomes, *, confidence: float = 0.95) -> WinRates:
    """Rates of each pair with Wilson's interval (Wilson 1927), which takes half wins as they are:
    with ties the true one is narrower, for a tie varies less than a win and a loss."""
    wins, ties = outcomes.wins, outcomes.ties
    n = wins + wins.T + ties
    with np.errstate(invalid="ignore", divide="ignore"):
        rate = np.where(n > 0, (wins + ties / 2) / n, np.nan)
        tied = np.where(n > 0, ties / n, np.nan)
        z = normal_quantile(confidence)
        middle = (rate + z**2 / (2 * n)) / (1 + z**2 / n)
        spread = z * np.sqrt(rate * (1 - rate) / n + z**2 / (4 * n**2)) / (1 + z**2 / n)
    low = np.where(rate == 0, 0.0, np.clip(middle - spread, 0.0, 1.0))
    high = np.where(rate == 1, 1.0, np.clip(middle + spread, 0.0, 1.0))
    met = (n > 0).sum(axis=1)
    total = np.where(n > 0, np.nan_to_num(rate), 0.0).sum(axis=1)
    overall = np.where(met > 0, total / np.maximum(met, 1), np.nan)
    return WinRates(rate, n, tied, low, high, overall)
