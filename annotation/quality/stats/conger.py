"""Conger's kappa: Cohen's for more than two identified labelers, missing ratings allowed."""

import numpy as np
from numpy.typing import ArrayLike

from annotation.quality.stats.agreement import pairwise_agreement
from annotation.quality.stats.estimate import Estimate, FloatArray
from annotation.quality.stats.rating_table import divide, divide_or_zero
from annotation.quality.stats.ratings import Ratings
from annotation.quality.stats.weights import Weights, agreement_weights, name_weights


def conger_kappa(
    ratings: Ratings, weights: Weights = "identity", values: ArrayLike | None = None
) -> Estimate:
    """(p_a - p_e) / (1 - p_e) with chance from each labeler's own shares of the categories.

    p_e = sum_kl w_kl (mean_k mean_l - s_kl / m), mean and covariance s of the m labelers' shares
    (Conger 1980, Psychological Bulletin 88; Gwet 2014, eq. 2.18); two labelers who rated the
    same units: Cohen's kappa. Undefined (no_variation) when all gave one category. No interval:
    a resample of labelers has copies, of which the covariance of few knows nothing.
    """
    w = agreement_weights(weights, ratings.n_categories, values)
    raw = pairwise_agreement(ratings.counts(), "macro")
    value = None
    if raw.value is not None:
        shares = _shares_by_labeler(ratings)
        mean = shares.mean(axis=0)
        spread = np.cov(shares, rowvar=False).reshape(w.shape) / len(shares)
        chance = (w * (np.outer(mean, mean) - spread)).sum()
        number = float(divide(np.array(_observed(ratings, w) - chance), np.array(1 - chance)))
        value = number if np.isfinite(number) else None
    return Estimate(
        value,
        None if value is not None else (raw.reason or "no_variation"),
        n_items=raw.n_items,
        n_pairable=raw.n_pairable,
        n_ratings=raw.n_ratings,
        method=f"Conger's kappa, {name_weights(weights)}",
    )


def _shares_by_labeler(ratings: Ratings) -> FloatArray:
    """(labelers with a rating, Q)."""
    flat = np.bincount(
        ratings.labeler * ratings.n_categories + ratings.category,
        minlength=ratings.n_labelers * ratings.n_categories,
    )
    counts = flat.reshape(ratings.n_labelers, ratings.n_categories).astype(np.float64)
    counts = counts[counts.sum(axis=1) > 0]
    shares: FloatArray = counts / counts.sum(axis=1, keepdims=True)
    return shares


def _observed(ratings: Ratings, w: FloatArray) -> float:
    counts = ratings.counts().astype(np.float64)
    counts = counts[counts.sum(axis=1) >= 2]
    r = counts.sum(axis=1)
    return float(divide_or_zero((counts * (counts @ w - 1)).sum(axis=1), r * (r - 1)).mean())
