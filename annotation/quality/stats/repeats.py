"""Intra-labeler agreement: what one labeler says of the same thing when asked again."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from annotation.quality.stats.agreement import brennan_prediger, pairwise_agreement
from annotation.quality.stats.alpha import krippendorff_alpha
from annotation.quality.stats.bootstrap import DEFAULT_DRAWS
from annotation.quality.stats.estimate import BoolArray, Estimate, IntArray
from annotation.quality.stats.rating_table import RatingTable


@dataclass(frozen=True)
class SelfAgreement:
    """raw: share of equal answers; brennan_prediger: beyond chance on a scale used evenly, which
    a labeler who always answers alike does not lose; alpha: beyond what their own shares give."""

    raw: Estimate
    brennan_prediger: Estimate
    alpha: Estimate


def outcomes_by_response(shown: ArrayLike, swapped: ArrayLike) -> IntArray:
    """Outcomes as displayed (0 first better, 1 tie, 2 second better) -> by the item's own order
    of responses, turned where the two were shown swapped. Both (judgments,)."""
    outcomes, turned = np.asarray(shown, np.int64), np.asarray(swapped, np.bool_)
    if outcomes.shape != turned.shape or outcomes.ndim != 1:
        raise ValueError("shown and swapped must be flat and of the same length")
    if outcomes.size and (outcomes.min() < 0 or outcomes.max() > 2):
        raise ValueError("an outcome is 0, 1 or 2")
    return np.where(turned, 2 - outcomes, outcomes)


def intra_labeler_agreement(
    *,
    item: ArrayLike,
    labeler: ArrayLike,
    category: ArrayLike,
    n_categories: int,
    unit: ArrayLike | None = None,
    seed: int | None = None,
    n_resamples: int = DEFAULT_DRAWS,
) -> tuple[SelfAgreement, dict[int, SelfAgreement]]:
    """Of all labelers together, and of each who was asked something again.

    item, labeler, category: (judgments,), every judgment of a repeated item, in any order; unit:
    which part of the item (a comparison), None where an item is one thing. Three judgments of
    one thing are three pairs. Intervals resample items with all that the labeler said of them.
    """
    items, labelers = np.asarray(item, np.int64), np.asarray(labeler, np.int64)
    parts = np.zeros_like(items) if unit is None else np.asarray(unit, np.int64)
    categories = np.asarray(category, np.int64)
    if items.ndim != 1 or not items.shape == labelers.shape == parts.shape == categories.shape:
        raise ValueError("item, labeler, unit and category must be flat and of the same length")
    if categories.size and (categories.min() < 0 or categories.max() >= n_categories):
        raise ValueError(f"category outside the scale of {n_categories}")
    things, row = np.unique(
        np.stack([labelers, items, parts], axis=1), axis=0, return_inverse=True
    )
    counts = np.zeros((len(things), n_categories), np.int64)
    np.add.at(counts, (row.reshape(-1), categories), 1)
    again = counts.sum(axis=1) >= 2

    def figures(rows: BoolArray, *of: int) -> SelfAgreement:
        table = RatingTable(
            counts[rows],
            item_of_row=things[rows, 1],
            seed=None if seed is None else [seed, *of],
            n_resamples=n_resamples,
        )
        raw = pairwise_agreement(table, "micro")
        return SelfAgreement(raw, brennan_prediger(table), krippendorff_alpha(table, "nominal"))

    people = np.unique(things[again, 0])
    return figures(again), {
        int(who): figures(again & (things[:, 0] == who), int(who)) for who in people
    }
