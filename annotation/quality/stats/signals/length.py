"""Does the longer response win because it is longer?"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from annotation.core.intervals import wilson_interval
from annotation.quality.stats.chance import chi_square_tail, two_sided
from annotation.quality.stats.estimate import FloatArray, IntArray
from annotation.quality.stats.labels import Labels
from annotation.quality.stats.logistic import fit_logistic
from annotation.quality.stats.signals.record import (
    Signal,
    SignalReason,
    adjusted,
    rows_by,
    undefined,
)

LEAST_LENGTHS = 30
_DOUBLING = math.log(2)
# Weak enough to leave real effects alone, there to keep the always-longer finite.
_RIDGE = 0.02
_GENERATOR_RIDGE = 1.0


@dataclass(frozen=True)
class LengthBias:
    """longer: share of decisive comparisons for the longer response; length: odds ratio of a
    response twice as long; position: odds ratio of standing first; both of one logistic model
    with generator effects, so a generator that is good and long is not counted as length."""

    longer: Signal
    length: Signal
    position: Signal


def log_ratio(first_length: ArrayLike, second_length: ArrayLike) -> FloatArray:
    """log((first + 1) / (second + 1)): an empty response is short, not impossible."""
    first, second = (np.asarray(x, dtype=np.float64) for x in (first_length, second_length))
    ratio: FloatArray = np.log1p(first) - np.log1p(second)
    return ratio


def length_bias(
    first_won: ArrayLike,
    first_length: ArrayLike,
    second_length: ArrayLike,
    generators: tuple[IntArray, IntArray] | None = None,
) -> LengthBias:
    """Over a project. first_won: (n,) 1, 0, NaN no preference; lengths: (n,) in characters, words
    or tokens; generators: (first, second) indices (n,), their effects shrunk by a ridge."""
    won, ratio = np.asarray(first_won, dtype=np.float64), log_ratio(first_length, second_length)
    usable = np.isfinite(won) & np.isfinite(ratio)
    y, x = won[usable], ratio[usable]
    longer = _longer_share(y, x)
    columns = [np.ones_like(x), x]
    ridge = [_RIDGE, _RIDGE]
    if generators is not None:
        one, other = (np.asarray(side, dtype=np.int64)[usable] for side in generators)
        for number in np.unique(np.concatenate([one, other])):
            columns.append((one == number) * 1.0 - (other == number) * 1.0)
            ridge.append(_GENERATOR_RIDGE)
    name = "odds ratio of {}, logistic with position, length and generators; Wald"
    least = LEAST_LENGTHS
    if x.size < least or np.ptp(x) == 0 or np.ptp(y) == 0:
        why: SignalReason | None = None if x.size < least else "no_variation"
        first = undefined(x.size, least, name.format("standing first"), why)
        return LengthBias(
            longer, undefined(x.size, least, name.format("twice the length"), why), first
        )
    fit = fit_logistic(np.stack(columns, axis=1), y, ridge=np.array(ridge))

    def odds(column: int, unit: float, what: str) -> Signal:
        beta, error = float(fit.beta[column]) * unit, fit.error(column) * unit
        return Signal(
            _exp(beta),
            None,
            int(x.size),
            least,
            name.format(what),
            (_exp(beta - 1.959964 * error), _exp(beta + 1.959964 * error)),
            typical=1.0,
            p=two_sided(beta / max(error, 1e-12)),
        )

    return LengthBias(
        longer, odds(1, _DOUBLING, "twice the length"), odds(0, 1.0, "standing first")
    )


def length_bias_by_labeler(
    labels: Labels, first_won: ArrayLike, ratios: ArrayLike, others: FloatArray
) -> list[Signal]:
    """Odds ratio of a response twice as long, beyond what the others find better.

    ratios: (ratings,) see `log_ratio`; others: (ratings,) what the others expect, from −1 (the
    second is better) to 1 (the first):
    longer responses may be better ones, and who prefers those is no more biased than the crowd.
    Logistic with position, length and `others`; p: likelihood ratio without length, one degree.
    """
    method = "odds ratio of twice the length beside what the others find; likelihood ratio"
    won, ratio = np.asarray(first_won, dtype=np.float64), np.asarray(ratios, dtype=np.float64)
    usable = np.isfinite(won) & np.isfinite(ratio)
    recorded = bool(np.isfinite(ratio).any())
    found = []
    for rows in rows_by(labels.labeler, labels.n_labelers):
        rows = rows[usable[rows]]
        if rows.size < LEAST_LENGTHS:
            found.append(
                undefined(rows.size, LEAST_LENGTHS, method, None if recorded else "not_recorded")
            )
            continue
        y, x = won[rows], ratio[rows]
        if np.ptp(y) == 0 or np.ptp(x) == 0:
            found.append(undefined(rows.size, LEAST_LENGTHS, method, "no_variation"))
            continue
        columns = np.stack([x, np.ones_like(x), others[rows]], axis=1)
        ridge = np.full(3, _RIDGE)
        fit = fit_logistic(columns, y, ridge=ridge)
        without = fit_logistic(columns[:, 1:], y, ridge=ridge[1:])
        gain = max(0.0, 2 * (fit.log_likelihood - without.log_likelihood))
        beta, error = float(fit.beta[0]) * _DOUBLING, fit.error(0) * _DOUBLING
        found.append(
            Signal(
                _exp(beta),
                None,
                int(rows.size),
                LEAST_LENGTHS,
                method,
                (_exp(beta - 1.959964 * error), _exp(beta + 1.959964 * error)),
                typical=1.0,
                p=chi_square_tail(gain, 1),
            )
        )
    return adjusted(found)


def _longer_share(y: FloatArray, x: FloatArray) -> Signal:
    method = "share for the longer, of the decisive"
    differ = x != 0
    n, hits = int(differ.sum()), int(((x > 0) == (y == 1))[differ].sum())
    if n < LEAST_LENGTHS:
        return undefined(n, LEAST_LENGTHS, method)
    return Signal(hits / n, None, n, LEAST_LENGTHS, method, wilson_interval(hits, n), typical=0.5)


def _exp(x: float) -> float:
    """Odds beyond e^50 say no more than e^50."""
    return math.exp(min(50.0, max(-50.0, x)))
