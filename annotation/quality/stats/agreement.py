"""Agreement of any number of labelers over an items x categories table of counts.

N[i, q]: how many labelers gave item i category q; r_i: its row sum; Q: categories of the scale,
observed or not. pi_q, the share of a category, is the mean of N[i, q] / r_i over the items with
a rating, each item weighing the same; the observed agreement p_a is the mean over the items with
two or more of sum_q N[i, q] (N*[i, q] - 1) / (r_i (r_i - 1)), where N* = N W. This is the general
form, for tables with missing judgments too, of

- Fleiss 1971, Psychological Bulletin 76 (kappa);
- Gwet 2008, Br. J. Math. Stat. Psychol. 61 (AC1); Gwet 2014, Handbook of Inter-Rater Reliability,
  4th ed. (AC2, Brennan-Prediger and weights).

Each function takes counts (items, Q) or a `RatingTable`, which brings intervals.
"""

from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from annotation.quality.stats.estimate import Estimate, FloatArray
from annotation.quality.stats.rating_table import RatingTable, as_table, divide
from annotation.quality.stats.weights import Weights, agreement_weights


def pairwise_agreement(
    counts: ArrayLike | RatingTable, average: Literal["micro", "macro"]
) -> Estimate:
    """Raw agreement: the share of pairs of labelers that gave the same category.

    micro: over all pairs of all items together; macro: the mean of the items' shares.
    """
    table = as_table(counts)
    same = (table.rows * (table.rows - 1)).sum(axis=1)
    possible = table.ratings * (table.ratings - 1)
    if average == "macro":
        same = np.nan_to_num(divide(same, possible))
        possible = table.pairable
    elif average != "micro":
        raise ValueError(f"average is micro or macro, not {average}")

    def statistic(weights: FloatArray) -> FloatArray:
        return divide(weights @ same, weights @ possible)

    return table.estimate(statistic, method=f"raw agreement, {average}")


def fleiss_kappa(counts: ArrayLike | RatingTable, weights: Weights = "identity") -> Estimate:
    """(p_a - p_e) / (1 - p_e) with p_e = sum_kl w_kl pi_k pi_l."""
    table = as_table(counts)
    w = agreement_weights(weights, table.n_categories)

    def statistic(of_rows: FloatArray) -> FloatArray:
        shares = _category_shares(table, of_rows)
        chance = np.einsum("bk,kl,bl->b", shares, w, shares)
        return _corrected(_observed(table, of_rows, w), chance)

    return table.estimate(statistic, method=f"Fleiss' kappa, {_name(weights)}")


def gwet_ac(counts: ArrayLike | RatingTable, weights: Weights = "identity") -> Estimate:
    """AC1 (identity weights) or AC2: p_e = sum(w) / (Q (Q - 1)) * sum_q pi_q (1 - pi_q).

    Needs a scale of two or more categories. One observed category gives 1.0, flagged
    low_variation.
    """
    table = as_table(counts)
    q = table.n_categories
    w = agreement_weights(weights, q)

    def statistic(of_rows: FloatArray) -> FloatArray:
        if q < 2:
            return np.full(len(of_rows), np.nan)
        shares = _category_shares(table, of_rows)
        chance = w.sum() / (q * (q - 1)) * (shares * (1 - shares)).sum(axis=1)
        return _corrected(_observed(table, of_rows, w), chance)

    kind = "AC1" if isinstance(weights, str) and weights == "identity" else "AC2"
    return table.estimate(
        statistic, method=f"Gwet's {kind}, {_name(weights)}", flags=_variation_flags(table)
    )


def brennan_prediger(counts: ArrayLike | RatingTable, weights: Weights = "identity") -> Estimate:
    """p_e = sum(w) / Q^2: every category of the scale equally likely by chance.

    Flagged low_variation when one category was observed.
    """
    table = as_table(counts)
    w = agreement_weights(weights, table.n_categories)

    def statistic(of_rows: FloatArray) -> FloatArray:
        return _corrected(
            _observed(table, of_rows, w), np.full(len(of_rows), w.sum() / w.shape[0] ** 2)
        )

    return table.estimate(
        statistic, method=f"Brennan-Prediger, {_name(weights)}", flags=_variation_flags(table)
    )


def _observed(table: RatingTable, of_rows: FloatArray, w: FloatArray) -> FloatArray:
    """(draws,) p_a."""
    agreed = (table.rows * (table.rows @ w - 1)).sum(axis=1)
    share = np.nan_to_num(divide(agreed, table.ratings * (table.ratings - 1)))
    return divide(of_rows @ share, of_rows @ table.pairable)


def _category_shares(table: RatingTable, of_rows: FloatArray) -> FloatArray:
    """(draws, Q) pi."""
    rated = (table.ratings >= 1).astype(np.float64)
    share = np.nan_to_num(divide(table.rows, table.ratings[:, None]))
    return divide(of_rows @ share, (of_rows @ rated)[:, None])


def _corrected(observed: FloatArray, chance: FloatArray) -> FloatArray:
    return divide(observed - chance, 1 - chance)


def _variation_flags(table: RatingTable) -> tuple[str, ...]:
    return ("low_variation",) if table.n_observed == 1 else ()


def _name(weights: Weights) -> str:
    return f"{weights} weights" if isinstance(weights, str) else "own weights"
