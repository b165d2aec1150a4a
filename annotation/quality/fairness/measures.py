"""One figure per labeler and question of taste. They live as long as the computation."""

import numpy as np

from annotation.quality.analyses.bias.choices import Choices, choices_of
from annotation.quality.analyses.bias.position import first_shown
from annotation.quality.snapshot import Snapshot
from annotation.quality.snapshot.ballots import all_bad
from annotation.quality.stats.comparisons import Comparisons, rankings_to_comparisons
from annotation.quality.stats.estimate import FloatArray, IntArray

LEAST = 10  # answers of a labeler, for each of the figures

# Few: each further one tells more of who is in a group.
MEASURES = ("agreement", "longer", "first", "bad")


def figures_of_labelers(snapshot: Snapshot) -> dict[str, FloatArray]:
    """{measure: (labelers,)} shares, NaN for a labeler who lacks any of them: groups must be the
    same for all measures, or their sizes would tell who lacks one. A measure that nobody has (no
    order was recorded) is left out."""
    choices, n = choices_of(snapshot), len(snapshot.handles)
    _, hit, row = first_shown(snapshot, choices)
    found = {
        "agreement": _agreement(rankings_to_comparisons(snapshot.rankings), n),
        "longer": _longer(snapshot, choices),
        "first": _mean(snapshot.labeler[row], hit, n),
        "bad": _mean(snapshot.labeler, all_bad(snapshot), n),
    }
    found = {name: values for name, values in found.items() if np.isfinite(values).any()}
    if not found:
        return {}
    has_all = np.isfinite(np.stack(list(found.values()))).all(axis=0)
    return {name: np.where(has_all, values, np.nan) for name, values in found.items()}


def _agreement(comparisons: Comparisons, n: int) -> FloatArray:
    """Mean share of the others who say the same, over comparisons that others made, too."""
    counts = comparisons.counts()
    others = counts.sum(axis=1)[comparisons.unit] - 1
    shared = others > 0
    same = counts[comparisons.unit, comparisons.outcome] - 1
    return _mean(comparisons.labeler[shared], (same[shared] / others[shared]), n)


def _longer(snapshot: Snapshot, choices: Choices) -> FloatArray:
    decisive = choices.decisive
    item = snapshot.item[decisive.row]
    one, other = decisive.of_both(snapshot.facts.style["characters"], item)
    differ = one != other
    hit = ((one > other) == (decisive.won == 1))[differ]
    return _mean(snapshot.labeler[decisive.row[differ]], hit, len(snapshot.handles))


def _mean(labeler: IntArray, value, n: int) -> FloatArray:
    times = np.bincount(labeler, minlength=n)
    total = np.bincount(labeler, weights=np.asarray(value, dtype=np.float64), minlength=n)
    return np.where(times >= LEAST, total / np.maximum(times, 1), np.nan)
