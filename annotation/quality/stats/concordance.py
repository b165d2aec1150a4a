"""Kendall's coefficient of concordance."""

import numpy as np
from numpy.typing import ArrayLike

from annotation.quality.stats.chance import chi_square_tail
from annotation.quality.stats.estimate import (
    Estimate,
    FloatArray,
    IntArray,
    Reason,
    Significance,
)
from annotation.quality.stats.rating_table import divide


def kendall_w(ranks: ArrayLike, tie_correction: bool = True) -> Estimate:
    """Kendall's coefficient of concordance of one set of responses.

    ranks: (labelers, responses), no gaps: larger is worse, any numbers do. Midranks;
    W = 12 S / (m^2 (n^3 - n) - m sum(t^3 - t)) with S the squared deviations of the rank sums
    from their mean and t the sizes of the ties (Kendall 1948; Siegel 1956). Without tie
    correction the sum over ties is left out. `test`: chi^2 = m (n - 1) W with n - 1 degrees of
    freedom, an approximation that is rough below about eight responses.
    """
    table = np.asarray(ranks, dtype=np.float64)
    if table.ndim != 2:
        raise ValueError("ranks must be a table of labelers by responses")
    if not np.isfinite(table).all():
        raise ValueError("every labeler ranks every response; see ranking_agreement for gaps")
    m, n = table.shape
    reason: Reason | None = None
    value = None
    test: Significance | None = None
    if m == 0 or n == 0:
        reason = "no_data"
    elif m == 1 or n == 1:
        reason = "no_pairable"
    else:
        w = float(concordance_by_block(table, np.array([0]), tie_correction=tie_correction)[0])
        if np.isfinite(w):
            value = min(1.0, w)
            chi_squared = m * (n - 1) * value
            test = Significance(chi_squared, (n - 1,), chi_square_tail(chi_squared, n - 1))
        else:
            reason = "all_tied"
    return Estimate(
        value,
        reason,
        n_items=1 if n else 0,
        n_pairable=int(m > 1 and n > 1),
        n_ratings=m,
        n_undefined=int(reason == "all_tied"),
        method="Kendall's W" + (", tie-corrected" if tie_correction else ""),
        test=test,
    )


def concordance_by_block(
    ranks: FloatArray, start: IntArray, tie_correction: bool = True
) -> FloatArray:
    """(items,) W of each block of rows [start[i], start[i + 1]), over the responses ranked in
    every row of the block; NaN where fewer than two are, or all are tied."""
    if len(start) == 0:
        return np.zeros(0)
    m = np.diff(np.append(start, len(ranks))).astype(np.float64)
    ranked_by = np.add.reduceat(np.isfinite(ranks).astype(np.int64), start, axis=0)
    common = ranked_by == m[:, None]
    n = common.sum(axis=1).astype(np.float64)
    mask = np.repeat(common, m.astype(np.int64), axis=0)
    better = (ranks[:, None, :] < ranks[:, :, None]) & mask[:, None, :]
    equal = (ranks[:, None, :] == ranks[:, :, None]) & mask[:, None, :]
    tied = np.where(mask, equal.sum(axis=2), 0)
    midrank = np.where(mask, better.sum(axis=2) + (tied + 1) / 2, 0.0)
    sums = np.add.reduceat(midrank, start, axis=0)
    deviation = np.where(common, sums - (m * (n + 1) / 2)[:, None], 0.0)
    # Each of the t members of a tie adds t^2 - 1; together that is t^3 - t.
    ties = np.add.reduceat(np.where(mask, tied**2 - 1, 0).sum(axis=1), start)
    most = m**2 * (n**3 - n) - (m * ties if tie_correction else 0.0)
    w: FloatArray = divide(12 * (deviation**2).sum(axis=1), most)
    return w
