"""Did choosing comparisons by what they teach beat drawing them at random?

Asked of the log of choices: the comparisons of either arm, and comparisons held out from both.
Equal budgets are compared: the larger arm is cut to the smaller one, in the order it came.
"""

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from annotation.quality.stats.bootstrap import percentile_interval
from annotation.quality.stats.bradley_terry import fit_abilities
from annotation.quality.stats.estimate import FloatArray, Interval
from annotation.quality.stats.outcomes import (
    FIRST_BETTER,
    SECOND_BETTER,
    TIE,
    GeneratorComparisons,
)

LEAST_JUDGMENTS = 50
LEAST_HELD_OUT = 30
# Half a win and half a loss: an arm of few comparisons seldom bounds every ability.
PRIOR = 0.5

Verdict = Literal["better", "worse", "no_difference", "too_few"]


@dataclass(frozen=True)
class Measure:
    """One number of either arm, and their difference or ratio with its interval; None with the
    reason."""

    adaptive: float | None
    random: float | None
    contrast: float | None
    ci: Interval | None
    reason: str | None

    def as_json(self) -> dict[str, Any]:
        return {
            "adaptive": self.adaptive,
            "random": self.random,
            "value": self.contrast,
            "ci": None if self.ci is None else list(self.ci),
            "reason": self.reason,
        }


@dataclass(frozen=True)
class ArmReport:
    """agreement: share of decisive held-out comparisons whose winner the arm's abilities foretell,
    and the difference; precision: the mean variance of a difference of two abilities, and the
    ratio random / adaptive, above 1 where the adaptive arm taught more; n_judgments: of each arm
    after cutting; verdict: by agreement, which is what was wanted."""

    agreement: Measure
    precision: Measure
    n_judgments: int
    n_held_out: int
    verdict: Verdict

    def as_json(self) -> dict[str, Any]:
        return {
            "agreement": self.agreement.as_json(),
            "precision": self.precision.as_json(),
            "n_judgments": self.n_judgments,
            "n_held_out": self.n_held_out,
            "verdict": self.verdict,
        }


def compare_arms(
    adaptive: GeneratorComparisons,
    random: GeneratorComparisons,
    held_out: GeneratorComparisons,
    *,
    seed: int,
    n_resamples: int = 500,
) -> ArmReport:
    """Both measures with 95 % intervals: items of either arm and of the held-out comparisons are
    drawn again, each with all its comparisons. Nothing is said of arms with fewer than 50
    judgments, or with fewer than 30 decisive held-out comparisons."""
    n = min(len(adaptive), len(random))
    arms = [arm.where(np.arange(n)) for arm in (adaptive, random)]
    decisive = held_out.where((held_out.outcome != TIE) & (held_out.first != held_out.second))
    if n < LEAST_JUDGMENTS or len(decisive) < LEAST_HELD_OUT:
        nothing = Measure(None, None, None, None, "too_few")
        return ArmReport(nothing, nothing, n, len(decisive), "too_few")
    rng = np.random.default_rng(seed)
    whole = [_measure(arm, decisive) for arm in arms]
    draws = np.array(
        [
            [_measure(_resample(arm, rng), drawn) for arm in arms]
            for drawn in (_resample(decisive, rng) for _ in range(n_resamples))
        ]
    ).reshape(n_resamples, 2, 2)
    clusters = min(len(np.unique(part.item)) for part in (*arms, decisive))
    shares, spreads = draws[:, :, 0], draws[:, :, 1]
    agreement = Measure(
        whole[0][0],
        whole[1][0],
        whole[0][0] - whole[1][0],
        _interval(shares[:, 0] - shares[:, 1], clusters),
        None,
    )
    precision = Measure(
        whole[0][1],
        whole[1][1],
        whole[1][1] / whole[0][1],
        _interval(spreads[:, 1] / spreads[:, 0], clusters),
        None,
    )
    return ArmReport(agreement, precision, n, len(decisive), _verdict(agreement.ci))


def _measure(arm: GeneratorComparisons, held_out: GeneratorComparisons) -> tuple[float, float]:
    """Agreement with what was held out, and the mean variance of a difference."""
    fit = fit_abilities(arm, prior_strength=PRIOR, robust=False)
    gap = fit.ability[held_out.first] - fit.ability[held_out.second]
    right = np.where(gap > 0, FIRST_BETTER, SECOND_BETTER) == held_out.outcome
    # Abilities that are equal foretell nothing: half right.
    share = np.where(np.abs(gap) < 1e-9, 0.5, right)
    spread = fit.variance_of_differences()
    mean = float(spread[np.triu_indices(arm.n_generators, k=1)].mean())
    return float(np.average(share, weights=held_out.weight)), mean


def _resample(part: GeneratorComparisons, rng: np.random.Generator) -> GeneratorComparisons:
    items, item, count = np.unique(part.item, return_inverse=True, return_counts=True)
    order = np.argsort(item, kind="stable")
    start = np.cumsum(count) - count
    drawn = rng.integers(0, len(items), len(items))
    size = count[drawn]
    offset = np.arange(size.sum()) - np.repeat(np.cumsum(size) - size, size)
    return part.where(order[np.repeat(start[drawn], size) + offset])


def _interval(values: FloatArray, n_clusters: int) -> Interval | None:
    return percentile_interval(values, n_clusters=n_clusters)


def _verdict(interval: Interval | None) -> Verdict:
    if interval is None:
        return "too_few"
    if interval[0] > 0:
        return "better"
    return "worse" if interval[1] < 0 else "no_difference"
