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
    """likelihood: the mean log-likelihood of a decisive held-out comparison under the arm's
    abilities, in nats, and the difference; agreement: share of those comparisons whose winner
    the abilities foretell, and the difference; precision: the mean variance of a difference of
    two abilities, and the ratio random / adaptive, above 1 where the adaptive arm taught more;
    n_judgments: of each arm after cutting; verdict: by likelihood, which takes a wrong forecast
    that was sure for worse than one that was not, and moves where agreement only jumps."""

    likelihood: Measure
    agreement: Measure
    precision: Measure
    n_judgments: int
    n_held_out: int
    verdict: Verdict

    def as_json(self) -> dict[str, Any]:
        return {
            "likelihood": self.likelihood.as_json(),
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
    """All measures with 95 % intervals: items of either arm and of the held-out comparisons are
    drawn again, each with all its comparisons. Nothing is said of arms with fewer than 50
    judgments, or with fewer than 30 decisive held-out comparisons."""
    n = min(len(adaptive), len(random))
    arms = [arm.where(np.arange(n)) for arm in (adaptive, random)]
    decisive = held_out.where((held_out.outcome != TIE) & (held_out.first != held_out.second))
    if n < LEAST_JUDGMENTS or len(decisive) < LEAST_HELD_OUT:
        nothing = Measure(None, None, None, None, "too_few")
        return ArmReport(nothing, nothing, nothing, n, len(decisive), "too_few")
    rng = np.random.default_rng(seed)
    whole = [_measure(arm, decisive) for arm in arms]
    draws = np.array(
        [
            [_measure(_resample(arm, rng), drawn) for arm in arms]
            for drawn in (_resample(decisive, rng) for _ in range(n_resamples))
        ]
    ).reshape(n_resamples, 2, 3)
    clusters = min(len(np.unique(part.item)) for part in (*arms, decisive))
    found = []
    for measure, contrast in enumerate((_difference, _difference, _ratio)):
        adaptive_draws, random_draws = draws[:, 0, measure], draws[:, 1, measure]
        one, other = whole[0][measure], whole[1][measure]
        interval = _interval(contrast(adaptive_draws, random_draws), clusters)
        between = float(contrast(np.array(one), np.array(other)))
        found.append(Measure(one, other, between, interval, None))
    likelihood, agreement, precision = found
    verdict = _verdict(likelihood.ci)
    return ArmReport(likelihood, agreement, precision, n, len(decisive), verdict)


def _difference(adaptive: FloatArray, random: FloatArray) -> FloatArray:
    between: FloatArray = adaptive - random
    return between


def _ratio(adaptive: FloatArray, random: FloatArray) -> FloatArray:
    """Of variances: above 1 where the adaptive arm left less open."""
    between: FloatArray = random / adaptive
    return between


def _measure(
    arm: GeneratorComparisons, held_out: GeneratorComparisons
) -> tuple[float, float, float]:
    """Log-likelihood of and agreement with what was held out, and the mean variance of a
    difference."""
    fit = fit_abilities(arm, prior_strength=PRIOR, robust=False)
    gap = fit.ability[held_out.first] - fit.ability[held_out.second]
    toward = np.where(held_out.outcome == FIRST_BETTER, gap, -gap)
    likelihood = -np.logaddexp(0.0, -toward)
    # Abilities that are equal foretell nothing: half right.
    share = np.where(np.abs(gap) < 1e-9, 0.5, toward > 0)
    spread = fit.variance_of_differences()
    mean = float(spread[np.triu_indices(arm.n_generators, k=1)].mean())
    weight = held_out.weight
    return (
        float(np.average(likelihood, weights=weight)),
        float(np.average(share, weights=weight)),
        mean,
    )


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
