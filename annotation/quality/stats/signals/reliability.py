"""How a labeler's answers relate to what the others make of the same items.

What the others believe of an item is the Dawid-Skene posterior without this labeler's own label:
with it, everybody agrees with themselves. Given those beliefs q (judgments, Q), the expected value
of an answer is exactly linear in q, so confusion, accuracy and direction are least squares
with a robust (HC1) error, in closed form, and unbiased though the truth is not known: doubt in q
is the regressor, not noise in it.
"""

import math

import numpy as np

from annotation.quality.stats.chance import normal_tail
from annotation.quality.stats.dawid_skene import DawidSkeneFit
from annotation.quality.stats.estimate import FloatArray
from annotation.quality.stats.labels import Labels
from annotation.quality.stats.signals.record import (
    Signal,
    adjusted,
    mean_interval,
    rows_by,
    undefined,
)

LEAST_AGREEMENT = 10
LEAST_RELIABILITY = 20
# Of the median labeler's direction: who is surely below it is looked at, see `findings.Limits`.
RANDOM_BELOW = 0.5
_Z = 1.959964


def beliefs_without_self(labels: Labels, fit: DawidSkeneFit) -> FloatArray:
    """(ratings, Q): what the others make of the item of each rating."""
    with np.errstate(divide="ignore", invalid="ignore"):
        theirs = np.log(fit.posterior[labels.item])
        own = np.log(fit.confusion[labels.labeler, :, labels.category])
        # A gold item's posterior is certain and stays so.
        logs = np.where(np.isneginf(theirs), -np.inf, theirs - np.maximum(own, -700.0))
    logs -= logs.max(axis=1, initial=-np.inf, keepdims=True)
    beliefs = np.exp(logs)
    shared: FloatArray = beliefs / beliefs.sum(axis=1, keepdims=True)
    return shared


def agreement_with_others(labels: Labels) -> list[Signal]:
    """Mean share of the others on an item who gave the same category; items judged alone are left
    out. The interval is normal, over items."""
    method = "share of the others who say the same"
    counts = labels.counts()
    same = counts[labels.item, labels.category] - 1
    others = counts.sum(axis=1)[labels.item] - 1
    found = []
    for rows in rows_by(labels.labeler, labels.n_labelers):
        rows = rows[others[rows] > 0]
        if rows.size < LEAST_AGREEMENT:
            found.append(undefined(rows.size, LEAST_AGREEMENT, method))
            continue
        mean, ci = mean_interval(same[rows] / others[rows])
        found.append(Signal(mean, None, rows.size, LEAST_AGREEMENT, method, ci))
    return found


def reliability(labels: Labels, beliefs: FloatArray) -> list[Signal]:
    """Chance to be right, by Dawid-Skene without the labeler's own label (one coin): the slope of
    q of the category given on what a coin of that accuracy would give."""
    method = "accuracy given what the others believe, one coin"
    width = max(2, labels.n_categories)
    given = beliefs[np.arange(len(labels)), labels.category]
    # E[given] = a Σq² + (1 − a)(1 − Σq²)/(Q − 1)
    certain = (beliefs**2).sum(axis=1)
    wrong = (1 - certain) / (width - 1)
    found = []
    for rows in rows_by(labels.labeler, labels.n_labelers):
        x, y = (certain - wrong)[rows], (given - wrong)[rows]
        if rows.size < LEAST_RELIABILITY or float((x**2).sum()) < 1e-9:
            found.append(
                undefined(
                    rows.size,
                    LEAST_RELIABILITY,
                    method,
                    None if rows.size < LEAST_RELIABILITY else "no_variation",
                )
            )
            continue
        slope, error = _slope(x[:, None], y)
        ci = (max(0.0, slope - _Z * error), min(1.0, max(0.0, slope + _Z * error)))
        found.append(
            Signal(min(1.0, max(0.0, slope)), None, rows.size, LEAST_RELIABILITY, method, ci)
        )
    return found


