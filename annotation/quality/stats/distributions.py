"""Chi-squared, F and Student's t by their incomplete gamma and beta functions.

Series and continued fractions: Abramowitz & Stegun 1964, 6.5.29, 6.5.31 and 26.5.8, the
fractions evaluated by Lentz's method (Lentz 1976, Applied Optics 15).
"""

import math
from collections.abc import Iterator
from functools import lru_cache

_TINY = 1e-300
_PRECISION = 1e-15
_MOST_STEPS = 10_000


def chi2_survival(x: float, df: float) -> float:
    """P(X > x) of chi-squared with df > 0 degrees of freedom."""
    _check(df)
    if x <= 0:
        return 1.0
    a, half = df / 2, x / 2
    scale = math.exp(a * math.log(half) - half - math.lgamma(a))
    if half < a + 1:
        return max(0.0, 1.0 - scale * _gamma_series(a, half))
    steps = ((-k * (k - a), half + 2 * k + 1 - a) for k in range(1, _MOST_STEPS))
    return min(1.0, scale / _fraction(half + 1 - a, steps))


def f_survival(x: float, df1: float, df2: float) -> float:
    """P(X > x) of F with df1, df2 > 0 degrees of freedom."""
    _check(df1, df2)
    return 1.0 if x <= 0 else _beta(df2 / 2, df1 / 2, df2 / (df2 + df1 * x))


def f_quantile(p: float, df1: float, df2: float) -> float:
    """The x that F stays under with probability p, 0 < p < 1."""
    if not 0 < p < 1:
        raise ValueError("a quantile needs a probability between 0 and 1")
    low, high = -700.0, 700.0  # of log x: the tails of few degrees of freedom are long
    for _ in range(100):
        middle = (low + high) / 2
        if f_survival(math.exp(middle), df1, df2) > 1 - p:
            low = middle
        else:
            high = middle
    return math.exp((low + high) / 2)


@lru_cache(maxsize=1024)
def t_quantile(p: float, df: float) -> float:
    """The x that Student's t stays under with probability p, 1/2 < p < 1: its square is F."""
    if not 0.5 < p < 1:
        raise ValueError("a quantile of the upper half")
    return math.sqrt(f_quantile(2 * p - 1, 1.0, df))


def _check(*degrees: float) -> None:
    if min(degrees) <= 0:
        raise ValueError("degrees of freedom must be positive")


def _gamma_series(a: float, x: float) -> float:
    term = total = 1.0 / a
    for k in range(1, _MOST_STEPS):
        term *= x / (a + k)
        total += term
        if term < total * _PRECISION:
            break
    return total


def _beta(a: float, b: float, x: float) -> float:
    """I_x(a, b), the regularised incomplete beta function."""
    if x <= 0 or x >= 1:
        return float(x >= 1)
    if x > (a + 1) / (a + b + 2):  # the fraction converges fast on this side only
        return max(0.0, 1.0 - _beta(b, a, 1 - x))
    log = math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b)
    log += a * math.log(x) + b * math.log1p(-x)
    return min(1.0, math.exp(log) / (a * _fraction(1.0, _beta_steps(a, b, x))))


def _beta_steps(a: float, b: float, x: float) -> Iterator[tuple[float, float]]:
    for m in range(_MOST_STEPS):
        yield -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1)), 1.0
        k = m + 1
        yield k * (b - k) * x / ((a + 2 * k - 1) * (a + 2 * k)), 1.0


def _fraction(first: float, steps: Iterator[tuple[float, float]]) -> float:
    """first + a1 / (b1 + a2 / (b2 + ...)) of the steps (a, b)."""
    value = c = first or _TINY
    d = 0.0
    for a, b in steps:
        d = 1.0 / ((b + a * d) or _TINY)
        c = (b + a / c) or _TINY
        value *= c * d
        if abs(c * d - 1) < _PRECISION:
            break
    return value
