"""The likelihood of comparisons, and Newton's way to its top.

A comparison of i, shown first, with j has the strength d = theta_i - theta_j + sum_c z_c gamma_c,
with covariates z (the place is one that is always 1). Without ties P(i better) = s(d), s the
logistic function: Bradley & Terry 1952, Biometrika 39; with the place, Davidson & Beaver 1977,
Biometrics 33. With ties (Davidson 1970, JASA 65)

    P(i better) : P(tie) : P(j better) = e^(d/2) : nu : e^(-d/2).

Both are linear in (theta, gamma, log nu) inside an exponential family, so the log likelihood is
concave and Newton's method with halved steps finds its top, if it has one.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from annotation.quality.stats.estimate import FloatArray, IntArray
from annotation.quality.stats.outcomes import tally

TieModel = Literal["half", "drop", "davidson"]

_MAX_STEPS = 100
# A top this far out (a chance of 1e-13) is no top: the likelihood still rises.
_FARTHEST = 30.0
_TOLERANCE = 1e-11


@dataclass(frozen=True)
class Rows:
    """Comparisons, or sums of those with equal covariates. first, second: (m,) generators;
    first_won, second_won, tied: (m,) weights; covariates: (m, k)."""

    first: IntArray
    second: IntArray
    first_won: FloatArray
    second_won: FloatArray
    tied: FloatArray
    covariates: FloatArray


@dataclass(frozen=True)
class Derivatives:
    """At some parameters (theta, gamma, log nu): log likelihood; gradient (p,); information
    (p, p); and of each row what it adds to the score by its strength, and by log nu, (m,)."""

    log_likelihood: float
    gradient: FloatArray
    information: FloatArray
    by_strength: FloatArray
    by_tie: FloatArray


class NoMaximum(ValueError):
    """The likelihood has no top at finite parameters, or not one alone."""


def differentiate(rows: Rows, n: int, parameters: FloatArray, tie_model: TieModel) -> Derivatives:
    """Log likelihood and its derivatives. parameters: (n + k,), and log nu where ties are
    modelled and there are some, (n + k + 1,)."""
    k = rows.covariates.shape[1]
    theta, gamma = parameters[:n], parameters[n : n + k]
    d = theta[rows.first] - theta[rows.second] + rows.covariates @ gamma
    if len(parameters) > n + k:
        log_likelihood, score, by_tie, curve, cross, tie_curve = _with_ties(
            rows, d, float(parameters[-1])
        )
    else:
        log_likelihood, score, curve = _without_ties(rows, d, tie_model)
        by_tie = cross = tie_curve = np.zeros(0)
    gradient = [_onto(rows, score, n), rows.covariates.T @ score]
    information = np.zeros((len(parameters), len(parameters)))
    flat = tally(rows.first * n + rows.second, curve, n * n).reshape(n, n)
    met = flat + flat.T
    information[:n, :n] = np.diag(met.sum(axis=1)) - met
    information[n : n + k, n : n + k] = (rows.covariates * curve[:, None]).T @ rows.covariates
    for c in range(k):
        _put(information, n + c, slice(0, n), _onto(rows, curve * rows.covariates[:, c], n))
    if len(by_tie):
        gradient.append(np.array([by_tie.sum()]))
        _put(information, -1, slice(0, n), _onto(rows, cross, n))
        _put(information, -1, slice(n, n + k), rows.covariates.T @ cross)
        information[-1, -1] = tie_curve.sum()
    return Derivatives(log_likelihood, np.concatenate(gradient), information, score, by_tie)


def climb(
    rows: Rows, n: int, *, start: FloatArray, tie_model: TieModel, gauge: FloatArray
) -> FloatArray:
    """The parameters at the top.

    start: as in `differentiate`. gauge (p, p): what is added to the information so that it can be
    inverted, in directions along which the likelihood does not change; a parameter that stays
    where it is has a large number there. Raises NoMaximum when there is no top.
    """
    parameters = start.copy()
    here = differentiate(rows, n, parameters, tie_model)
    for _ in range(_MAX_STEPS):
        try:
            step = np.linalg.solve(here.information + gauge, here.gradient)
        except np.linalg.LinAlgError as error:
            raise NoMaximum("some parameters cannot be told apart") from error
        if np.abs(step).max(initial=0.0) < _TOLERANCE:
            return parameters
        size = 1.0
        while size > 1e-8:
            there = differentiate(rows, n, parameters + size * step, tie_model)
            slack = 1e-12 * (1.0 + abs(here.log_likelihood))
            if there.log_likelihood >= here.log_likelihood - slack:
                break
            size /= 2
        parameters, here = parameters + size * step, there
        if np.abs(parameters).max() > _FARTHEST:
            raise NoMaximum("the likelihood rises without end")
        if np.abs(size * step).max() < 1e-9 * (1.0 + np.abs(parameters).max()):
            return parameters
    raise NoMaximum("the likelihood rises without end")


def _onto(rows: Rows, values: FloatArray, n: int) -> FloatArray:
    """(n,) each row's value to its first generator, and minus that to its second."""
    return tally(rows.first, values, n) - tally(rows.second, values, n)


def _put(matrix: FloatArray, row: int, columns: slice, values: FloatArray) -> None:
    matrix[row, columns] = values
    matrix[columns, row] = values


def _without_ties(
    rows: Rows, d: FloatArray, tie_model: TieModel
) -> tuple[float, FloatArray, FloatArray]:
    tied = rows.tied if tie_model == "half" else np.zeros_like(rows.tied)
    won, lost = rows.first_won + tied / 2, rows.second_won + tied / 2
    p = sigmoid(d)
    value = -(won * np.logaddexp(0.0, -d) + lost * np.logaddexp(0.0, d)).sum()
    return float(value), won * (1 - p) - lost * p, (won + lost) * p * (1 - p)


def _with_ties(
    rows: Rows, d: FloatArray, log_nu: float
) -> tuple[float, FloatArray, FloatArray, FloatArray, FloatArray, FloatArray]:
    total = rows.first_won + rows.second_won + rows.tied
    norm = np.logaddexp(np.logaddexp(d / 2, -d / 2), log_nu)
    win, loss, tie = np.exp(d / 2 - norm), np.exp(-d / 2 - norm), np.exp(log_nu - norm)
    half = (win - loss) / 2
    value = ((rows.first_won - rows.second_won) * d / 2 + rows.tied * log_nu - total * norm).sum()
    return (
        float(value),
        (rows.first_won - rows.second_won) / 2 - total * half,
        rows.tied - total * tie,
        total * ((win + loss) / 4 - half**2),
        -total * half * tie,
        total * tie * (1 - tie),
    )


def sigmoid(x: FloatArray) -> FloatArray:
    """1 / (1 + e^-x), without overflow."""
    p: FloatArray = np.exp(-np.logaddexp(0.0, -x))
    return p
