"""What a fit of abilities answers with, and when it refuses to."""

from dataclasses import dataclass
from statistics import NormalDist
from typing import Any, Literal

import numpy as np

from annotation.quality.stats.connectivity import Components, Flag
from annotation.quality.stats.estimate import BoolArray, FloatArray, IntArray

Reference = int | Literal["mean"]
WhenNotIdentified = Literal["error", "per_component"]


class NotIdentified(ValueError):
    """The comparisons do not bound these abilities, and no prior was asked for."""

    def __init__(self, message: str, flags: tuple[tuple[Flag, ...], ...] = ()) -> None:
        super().__init__(message)
        self.flags = flags


@dataclass(frozen=True)
class Effect:
    """What changes a comparison besides ability, on the log scale: its name, value and standard
    error (clustered by item where items are known)."""

    name: str
    value: float
    error: float

    def as_json(self, confidence: float = 0.95) -> dict[str, Any]:
        reach = normal_quantile(confidence) * self.error
        interval = [self.value - reach, self.value + reach]
        return {"value": self.value, "reason": None, "se": self.error, "ci": interval}


@dataclass(frozen=True)
class AbilityFit:
    """ability: (n,) log abilities against the reference, NaN where there is none; covariance:
    (n, n) of them, from the information; robust: the same clustered by item, None without items;
    effects: of place and style; nu: Davidson's tie parameter, 0 without ties, None in models
    without; tie_orders: (size of a tie, its parameter) of Davidson-Luce; components: what the
    comparisons bound; n_comparisons: (n,) how many (rankings: how many) each took part in."""

    ability: FloatArray
    covariance: FloatArray
    robust: FloatArray | None
    effects: tuple[Effect, ...]
    nu: float | None
    components: Components
    n_comparisons: FloatArray
    log_likelihood: float
    reference: Reference
    method: str
    tie_orders: tuple[tuple[int, float], ...] = ()

    @property
    def flags(self) -> tuple[tuple[Flag, ...], ...]:
        return self.components.flags

    @property
    def errors(self) -> FloatArray:
        """(n,) standard errors, clustered where items are known; NaN where there is no ability,
        0 for a named reference."""
        of_model = standard_errors(self.covariance)
        if self.robust is None:
            return of_model
        return _careful(standard_errors(self.robust), of_model, self._is_flagged())

    def variance_of_differences(self) -> FloatArray:
        """(n, n) Var(theta_i - theta_j): unlike single errors the same for every reference."""
        of_model = _variance_of_differences(self.covariance)
        if self.robust is None:
            return of_model
        flagged = self._is_flagged()
        either = flagged[:, None] | flagged[None, :]
        return _careful(_variance_of_differences(self.robust), of_model, either)

    def _is_flagged(self) -> BoolArray:
        return np.array([bool(flags) for flags in self.flags], dtype=np.bool_)

    def as_json(self, confidence: float = 0.95) -> dict[str, Any]:
        """Numbers or null with a reason, never NaN: a row for each generator, and the effects."""
        reach = normal_quantile(confidence)
        rows = []
        for i, (value, error) in enumerate(zip(self.ability, self.errors, strict=True)):
            known = bool(np.isfinite(value))
            low, high = float(value - reach * error), float(value + reach * error)
            rows.append(
                {
                    "value": float(value) if known else None,
                    "reason": None if known else "not_identified",
                    "se": float(error) if known else None,
                    "ci": [low, high] if known else None,
                    "flags": list(self.flags[i]),
                    "component": int(self.components.strong[i]),
                    "n_comparisons": float(self.n_comparisons[i]),
                }
            )
        return {
            "method": self.method,
            "reference": self.reference,
            "generators": rows,
            "effects": {effect.name: effect.as_json(confidence) for effect in self.effects},
            "nu": self.nu,
            "tie_orders": {str(order): value for order, value in self.tie_orders},
        }


def normal_quantile(confidence: float) -> float:
    """How many standard errors to either side hold that share."""
    return NormalDist().inv_cdf(0.5 + confidence / 2)


def standard_errors(covariance: FloatArray) -> FloatArray:
    errors: FloatArray = np.sqrt(np.maximum(np.diag(covariance), 0.0))
    return errors


def _variance_of_differences(covariance: FloatArray) -> FloatArray:
    own = np.diag(covariance)
    spread: FloatArray = np.maximum(own[:, None] + own[None, :] - 2 * covariance, 0.0)
    return spread


def _careful(robust: FloatArray, of_model: FloatArray, flagged: BoolArray) -> FloatArray:
    """The sandwich sees how far outcomes scatter; those of a generator that never won do not, and
    it would pass for well known. Where the prior bounds an ability the larger error counts."""
    return np.where(flagged, np.maximum(robust, of_model), robust)


def contrasts(n: int, component: IntArray, reference: Reference) -> FloatArray:
    """(n, n) what turns parameters into abilities against the reference. In a component without
    the reference the mean is 0."""
    same: FloatArray = (component[:, None] == component[None, :]).astype(np.float64)
    level: FloatArray = same / same.sum(axis=1, keepdims=True)
    if reference != "mean":
        beside = component == component[reference]
        level[beside] = 0.0
        level[beside, reference] = 1.0
    contrast: FloatArray = np.eye(n) - level
    return contrast


def stands_alone(component: IntArray, components: Components) -> BoolArray:
    """(n,) who has no ability when each component is fitted by itself: a component of one."""
    if components.is_identified:
        return np.zeros(len(component), dtype=np.bool_)
    single: BoolArray = np.bincount(component, minlength=len(component))[component] == 1
    return single


def blank(covariance: FloatArray, alone: BoolArray, component: IntArray) -> FloatArray:
    """Between components nothing is known, nor of whoever stands alone."""
    unknown = (component[:, None] != component[None, :]) | alone[:, None]
    return np.where(unknown, np.nan, covariance)


def describe(components: Components) -> str:
    """The sentence of a refusal."""
    outside = sum(1 for flags in components.flags if flags)
    why = sorted({flag for flags in components.flags for flag in flags[1:]})
    return (
        f"the comparisons do not bound the ability of {outside} generators ({', '.join(why)}):"
        " use a prior, or fit each component by itself"
    )
