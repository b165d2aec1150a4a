"""Agreement weights: how much of an agreement two different categories still are."""

from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from annotation.quality.stats.estimate import FloatArray

WeightName = Literal["identity", "linear", "quadratic", "ordinal"]
Weights = WeightName | FloatArray


def agreement_weights(
    weights: Weights, n_categories: int, values: ArrayLike | None = None
) -> FloatArray:
    """(Q, Q) matrix with 1 on the diagonal.

    linear 1 - |a - b| / range, quadratic 1 - (a - b)^2 / range^2, ordinal
    1 - C(|i - j| + 1, 2) / C(Q, 2) (Gwet 2014, ch. 3). values (Q,): the numbers behind the
    categories where they are not equidistant; the scale is all of it, observed or not. A matrix
    is taken as it is. Raises ValueError for a matrix of another shape or without ones on the
    diagonal.
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
    scale = np.arange(n_categories) if values is None else np.asarray(values)
    if scale.shape != (n_categories,):
        raise ValueError(f"one value for each of the {n_categories} categories, please")
    distance = np.abs(scale[:, None] - scale[None, :]).astype(np.float64)
    widest = float(distance.max())
    if widest == 0:
        raise ValueError("the values of a scale must differ")
    if weights == "linear":
        return 1.0 - distance / widest
    if weights == "quadratic":
        return 1.0 - (distance / widest) ** 2
    steps = np.abs(np.subtract.outer(np.arange(n_categories), np.arange(n_categories)))
    return 1.0 - (steps + 1) * steps / (n_categories * (n_categories - 1))


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
