"""Agreement weights: how much of an agreement two different categories still are."""

from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from annotation.quality.stats.estimate import FloatArray

WeightName = Literal["identity", "linear", "quadratic", "ordinal", "radical", "ratio"]
Weights = WeightName | FloatArray


def agreement_weights(
    weights: Weights, n_categories: int, values: ArrayLike | None = None
) -> FloatArray:
    """(Q, Q) matrix with 1 on the diagonal.

    linear 1 - |a - b| / range, quadratic 1 - (a - b)^2 / range^2, radical
    1 - sqrt(|a - b| / range), ratio 1 - ((a - b) / (a + b))^2 over its largest, ordinal
    1 - C(|i - j| + 1, 2) / C(Q, 2) (Gwet 2014, ch. 3). values (Q,): the numbers behind the
    categories where they are not equidistant, 1, 2, 3 ... if left out; the scale is all of it,
    observed or not. A matrix is taken as it is. Raises ValueError for a matrix of another shape
    or without ones on the diagonal, for values that do not increase, and for ratios
    of values that are not positive.
    """
    if not isinstance(weights, str):
        matrix = np.asarray(weights, dtype=np.float64)
        if matrix.shape != (n_categories, n_categories):
            raise ValueError(f"weights must be {n_categories} x {n_categories}")
        if not np.allclose(np.diag(matrix), 1.0):
            raise ValueError("equal categories agree fully: the diagonal must be 1")
        return matrix
    if weights == "identity" or n_categories == 1:
        return np.eye(n_categories)
    scale = np.arange(1.0, n_categories + 1) if values is None else np.asarray(values, np.float64)
    if scale.shape != (n_categories,):
        raise ValueError(f"one value for each of the {n_categories} categories, please")
    if not (np.diff(scale) > 0).all():
        raise ValueError("the values of a scale increase")
    if weights == "ordinal":
        place = np.arange(n_categories)
        steps = np.abs(place[:, None] - place[None, :])
        return 1.0 - (steps + 1) * steps / (n_categories * (n_categories - 1))
    difference = np.abs(scale[:, None] - scale[None, :])
    if weights == "ratio":
        if scale[0] <= 0:
            raise ValueError("ratio weights need positive values")
        difference = difference / (scale[:, None] + scale[None, :])
    power = {"linear": 1.0, "quadratic": 2.0, "ratio": 2.0, "radical": 0.5}
    if weights not in power:
        raise ValueError(f"unknown weights: {weights}")
    return np.asarray(1.0 - (difference / difference.max()) ** power[weights])


def name_weights(weights: Weights) -> str:
    return f"{weights} weights" if isinstance(weights, str) else "own weights"


def weights_from_disagreement(disagreement: ArrayLike) -> FloatArray:
    """Agreement weights of a table of disagreement weights v >= 0 (Cohen 1968): 1 - v / max v.

    Weighted kappa is the same for either table.
    """
    matrix = np.asarray(disagreement, dtype=np.float64)
    if matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1] or np.diag(matrix).any():
        raise ValueError("disagreement weights: a square table with zeros on the diagonal")
    if matrix.min() < 0 or matrix.max() == 0:
        raise ValueError("disagreement weights: none negative, at least one above 0")
    weights: FloatArray = 1.0 - matrix / matrix.max()
    return weights
