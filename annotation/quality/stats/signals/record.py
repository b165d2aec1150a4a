"""The form of a labeler signal, and false-discovery control over labelers."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from annotation.quality.stats.chance import adjust_for_discoveries
from annotation.quality.stats.estimate import FloatArray, Interval

SignalReason = Literal[
    "no_data",  # this labeler judged nothing of the kind
    "too_few",  # fewer than least_n
    "no_variation",  # always the same: nothing to relate
    "not_recorded",  # the times, lengths or sides were not kept
]


@dataclass(frozen=True)
class Signal:
    """A figure about one labeler, or None with the reason.

    n: judgments (items, comparisons: the method says) it rests on; least_n: how many it needs;
    ci: 95 % interval; typical: what it is for the crowd, or would be by chance; p: p-value of the
    test that `method` names; q: the same, adjusted over all labelers (Benjamini-Hochberg).
    """

    value: float | None
    reason: SignalReason | None
    n: int
    least_n: int
    method: str
    ci: Interval | None = None
    typical: float | None = None
    p: float | None = None
    q: float | None = None

    def __post_init__(self) -> None:
        if (self.value is None) == (self.reason is None):
            raise ValueError("a signal has a value or a reason, never both or neither")
        for number in (self.value, self.typical, self.p, self.q, *(self.ci or ())):
            if number is not None and not math.isfinite(number):
                raise ValueError(f"not a number: {number}")

    def is_discovery(self, level: float) -> bool:
        return self.q is not None and self.q <= level


def undefined(n: int, least_n: int, method: str, reason: SignalReason | None = None) -> Signal:
    """No figure: for want of judgments, unless another reason is given."""
    return Signal(None, reason or ("no_data" if n == 0 else "too_few"), n, least_n, method)


def adjusted(signals: Sequence[Signal]) -> list[Signal]:
    """The same with q filled in over all of them; who has too few is no test."""
    q = adjust_for_discoveries([signal.p for signal in signals])
    return [replace(signal, q=value) for signal, value in zip(signals, q, strict=True)]


def mean_interval(values: FloatArray, z: float = 1.959964) -> tuple[float, Interval]:
    """Mean of bounded values and its normal interval, cut to the range of the values 0 to 1."""
    mean = float(values.mean())
    spread = z * float(values.std(ddof=1)) / math.sqrt(values.size) if values.size > 1 else 1.0
    return mean, (max(0.0, mean - spread), min(1.0, mean + spread))


def rows_by(labeler: np.ndarray, n_labelers: int) -> list[np.ndarray]:
    """For each labeler the places of their judgments, in the order given."""
    order = np.argsort(labeler, kind="stable")
    cuts = np.cumsum(np.bincount(labeler, minlength=n_labelers))[:-1]
    return np.split(order, cuts) if n_labelers else []
