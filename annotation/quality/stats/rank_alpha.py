"""Krippendorff's alpha on ranks: rankings of any responses, with ties, as ordinal ratings."""

import numpy as np

from annotation.quality.stats.alpha import krippendorff_alpha
from annotation.quality.stats.bootstrap import DEFAULT_DRAWS
from annotation.quality.stats.estimate import Estimate
from annotation.quality.stats.rankings import Rankings
from annotation.quality.stats.ratings import Over, Ratings


def rank_ratings(rankings: Rankings) -> Ratings:
    """Every ranked response as a unit, rated by its midrank among what the labeler ranked.

    Midranks, for with plain tiers the last of "a = b > c" would meet the second of three. A rank
    among few responses says less than one among many; where the ranked sets differ a lot, read
    the alpha of comparisons instead.
    """
    ranks = rankings.ranks
    row, response = np.nonzero(np.isfinite(ranks))
    better = (ranks[:, None, :] < ranks[:, :, None]).sum(axis=2)
    equal = (ranks[:, None, :] == ranks[:, :, None]).sum(axis=2)
    doubled = (2 * better + equal + 1)[row, response]
    units, unit = np.unique(
        rankings.item[row] * max(1, ranks.shape[1]) + response, return_inverse=True
    )
    return Ratings.of(
        unit=unit,
        labeler=rankings.labeler[row],
        category=doubled,
        n_units=len(units),
        n_labelers=int(rankings.labeler.max(initial=-1)) + 1,
        n_categories=2 * ranks.shape[1] + 1,
        item_of_unit=units // max(1, ranks.shape[1]),
    )


def rank_alpha(
    rankings: Rankings,
    *,
    seed: int | None = None,
    over: Over = "items",
    n_resamples: int = DEFAULT_DRAWS,
) -> Estimate:
    """Ordinal alpha of the midranks; 0 is what ranks shuffled over all items would give."""
    table = rank_ratings(rankings).table(seed=seed, over=over, n_resamples=n_resamples)
    return krippendorff_alpha(table, "ordinal")