def knowledge(labels: Labels, beliefs: FloatArray) -> list[Signal]:
    """Share of the answers that come from knowing, the rest being drawn from the labeler's own
    shares of answers whatever the item (the competence of Hovy et al. 2013, as a slope).

    1: perfect; 0: random or constant, however skewed; below 0: the other way round. Any
    categories. p: two-sided against 0.
    """
    method = "share of the answers that come from knowing"
    given = beliefs[np.arange(len(labels)), labels.category]
    certain = (beliefs**2).sum(axis=1)
    found = []
    for rows in rows_by(labels.labeler, labels.n_labelers):
        if rows.size < LEAST_RELIABILITY:
            found.append(undefined(rows.size, LEAST_RELIABILITY, method))
            continue
        shares = np.bincount(labels.category[rows], minlength=labels.n_categories) / rows.size
        drawn = beliefs[rows] @ shares
        x, y = certain[rows] - drawn, given[rows] - drawn
        if shares.max() == 1.0 or float((x**2).sum()) < 1e-9:
            found.append(undefined(rows.size, LEAST_RELIABILITY, method, "no_variation"))
            continue
        slope, error = _slope(x[:, None], y)
        p = math.erfc(abs(slope) / max(error, 1e-12) / math.sqrt(2))
        ci = (slope - _Z * error, slope + _Z * error)
        found.append(Signal(slope, None, rows.size, LEAST_RELIABILITY, method, ci, p=p))
    return adjusted(found)


def direction(labels: Labels, beliefs: FloatArray, values: FloatArray) -> list[Signal]:
    """Slope of the labeler's answer on what the others expect, on a scale of values (Q,).

    1: moves as the others do; 0: has nothing to do with them (random, constant); below 0: the
    other way round. For comparisons values are −1, 0, 1. p: two-sided against 0.
    """
    method = "slope of the answers on what the others expect"
    expected = beliefs @ values
    answered = values[labels.category]
    found = []
    for rows in rows_by(labels.labeler, labels.n_labelers):
        x, y = expected[rows], answered[rows]
        if rows.size < LEAST_RELIABILITY:
            found.append(undefined(rows.size, LEAST_RELIABILITY, method))
            continue
        if np.ptp(x) < 1e-9 or np.ptp(y) == 0:
            found.append(undefined(rows.size, LEAST_RELIABILITY, method, "no_variation"))
            continue
        slope, error = _slope(np.stack([x, np.ones_like(x)], axis=1), y)
        p = math.erfc(abs(slope) / max(error, 1e-12) / math.sqrt(2))
        ci = (slope - _Z * error, slope + _Z * error)
        found.append(
            Signal(slope, None, rows.size, LEAST_RELIABILITY, method, ci, typical=None, p=p)
        )
    return adjusted(found)


def against_the_crowd(slopes: list[Signal], share: float = RANDOM_BELOW) -> list[Signal]:
    """The same slopes, tested against `share` of the median labeler's: p is small for who is
    surely below it. Against the crowd's own, for hard work lowers everybody's slope."""
    known = [signal.value for signal in slopes if signal.value is not None]
    middle = float(np.median(known)) if known else 0.0
    found = []
    for signal in slopes:
        if signal.value is None or signal.ci is None or middle <= 0:
            found.append(signal)
            continue
        error = (signal.ci[1] - signal.ci[0]) / (2 * _Z)
        p = normal_tail((share * middle - signal.value) / max(error, 1e-12))
        found.append(
            Signal(
                signal.value,
                None,
                signal.n,
                signal.least_n,
                f"{signal.method}; p against {share} of the median labeler's",
                signal.ci,
                typical=middle,
                p=p,
            )
        )
    return adjusted(found)


def spammer_score(confusion: FloatArray) -> FloatArray:
    """(labelers,) 0 for who says the same whatever the truth (random, constant), 1 for a matrix
    that tells all categories apart, right or wrong (Raykar & Yu 2012, eq. 8, over all pairs of
    rows). confusion: (labelers, Q, Q)."""
    width = confusion.shape[1]
    if width < 2:
        return np.zeros(len(confusion))
    apart = ((confusion[:, :, None, :] - confusion[:, None, :, :]) ** 2).sum(axis=(1, 2, 3))
    score: FloatArray = apart / (2 * width * (width - 1))
    return score


def _slope(x: FloatArray, y: FloatArray) -> tuple[float, float]:
    """First coefficient of least squares, and its HC1 standard error."""
    bread = np.linalg.pinv(x.T @ x)
    beta = bread @ x.T @ y
    left = y - x @ beta
    scale = len(y) / max(1, len(y) - x.shape[1])
    meat = (x * left[:, None]).T @ (x * left[:, None]) * scale
    return float(beta[0]), math.sqrt(max(0.0, float((bread @ meat @ bread)[0, 0])))
