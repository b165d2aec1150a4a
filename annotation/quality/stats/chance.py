"""Distributions and tests in closed form: numpy brings none. scipy is their oracle in tests."""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from annotation.quality.stats.estimate import BoolArray, FloatArray, Interval

# A probability mass this much above another still counts as equal: rounding differs, ties do not.
_EQUAL = 1.0 + 1e-7
_TINY = 1e-300


def log_gamma(x: ArrayLike) -> FloatArray:
    """log Γ(x) for x > 0, elementwise: shifted to x >= 8, then Stirling's series."""
    shifted = np.array(x, dtype=np.float64, copy=True)
    below = np.zeros_like(shifted)
    for _ in range(8):
        small = shifted < 8
        below[small] += np.log(shifted[small])
        shifted[small] += 1
    series = 1 / (12 * shifted) - 1 / (360 * shifted**3) + 1 / (1260 * shifted**5)
    series -= 1 / (1680 * shifted**7)
    value: FloatArray = (shifted - 0.5) * np.log(shifted) - shifted + series - below
    return value + 0.5 * math.log(2 * math.pi)


def binomial_masses(n: int, p: float) -> FloatArray:
    """(n + 1,) probability of 0 … n successes."""
    if p in (0.0, 1.0):
        masses = np.zeros(n + 1)
        masses[0 if p == 0.0 else n] = 1.0
        return masses
    k = np.arange(n + 1)
    choose = log_gamma(n + 1.0) - log_gamma(k + 1.0) - log_gamma(n - k + 1.0)
    found: FloatArray = np.exp(choose + k * math.log(p) + (n - k) * math.log1p(-p))
    return found


def binomial_test(successes: int, n: int, p: float = 0.5) -> float:
    """Exact two-sided p-value: the mass of all counts no likelier than the one seen."""
    if not 0 <= successes <= n:
        raise ValueError(f"{successes} of {n} is no share")
    masses = binomial_masses(n, p)
    return min(1.0, float(masses[masses <= masses[successes] * _EQUAL].sum()))


def binomial_tail(successes: int, n: int, p: float) -> float:
    """P(X >= successes), X binomial."""
    return min(1.0, float(binomial_masses(n, p)[max(0, successes) :].sum()))


def poisson_binomial_tail(successes: int, chances: ArrayLike) -> float:
    """P(X >= successes), X the number of successes of independent trials, each with its own
    chance. Exact, by convolution."""
    masses = np.ones(1)
    for chance in np.asarray(chances, dtype=np.float64):
        grown = np.zeros(masses.size + 1)
        grown[:-1] = masses * (1 - chance)
        grown[1:] += masses * chance
        masses = grown
    return min(1.0, float(masses[max(0, successes) :].sum()))


def normal_tail(z: float) -> float:
    """P(Z >= z)."""
    return 0.5 * math.erfc(z / math.sqrt(2))


def two_sided(z: float) -> float:
    return math.erfc(abs(z) / math.sqrt(2))


def chi_square_tail(x: float, degrees: float) -> float:
    """P(X >= x): the upper regularised incomplete gamma function (series below its mean, continued
    fraction above; Press et al., Numerical Recipes, 6.2)."""
    a, half = degrees / 2, x / 2
    if half <= 0:
        return 1.0
    scale = math.exp(a * math.log(half) - half - math.lgamma(a))
    if half < a + 1:
        term = total = 1 / a
        n = a
        while abs(term) > abs(total) * 1e-15:
            n += 1
            term *= half / n
            total += term
        return max(0.0, 1 - total * scale)
    b = half + 1 - a
    c, d = 1 / _TINY, 1 / b
    fraction = d
    for i in range(1, 10_000):
        step = -i * (i - a)
        b += 2
        d = 1 / (step * d + b or _TINY)
        c = b + step / c or _TINY
        fraction *= d * c
        if abs(d * c - 1) < 1e-15:
            break
    return min(1.0, scale * fraction)


def beta_share(x: float, a: float, b: float) -> float:
    """P(X <= x), X Beta(a, b): the regularised incomplete beta function by its continued fraction
    (Numerical Recipes, 6.4)."""
    if x <= 0:
        return 0.0
    if x >= 1:
        return 1.0
    if x > (a + 1) / (a + b + 2):
        return 1.0 - beta_share(1 - x, b, a)
    log_scale = math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b)
    scale = math.exp(log_scale + a * math.log(x) + b * math.log1p(-x)) / a
    c, d = 1.0, 1 / (1 - (a + b) * x / (a + 1) or _TINY)
    fraction = d
    for m in range(1, 10_000):
        even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        d, c = 1 / (1 + even * d or _TINY), 1 + even / c or _TINY
        fraction *= d * c
        odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        d, c = 1 / (1 + odd * d or _TINY), 1 + odd / c or _TINY
        fraction *= d * c
        if abs(d * c - 1) < 1e-15:
            break
    return min(1.0, scale * fraction)


def beta_quantile(share: float, a: float, b: float) -> float:
    """x with P(X <= x) = share, by bisection."""
    low, high = 0.0, 1.0
    for _ in range(60):
        middle = (low + high) / 2
        if beta_share(middle, a, b) < share:
            low = middle
        else:
            high = middle
    return (low + high) / 2


def beta_interval(a: float, b: float, confidence: float = 0.95) -> Interval:
    """Equal-tailed credible interval of Beta(a, b)."""
    tail = (1 - confidence) / 2
    return beta_quantile(tail, a, b), beta_quantile(1 - tail, a, b)


def adjust_for_discoveries(p_values: Sequence[float | None]) -> list[float | None]:
    """Benjamini–Hochberg adjusted p-values, in the order given; None stays None and is no test.

    Rejecting all at or below q keeps the expected share of false ones among them at or below q
    (Benjamini & Hochberg 1995), independent or positively dependent.
    """
    known = [place for place, p in enumerate(p_values) if p is not None]
    p = np.array([p_values[place] for place in known], dtype=np.float64)
    if p.size and (not np.isfinite(p).all() or p.min() < 0 or p.max() > 1):
        raise ValueError("a p-value lies between 0 and 1")
    order = np.argsort(p, kind="stable")
    raised = p[order] * p.size / np.arange(1, p.size + 1)
    smallest_above = np.minimum.accumulate(raised[::-1])[::-1]
    adjusted: list[float | None] = [None] * len(p_values)
    for position, place in enumerate(order):
        adjusted[known[place]] = float(min(1.0, smallest_above[position]))
    return adjusted


def discoveries(p_values: Sequence[float | None], level: float) -> BoolArray:
    """Which tests are rejected at that false-discovery rate."""
    adjusted = adjust_for_discoveries(p_values)
    return np.array([q is not None and q <= level for q in adjusted], dtype=np.bool_)
