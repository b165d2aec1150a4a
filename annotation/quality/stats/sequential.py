"""A test that may be looked at after every outcome: wins against an even chance.

Outcomes lie in 0 to 1 (a win 1, a tie one half, a loss 0) and come one after the other. After n
of them with the sum S, the e-value against the mean m is a Beta mixture of likelihood ratios,

    E_n(m) = B(a + S, a + n - S) / B(a, a) / (m^S (1 - m)^(n - S)),

a supermartingale from 1 when the mean of each outcome given those before it is m: for whole wins
it is the ratio of Robbins 1970 (Annals of Mathematical Statistics 41), and its logarithm is linear
in S, so that E_n is convex in each outcome and a tie can only make it smaller in the mean. By
Ville's inequality it ever reaches 1 / alpha with a chance of at most alpha, however often one
looks. The means it does not refute form a confidence sequence: Howard, Ramdas, McAuliffe &
Sekhon 2021 (Annals of Statistics 49), proposition 7.
"""

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from annotation.quality.stats.estimate import FloatArray

# Chosen by trying (docs/decisions/1280-a-test-one-may-look-at.md): near the best for differences
# that matter, from 55 to 75 % wins.
PRIOR = 10.0
EVEN = 0.5
_HALVINGS = 40

Finding = Literal["better", "worse", "undecided"]


@dataclass(frozen=True)
class SequentialTest:
    """low, high: (n,) the mean lies between them after each outcome, at all of them at once, with
    the chance 1 - alpha; log_e: (n,) log of the e-value against even chances."""

    low: FloatArray
    high: FloatArray
    log_e: FloatArray

    @property
    def decided_at(self) -> int | None:
        """After how many outcomes even chances were refuted, if they were."""
        refuted = np.flatnonzero((self.low > EVEN) | (self.high < EVEN))
        return int(refuted[0]) + 1 if refuted.size else None

    @property
    def finding(self) -> Finding:
        """As it was when it was decided: what came later does not turn it round."""
        if (at := self.decided_at) is None:
            return "undecided"
        return "better" if self.low[at - 1] > EVEN else "worse"


def sequential_test(
    outcomes: ArrayLike, *, alpha: float = 0.05, prior: float = PRIOR
) -> SequentialTest:
    """Of outcomes (n,) in the order in which they came. prior: a of the Beta(a, a) mixture; the
    larger, the sooner small differences and the later large ones are found."""
    x = np.asarray(outcomes, dtype=np.float64)
    if x.ndim != 1 or not np.isfinite(x).all() or ((x < 0) | (x > 1)).any():
        raise ValueError("outcomes: flat, each from 0 to 1")
    if not 0 < alpha < 1 or prior <= 0:
        raise ValueError("alpha between 0 and 1, a prior above 0")
    wins = np.cumsum(x)
    losses = np.arange(1, x.size + 1) - wins
    mixture = np.array(
        [
            _log_beta(prior + won, prior + lost) - _log_beta(prior, prior)
            for won, lost in zip(wins, losses, strict=True)
        ]
    )
    # The e-value reaches 1 / alpha where the likelihood falls to this.
    floor = mixture - math.log(1 / alpha)
    middle = wins / (wins + losses)
    low = _crossing(wins, losses, floor, np.zeros_like(middle), middle)
    high = _crossing(wins, losses, floor, np.ones_like(middle), middle)
    # What one moment refutes stays refuted.
    low, high = np.maximum.accumulate(low), np.minimum.accumulate(high)
    return SequentialTest(low, np.maximum(low, high), mixture - (wins + losses) * math.log(EVEN))


def _crossing(
    wins: FloatArray, losses: FloatArray, floor: FloatArray, out: FloatArray, inside: FloatArray
) -> FloatArray:
    """(n,) between the edge `out` and the likeliest mean `inside`: where the log-likelihood, which
    rises from the edge, passes the floor. By halving; the end outside of it, to be on the safe
    side."""
    for _ in range(_HALVINGS):
        middle = (out + inside) / 2
        is_refuted = _log_likelihood(wins, losses, middle) < floor
        out = np.where(is_refuted, middle, out)
        inside = np.where(is_refuted, inside, middle)
    return out


def _log_likelihood(wins: FloatArray, losses: FloatArray, mean: FloatArray) -> FloatArray:
    """S log m + (n - S) log(1 - m), with 0 log 0 = 0."""
    tiny = np.finfo(np.float64).tiny
    said: FloatArray = wins * np.log(np.maximum(mean, tiny)) + losses * np.log(
        np.maximum(1 - mean, tiny)
    )
    return said


def _log_beta(one: float, other: float) -> float:
    return math.lgamma(one) + math.lgamma(other) - math.lgamma(one + other)
