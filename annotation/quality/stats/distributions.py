"""F and Student's t, by the incomplete beta function of `chance`."""

import math
from functools import lru_cache

from annotation.quality.stats.chance import beta_share


def f_survival(x: float, df1: float, df2: float) -> float:
    """P(X > x) of F with df1, df2 > 0 degrees of freedom (Abramowitz & Stegun 1964, 26.6.2)."""
    if min(df1, df2) <= 0:
        raise ValueError("degrees of freedom must be positive")
    return 1.0 if x <= 0 else beta_share(df2 / (df2 + df1 * x), df2 / 2, df1 / 2)


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
