"""Abilities with style held equal, and a win rate with length held equal."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from annotation.quality.stats.ability import AbilityFit, NotIdentified, Reference, normal_quantile
from annotation.quality.stats.bradley_terry import fit_abilities
from annotation.quality.stats.estimate import FloatArray, Interval
from annotation.quality.stats.outcomes import GeneratorComparisons, compare_generators
from annotation.quality.stats.pairwise import TieModel, sigmoid
from annotation.quality.stats.style import FEATURES, Style, style_differences

LEAST_COMPARISONS = 20


@dataclass(frozen=True)
class StyleControl:
    """plain and controlled: the same comparisons without and with style, on the same scale;
    controlled.effects: what a feature's ordinary difference adds to the log odds."""

    plain: AbilityFit
    controlled: AbilityFit

    @property
    def shift(self) -> FloatArray:
        """(n,) how much of each ability was style."""
        moved: FloatArray = self.plain.ability - self.controlled.ability
        return moved

    def as_json(self) -> dict[str, Any]:
        return {"plain": self.plain.as_json(), "controlled": self.controlled.as_json()}


def style_controlled_abilities(
    comparisons: GeneratorComparisons,
    first: Sequence[Style],
    second: Sequence[Style],
    *,
    features: Sequence[str] = FEATURES,
    position: bool = False,
    tie_model: TieModel = "half",
    prior_strength: float = 0.0,
    reference: Reference = "mean",
) -> StyleControl:
    """Bradley-Terry with and without the differences of style as covariates. first, second:
    (comparisons,) the styles of the two responses. Features that never differ are left out."""
    covariates, names = style_differences(first, second, features)
    plain, controlled = (
        fit_abilities(
            comparisons, tie_model=tie_model, position=position, covariates=z, names=of,
            prior_strength=prior_strength, reference=reference,
        )
        for z, of in ((None, ()), (covariates, names))
    )  # fmt: skip
    return StyleControl(plain, controlled)


@dataclass(frozen=True)
class WinRate:
    """value: chance of winning at equal length, or None with the reason; raw: the plain rate, a
    tie half; length_effect: log odds that an ordinary surplus of length adds."""

    value: float | None
    reason: str | None
    ci: Interval | None
    raw: float | None
    length_effect: float | None
    n: int

    def as_json(self) -> dict[str, Any]:
        return {
            "value": self.value,
            "reason": self.reason,
            "ci": None if self.ci is None else list(self.ci),
            "raw": self.raw,
            "length_effect": self.length_effect,
            "n": self.n,
        }


def length_controlled_win_rate(
    outcome: ArrayLike,
    length: ArrayLike,
    baseline_length: ArrayLike,
    *,
    item: ArrayLike | None = None,
    confidence: float = 0.95,
) -> WinRate:
    """How often a generator would beat a baseline, were their responses of equal length.

    After Dubois, Galambosi, Liang & Hashimoto 2024 (arXiv:2404.04475): a logistic regression of
    the outcome (0 the generator better, 1 a tie, 2 the baseline) on tanh of the difference of
    lengths over its standard deviation, read off where that is 0. Their term for how hard each
    instruction is needs many generators and is left out; the interval is clustered by item.
    Null with a reason with fewer than 20 comparisons, or when one side won all, or length
    explains everything.
    """
    result = np.asarray(outcome, dtype=np.int64)
    a, b = (np.asarray(x, dtype=np.float64) for x in (length, baseline_length))
    if result.ndim != 1 or a.shape != result.shape or b.shape != result.shape:
        raise ValueError("one outcome and two lengths for each comparison")
    n = len(result)
    zeros = np.zeros(n, dtype=np.int64)
    games = compare_generators(zeros, zeros + 1, result, 2, item=item)
    raw = float(1 - result.mean() / 2) if n else None

    def undefined(reason: str) -> WinRate:
        return WinRate(None, reason, None, raw, None, n)

    if n == 0:
        return undefined("no_data")
    if n < LEAST_COMPARISONS:
        return undefined("too_few")
    spread = float((a - b).std())
    difference = np.tanh((a - b) / spread) if spread > 0 else np.zeros(n)
    names = ("length",) if spread > 0 else ()
    try:
        fit = fit_abilities(
            games, covariates=difference[:, None] if names else None, names=names, reference=1
        )
    except NotIdentified:
        return undefined("not_identified")
    reach = normal_quantile(confidence) * float(fit.errors[0])
    middle = float(fit.ability[0])
    value, low, high = sigmoid(np.array([middle, middle - reach, middle + reach]))
    effect = fit.effects[0].value if names else None
    return WinRate(float(value), None, (float(low), float(high)), raw, effect, n)
