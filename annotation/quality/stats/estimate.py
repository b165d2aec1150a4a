"""What every statistic answers with."""

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]

Interval = tuple[float, float]

Reason = Literal[
    "no_data",  # nothing was judged
    "no_pairable",  # nothing was judged by two labelers
    "no_variation",  # one category only: chance alone explains everything
    "all_tied",  # a ranking without any order in it
    "no_common_responses",  # the labelers ranked different responses
    "unbalanced",  # the coefficient needs every labeler on every item
]


@dataclass(frozen=True)
class Significance:
    """A test of no agreement at all: its statistic, degrees of freedom and p-value."""

    statistic: float
    degrees_of_freedom: tuple[float, ...]
    p_value: float


@dataclass(frozen=True)
class Estimate:
    """A number with what is needed to believe it, or None with the reason.

    n_items: items with at least one rating; n_pairable: items with something that two labelers
    rated; n_ratings: ratings; n_undefined: items left out because the statistic does not exist
    for them; ci: 95 % bootstrap interval over items, None where it says nothing (fewer than two
    items, or undefined in too many draws); flags: "low_variation" when all ratings are equal;
    test: where the literature gives one with the coefficient.
    """

    value: float | None
    reason: Reason | None
    n_items: int
    n_pairable: int
    n_ratings: int
    n_undefined: int = 0
    ci: Interval | None = None
    method: str = ""
    flags: tuple[str, ...] = ()
    test: Significance | None = None

    def __post_init__(self) -> None:
        if (self.value is None) == (self.reason is None):
            raise ValueError("an estimate has a value or a reason, never both or neither")
        if self.value is not None and not math.isfinite(self.value):
            raise ValueError(f"not a number: {self.value}")
