"""Standard errors that know which rows depend on each other."""

import numpy as np

from annotation.quality.stats.estimate import FloatArray, IntArray
from annotation.quality.stats.outcomes import tally

_CELLS_AT_ONCE = 4_000_000


def clustered_meat(
    cluster: IntArray, column: IntArray, score: FloatArray, n_columns: int
) -> FloatArray:
    """(p, p) the sum over clusters of the outer square of their scores, times G / (G - 1) for G
    clusters: the middle of the sandwich of Liang & Zeger 1986, Biometrika 73.

    cluster, column, score: (entries,), the non-zero scores in any order; those of one cluster and
    column are summed. An item touches few of many generators, so the work is the square of what
    each cluster touches, not of all columns.
    """
    n_clusters = np.unique(cluster).size
    cells, cell = np.unique(cluster * n_columns + column, return_inverse=True)
    sums = tally(cell, score, len(cells))
    owner, columns = np.divmod(cells, n_columns)
    _, start, size = np.unique(owner, return_index=True, return_counts=True)
    total = np.zeros(n_columns * n_columns)
    for width in np.unique(size):  # clusters of one width at once
        begin = start[size == width]
        step = max(1, _CELLS_AT_ONCE // int(width) ** 2)
        for block in range(0, len(begin), step):
            at = begin[block : block + step, None] + np.arange(width)
            place = columns[at][:, :, None] * n_columns + columns[at][:, None, :]
            product = sums[at][:, :, None] * sums[at][:, None, :]
            total += tally(place.ravel(), product.ravel(), len(total))
    if n_clusters > 1:
        total *= n_clusters / (n_clusters - 1)
    return total.reshape(n_columns, n_columns)
