"""What moves from week to week."""

import numpy as np

from annotation.quality.analyses.bias.choices import Choices, weeks_of
from annotation.quality.analyses.bias.position import first_shown
from annotation.quality.analyses.bias.shapes import series
from annotation.quality.snapshot import Snapshot
from annotation.quality.snapshot.ballots import all_bad, sole_best
from annotation.quality.stats.project.drift import Drift, drift, with_discoveries


def drift_figures(snapshot: Snapshot, choices: Choices) -> list[dict]:
    """A series for each of `SERIES`, adjusted over all of them."""
    found = with_discoveries(
        [
            _agreement(snapshot, choices),
            _first(snapshot, choices),
            _longer(snapshot),
            _ties(snapshot, choices),
            _bad(snapshot),
            _slow(snapshot),
        ]
    )
    rows = [series(key, one) for key, one in zip(SERIES, found, strict=True)]
    rows[-1]["median_seconds"] = _median_seconds(snapshot, found[-1])
    return rows


SERIES = ("agreement", "first", "longer", "ties", "bad", "slow")


def _agreement(snapshot: Snapshot, choices: Choices) -> Drift:
    """One row per item, in the week of the second opinion: do its first two judgments say the
    same of its first two responses that both ranked?"""
    order = np.lexsort((choices.one, choices.row, snapshot.day[choices.row]))
    sorted_ = choices.take(order)
    item = snapshot.item[sorted_.row]
    key = (item * 9 + sorted_.one) * 9 + sorted_.other
    by_key = np.argsort(key, kind="stable")
    _, start, size = np.unique(key[by_key], return_index=True, return_counts=True)
    start = start[size >= 2]
    first, second = by_key[start], by_key[start + 1]
    of_item, at = np.unique(item[first], return_index=True)  # its first two responses
    first, second = first[at], second[at]
    said = np.nan_to_num(sorted_.won, nan=0.5)
    same = (said[first] == said[second]).astype(np.int64)
    day = np.maximum(snapshot.day[sorted_.row[first]], snapshot.day[sorted_.row[second]])
    return drift(weeks_of(day), same)


def _first(snapshot: Snapshot, choices: Choices) -> Drift:
    week, hit, _ = first_shown(snapshot, choices)
    return drift(week, hit)


def _longer(snapshot: Snapshot) -> Drift:
    """Whether the sole best response is longer than the others of its item on average."""
    best = sole_best(snapshot)
    rows = np.flatnonzero(best >= 0)
    length = snapshot.facts.style["characters"][snapshot.item[rows]]
    own = length[np.arange(len(rows)), best[rows]]
    others = (np.nansum(length, axis=1) - own) / np.maximum(np.isfinite(length).sum(axis=1) - 1, 1)
    differ = own != others
    return drift(weeks_of(snapshot.day[rows[differ]]), (own > others)[differ])


def _ties(snapshot: Snapshot, choices: Choices) -> Drift:
    """Judgments that tie all they compare, both unacceptable among them."""
    n = np.bincount(choices.row, minlength=len(snapshot.item))
    tied = np.bincount(choices.row, weights=np.isnan(choices.won), minlength=len(n))
    rows = n > 0
    return drift(weeks_of(snapshot.day[rows]), (tied == n)[rows])


def _bad(snapshot: Snapshot) -> Drift:
    return drift(weeks_of(snapshot.day), all_bad(snapshot))


def _slow(snapshot: Snapshot) -> Drift:
    """Judgments that took longer than the project's median: no outlier moves it."""
    known = np.isfinite(snapshot.seconds)
    seconds = snapshot.seconds[known]
    middle = float(np.median(seconds)) if seconds.size else 0.0
    return drift(weeks_of(snapshot.day[known]), seconds > middle)


def _median_seconds(snapshot: Snapshot, found: Drift) -> list[float]:
    week = weeks_of(snapshot.day)
    known = np.isfinite(snapshot.seconds)
    return [float(np.median(snapshot.seconds[known & (week == one)])) for one in found.week]
