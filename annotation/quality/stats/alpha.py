"""Krippendorff's alpha (Krippendorff 2011, "Computing Krippendorff's Alpha-Reliability")."""

from typing import Literal, get_args

import numpy as np
from numpy.typing import ArrayLike

from annotation.quality.stats.estimate import Estimate, FloatArray
from annotation.quality.stats.rating_table import (
    RatingTable,
    as_table,
    divide,
    divide_or_zero,
)

Level = Literal["nominal", "ordinal", "interval", "ratio"]


def krippendorff_alpha(
    counts: ArrayLike | RatingTable, level: Level, values: ArrayLike | None = None
) -> Estimate:
    """alpha = 1 - (n - 1) sum_ck o_ck d_ck / sum_ck n_c n_k d_ck.

    counts: (items, Q) or a RatingTable, categories in the order of the scale. o: coincidences,
    sum over items with two or more ratings of (N_c N_k - [c = k] N_c) / (r - 1); n_c its row
    sums, n their sum. d, the squared difference: nominal [c != k]; interval (v_c - v_k)^2;
    ratio ((v_c - v_k) / (v_c + v_k))^2; ordinal (sum of n_g for g = c..k - (n_c + n_k) / 2)^2,
    which needs the order of the categories only. values (Q,): the numbers behind the
    categories, for interval and ratio (1, 2, 3 ... if left out); they must increase.
    """
    table = as_table(counts)
    if level not in get_args(Level):
        raise ValueError(f"unknown level of measurement: {level}")
    q = table.n_categories
    scale = np.arange(1, q + 1) if values is None else np.asarray(values)
    if scale.shape != (q,) or (np.diff(scale) <= 0).any():
        raise ValueError(f"values: {q} increasing numbers, in the order of the categories")

    def combine(sums: FloatArray) -> FloatArray:
        o = sums.reshape(-1, q, q)
        marginals = o.sum(axis=2)
        n = marginals.sum(axis=1)
        d = _squared_difference(level, scale.astype(np.float64), marginals)
        expected = np.einsum("bc,bk,bck->b", marginals, marginals, d)
        return 1.0 - divide((n - 1) * (o * d).sum(axis=(1, 2)), expected)

    return table.estimate(_coincidences, combine, method=f"Krippendorff's alpha, {level}")


def _coincidences(rows: FloatArray, selves: FloatArray) -> FloatArray:
    """(rows, Q * Q) what each row adds to the coincidence matrix: as much as it has ratings."""
    q = rows.shape[1]
    pairs = rows[:, :, None] * rows[:, None, :]
    pairs[:, np.arange(q), np.arange(q)] -= selves
    ratings = rows.sum(axis=1)
    scale = divide_or_zero(ratings, ratings**2 - selves.sum(axis=1))  # 1 / (r - 1)
    weighed: FloatArray = pairs * scale[:, None, None]
    return weighed.reshape(len(rows), q * q)


def _squared_difference(level: Level, values: FloatArray, marginals: FloatArray) -> FloatArray:
    """(1 or draws, Q, Q)."""
    q = len(values)
    if level == "nominal":
        return (1.0 - np.eye(q))[None]
    if level == "ordinal":
        # sum_{g=c..k} n_g - (n_c + n_k) / 2 is the distance between the middles of c and k
        # on the axis of cumulated marginals.
        middle = marginals.cumsum(axis=1) - marginals / 2
        steps: FloatArray = middle[:, :, None] - middle[:, None, :]
        return steps**2
    difference = values[:, None] - values[None, :]
    if level == "ratio":
        difference = divide_or_zero(difference, values[:, None] + values[None, :])
    squared: FloatArray = difference[None] ** 2
    return squared
