"""Agreement of any number of labelers over an items x categories table of counts.

N[i, q]: how many labelers gave item i category q; r_i: its row sum; Q: categories of the scale,
observed or not. pi_q, the share of a category, is the mean of N[i, q] / r_i over the items with
a rating, each item weighing the same; the observed agreement p_a is the mean over the items with
two or more of sum_q N[i, q] (N*[i, q] - 1) / (r_i (r_i - 1)), where N* = N W. This is the general
form, for tables with missing judgments too, of

- Fleiss 1971, Psychological Bulletin 76 (kappa);
- Gwet 2008, Br. J. Math. Stat. Psychol. 61 (AC1); Gwet 2014, Handbook of Inter-Rater Reliability,
  4th ed. (AC2, Brennan-Prediger and weights); Brennan & Prediger 1981, Educ. Psychol. Meas. 41.

Each function takes counts (items, Q) or a `RatingTable`, which brings intervals; `values` (Q,)
are the numbers behind the categories for weights that use them.
"""

from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from annotation.quality.stats.estimate import Estimate, FloatArray
from annotation.quality.stats.rating_table import (
    RatingTable,
    Terms,
    as_table,
    divide,
    divide_or_zero,
)
from annotation.quality.stats.weights import Weights, agreement_weights, name_weights

TIE = 1  # of the three outcomes of a comparison, in their order


def pairwise_agreement(
    counts: ArrayLike | RatingTable, average: Literal["micro", "macro"]
) -> Estimate:
    """Raw agreement: the share of pairs of labelers that gave the same category.

    micro: over all pairs of all items together; macro: the mean of the items' shares.
    """
    if average not in ("micro", "macro"):
        raise ValueError(f"average is micro or macro, not {average}")

    def terms(rows: FloatArray, selves: FloatArray) -> FloatArray:
        same, possible = _pairs(rows, selves)
        if average == "macro":
            same, possible = divide_or_zero(same, possible), (possible > 0).astype(np.float64)
        return np.stack([same, possible], axis=1)

    def combine(sums: FloatArray) -> FloatArray:
        return divide(sums[:, 0], sums[:, 1])

    return as_table(counts).estimate(terms, combine, method=f"raw agreement, {average}")


def fleiss_kappa(
    counts: ArrayLike | RatingTable,
    weights: Weights = "identity",
    values: ArrayLike | None = None,
) -> Estimate:
    """(p_a - p_e) / (1 - p_e) with p_e = sum_kl w_kl pi_k pi_l."""
    table = as_table(counts)
    w = agreement_weights(weights, table.n_categories, values)

    def combine(sums: FloatArray) -> FloatArray:
        observed, shares = _observed_and_shares(sums)
        return _corrected(observed, np.einsum("bk,kl,bl->b", shares, w, shares))

    name = f"Fleiss' kappa, {name_weights(weights)}"
    return table.estimate(_weighted_terms(w), combine, method=name)


def gwet_ac(
    counts: ArrayLike | RatingTable,
    weights: Weights = "identity",
    values: ArrayLike | None = None,
) -> Estimate:
    """AC1 (identity weights) or AC2: p_e = sum(w) / (Q (Q - 1)) * sum_q pi_q (1 - pi_q).

    Needs a scale of two or more categories. One observed category gives 1.0, flagged
    low_variation.
    """
    table = as_table(counts)
    q = table.n_categories
    w = agreement_weights(weights, q, values)

    def combine(sums: FloatArray) -> FloatArray:
        if q < 2:
            return np.full(len(sums), np.nan)
        observed, shares = _observed_and_shares(sums)
        chance = w.sum() / (q * (q - 1)) * (shares * (1 - shares)).sum(axis=1)
        return _corrected(observed, chance)

    kind = "AC1" if isinstance(weights, str) and weights == "identity" else "AC2"
    name = f"Gwet's {kind}, {name_weights(weights)}"
    return table.estimate(_weighted_terms(w), combine, method=name, flags=_variation_flags(table))


def brennan_prediger(
    counts: ArrayLike | RatingTable,
    weights: Weights = "identity",
    values: ArrayLike | None = None,
) -> Estimate:
    """p_e = sum(w) / Q^2: every category of the scale equally likely by chance.

    Flagged low_variation when one category was observed.
    """
    table = as_table(counts)
    w = agreement_weights(weights, table.n_categories, values)

    def combine(sums: FloatArray) -> FloatArray:
        observed, _ = _observed_and_shares(sums)
        return _corrected(observed, np.full(len(sums), w.sum() / w.shape[0] ** 2))

    name = f"Brennan-Prediger, {name_weights(weights)}"
    return table.estimate(_weighted_terms(w), combine, method=name, flags=_variation_flags(table))


def comparison_kappa(counts: ArrayLike | RatingTable) -> Estimate:
    """Kappa of comparisons with ties that no display order can move.

    counts (comparisons, 3): lower better, tie, higher better. Chance is
    p_E = t^2 + 2 ((1 - t) / 2)^2, t the share of ties: whoever does not tie picks either side
    with one half. Observed: raw agreement, micro; t over the ratings that meet another one.
    Undefined (no_variation) when everything is a tie.
    """
    table = as_table(counts)
    if table.n_categories != 3:
        raise ValueError("a comparison has three outcomes: lower better, tie, higher better")

    def terms(rows: FloatArray, selves: FloatArray) -> FloatArray:
        same, possible = _pairs(rows, selves)
        meets = possible > 0
        return np.stack([same, possible, rows[:, TIE] * meets, rows.sum(axis=1) * meets], axis=1)

    def combine(sums: FloatArray) -> FloatArray:
        t = divide(sums[:, 2], sums[:, 3])
        return _corrected(divide(sums[:, 0], sums[:, 1]), t**2 + (1 - t) ** 2 / 2)

    return table.estimate(terms, combine, method="kappa of comparisons with ties")


def _pairs(rows: FloatArray, selves: FloatArray) -> tuple[FloatArray, FloatArray]:
    """(rows,) ordered pairs of two labelers with the same category, and all of them."""
    alone = selves.sum(axis=1)
    return (rows**2).sum(axis=1) - alone, rows.sum(axis=1) ** 2 - alone


def _weighted_terms(w: FloatArray) -> Terms:
    """Per row: p_a of it, whether it has one, its shares of the categories, whether it has any."""

    def terms(rows: FloatArray, selves: FloatArray) -> FloatArray:
        ratings, alone = rows.sum(axis=1), selves.sum(axis=1)
        possible = ratings**2 - alone
        agreed = (rows * (rows @ w)).sum(axis=1) - alone
        shares = divide_or_zero(rows, ratings[:, None])
        return np.column_stack(
            [divide_or_zero(agreed, possible), possible > 0, shares, ratings > 0]
        )

    return terms


def _observed_and_shares(sums: FloatArray) -> tuple[FloatArray, FloatArray]:
    """(draws,) p_a and (draws, Q) pi."""
    return divide(sums[:, 0], sums[:, 1]), divide(sums[:, 2:-1], sums[:, -1:])


def _corrected(observed: FloatArray, chance: FloatArray) -> FloatArray:
    return divide(observed - chance, 1 - chance)


def _variation_flags(table: RatingTable) -> tuple[str, ...]:
    return ("low_variation",) if table.n_observed == 1 else ()
