"""Habits that need no truth: the side, the same answer, the pace, the second look, the gold."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from annotation.core.intervals import wilson_interval
from annotation.quality.stats.chance import beta_share, binomial_tail, binomial_test
from annotation.quality.stats.estimate import FloatArray, IntArray, Interval
from annotation.quality.stats.labels import Labels
from annotation.quality.stats.signals.record import (
    Signal,
    SignalReason,
    adjusted,
    rows_by,
    undefined,
)

LEAST_SIDES = 20
LEAST_LINES = 20
LEAST_PACE = 20
LEAST_REPEATS = 10
LEAST_GOLD = 10
SUSPEND_BELOW = 0.7
# Paces of honest people differ: a spread of the crowd below this is taken for this.
LEAST_SPREAD = math.log(1.25)


def position_bias(labels: Labels, first: ArrayLike) -> list[Signal]:
    """Share of decisive judgments for the response shown first. p: exact binomial against a half.

    first: (ratings,) 1 the first was preferred, 0 the second, NaN no preference. Means something
    only where the order shown was drawn at random and recorded.
    """
    method = "share for the first shown, of the decisive; exact binomial against 1/2"
    shown = np.asarray(first, dtype=np.float64)
    found = []
    for rows in rows_by(labels.labeler, labels.n_labelers):
        side = shown[rows][np.isfinite(shown[rows])]
        n, hits = side.size, int(side.sum())
        if n < LEAST_SIDES:
            found.append(undefined(n, LEAST_SIDES, method))
            continue
        found.append(
            Signal(
                hits / n,
                None,
                n,
                LEAST_SIDES,
                method,
                wilson_interval(hits, n),
                typical=0.5,
                p=binomial_test(hits, n),
            )
        )
    return adjusted(found)


def same_answer(labels: Labels, beliefs: FloatArray) -> list[Signal]:
    """Share of a labeler's commonest answer. typical: how often the others would give it on the
    same items; p: exact binomial tail against the larger of that and one half."""
    method = "share of the commonest answer; binomial tail against the others' share"
    found = []
    for rows in rows_by(labels.labeler, labels.n_labelers):
        if rows.size < LEAST_LINES:
            found.append(undefined(rows.size, LEAST_LINES, method))
            continue
        times = np.bincount(labels.category[rows], minlength=labels.n_categories)
        top = int(times.argmax())
        typical = float(beliefs[rows, top].mean())
        hits, n = int(times[top]), rows.size
        found.append(
            Signal(
                hits / n,
                None,
                n,
                LEAST_LINES,
                method,
                wilson_interval(hits, n),
                typical=typical,
                p=binomial_tail(hits, n, min(1.0, max(0.5, typical))),
            )
        )
    return adjusted(found)


def longest_run(labels: Labels, predicted: FloatArray, at: ArrayLike | None) -> list[Signal]:
    """Longest run of one answer in the order judged. p: exact chance of one as long, summed over
    the answers, if each answer came by itself as predicted.

    predicted: (ratings, Q) chance of each answer, by what the others believe of the item and by
    the labeler's own confusion: items of one kind in a row are no habit, and who always says
    the same is expected to. at: (ratings,) when; without it nothing can be said.
    """
    method = "longest run of one answer; exact, against the answers expected on those items"
    found = []
    for rows in rows_by(labels.labeler, labels.n_labelers):
        if rows.size < LEAST_LINES or at is None:
            why: SignalReason | None = "not_recorded" if at is None else None
            found.append(undefined(rows.size, LEAST_LINES, method, why))
            continue
        rows = rows[np.argsort(np.asarray(at)[rows], kind="stable")]
        answers = labels.category[rows]
        edges = np.flatnonzero(np.diff(answers) != 0)
        length = int(np.diff(np.concatenate([[-1], edges, [answers.size - 1]])).max())
        chances = predicted[rows].T
        p = min(1.0, sum(chance_of_run(length, chance) for chance in chances))
        found.append(Signal(float(length), None, answers.size, LEAST_LINES, method, p=p))
    return adjusted(found)


def chance_of_run(length: int, chances: FloatArray) -> float:
    """P(a run of `length` successes or more), trial i succeeding with chances[i]: exact, by the
    distribution of the run that is under way."""
    if length <= 0:
        return 1.0
    if chances.size < length:
        return 0.0
    under_way = np.zeros(length)
    under_way[0] = 1.0
    done = 0.0
    for chance in chances:
        done += float(under_way[-1]) * chance
        grown = under_way[:-1] * chance
        under_way = np.concatenate([[under_way.sum() * (1 - chance)], grown])
    return float(min(1.0, max(0.0, done)))


def pace(labels: Labels, seconds: ArrayLike, size: ArrayLike | None = None) -> list[Signal]:
    """Median seconds per judgment as a share of what the crowd takes for items of the same size.

    seconds: (ratings,) active time, NaN or 0 not recorded; size: (ratings,) characters to read,
    or None. Items are compared within ten bins of size. p: one-sided normal tail of the robust z
    (log pace against the labelers' median, in 1.4826 MAD), small for the fast.
    """
    method = "median seconds over the crowd's, by size of item; robust z over labelers"
    with np.errstate(divide="ignore", invalid="ignore"):
        logs = np.log(np.asarray(seconds, dtype=np.float64))
    known = np.isfinite(logs)
    relative = logs - _medians_by_bin(logs, known, size)
    by_labeler = [rows[known[rows]] for rows in rows_by(labels.labeler, labels.n_labelers)]
    middles = np.array(
        [np.median(relative[rows]) if rows.size >= LEAST_PACE else np.nan for rows in by_labeler]
    )
    defined = middles[np.isfinite(middles)]
    centre = float(np.median(defined)) if defined.size else 0.0
    spread = 1.4826 * float(np.median(np.abs(defined - centre))) if defined.size else 0.0
    found = []
    for rows, middle in zip(by_labeler, middles, strict=True):
        if not np.isfinite(middle):
            found.append(
                undefined(rows.size, LEAST_PACE, method, None if known.any() else "not_recorded")
            )
            continue
        z = (float(middle) - centre) / max(spread, LEAST_SPREAD)
        error = 1.2533 * float(relative[rows].std(ddof=1)) / math.sqrt(rows.size) * 1.959964
        found.append(
            Signal(
                math.exp(middle),
                None,
                rows.size,
                LEAST_PACE,
                method,
                (math.exp(middle - error), math.exp(middle + error)),
                typical=math.exp(centre),
                p=0.5 * math.erfc(-z / math.sqrt(2)),
            )
        )
    return adjusted(found)


def characters_per_second(labels: Labels, seconds: ArrayLike, size: ArrayLike) -> list[Signal]:
    """Median characters read per second of active time. Careful readers manage about 25."""
    method = "median characters per second"
    taken, length = np.asarray(seconds, dtype=np.float64), np.asarray(size, dtype=np.float64)
    usable = (taken > 0) & (length > 0)
    found = []
    for rows in rows_by(labels.labeler, labels.n_labelers):
        rows = rows[usable[rows]]
        if rows.size < LEAST_PACE:
            found.append(undefined(rows.size, LEAST_PACE, method))
            continue
        rate = length[rows] / taken[rows]
        low, high = np.quantile(rate, [0.25, 0.75])
        error = 1.2533 * float(high - low) / 1.349 / math.sqrt(rows.size) * 1.959964
        middle = float(np.median(rate))
        ci = (max(0.0, middle - error), middle + error)
        found.append(Signal(middle, None, rows.size, LEAST_PACE, method, ci, typical=25.0))
    return found


def _medians_by_bin(logs: FloatArray, known: np.ndarray, size: ArrayLike | None) -> FloatArray:
    """(ratings,) median log seconds of the ratings in the same tenth of sizes."""
    if size is None:
        return np.full(logs.shape, np.median(logs[known]) if known.any() else 0.0)
    length = np.asarray(size, dtype=np.float64)
    if not known.any():
        return np.zeros(logs.shape)
    cuts = np.unique(np.quantile(length[known], np.arange(0.1, 1.0, 0.1)))
    bins = np.searchsorted(cuts, length, side="right")
    medians = np.zeros(logs.shape)
    for number in np.unique(bins):
        inside = bins == number
        if (inside & known).any():
            medians[inside] = np.median(logs[inside & known])
    return medians


def self_consistency(
    labeler: IntArray, first: IntArray, second: IntArray, *, n_labelers: int, n_categories: int
) -> list[Signal]:
    """Share of hidden repeats answered the same way again. typical: what chance gives with the
    labeler's own shares; Wilson's interval. Answers by the item's own order of responses, so
    that a swapped display counts as the same question."""
    method = "share of hidden repeats answered alike"
    found = []
    for rows in rows_by(labeler, n_labelers):
        if rows.size < LEAST_REPEATS:
            found.append(undefined(rows.size, LEAST_REPEATS, method))
            continue
        same = int((first[rows] == second[rows]).sum())
        shares = [
            np.bincount(answers[rows], minlength=n_categories) / rows.size
            for answers in (first, second)
        ]
        found.append(
            Signal(
                same / rows.size,
                None,
                rows.size,
                LEAST_REPEATS,
                method,
                wilson_interval(same, rows.size),
                typical=float(shares[0] @ shares[1]),
            )
        )
    return found


@dataclass(frozen=True)
class GoldPosterior:
    """Known answers met. share and interval (Wilson) are None for 0 of 0; above: P(accuracy >
    threshold) under Beta(1, 1); propose_suspension: n >= LEAST_GOLD and the upper bound is
    below the threshold. A proposal, for a person to decide."""

    correct: int
    total: int
    share: float | None
    interval: Interval | None
    above: float
    propose_suspension: bool


def gold_posterior(
    correct: int,
    total: int,
    *,
    prior: tuple[float, float] = (1.0, 1.0),
    threshold: float = SUSPEND_BELOW,
) -> GoldPosterior:
    interval = wilson_interval(correct, total)
    above = 1 - beta_share(threshold, prior[0] + correct, prior[1] + total - correct)
    surely_below = interval is not None and interval[1] < threshold
    return GoldPosterior(
        correct,
        total,
        correct / total if total else None,
        interval,
        min(1.0, max(0.0, above)),
        total >= LEAST_GOLD and surely_below,
    )


def gold_signals(labels: Labels, gold: IntArray) -> list[Signal]:
    """Share of gold items met. p: exact tail of meeting so few at SUSPEND_BELOW."""
    method = f"share of gold met; binomial tail at {SUSPEND_BELOW}"
    known = gold[labels.item]
    found = []
    for rows in rows_by(labels.labeler, labels.n_labelers):
        rows = rows[known[rows] >= 0]
        if rows.size < LEAST_GOLD:
            found.append(undefined(rows.size, LEAST_GOLD, method))
            continue
        hits = int((labels.category[rows] == known[rows]).sum())
        missed = rows.size - hits
        found.append(
            Signal(
                hits / rows.size,
                None,
                rows.size,
                LEAST_GOLD,
                method,
                wilson_interval(hits, rows.size),
                typical=SUSPEND_BELOW,
                p=binomial_tail(missed, rows.size, 1 - SUSPEND_BELOW),
            )
        )
    return adjusted(found)
