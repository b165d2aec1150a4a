"""The figures of a round. Pure: plain rows in, numbers out."""

import statistics
from collections import defaultdict
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from django.utils.translation import gettext_noop

from annotation.core.intervals import wilson_interval
from annotation.demo.reading import read_reply
from annotation.labeling.verdict import effective_tiers, sign_between
from annotation.runs.evaluation.figures import rate

# Two people who answer at random agree on half of what both decide.
SUSPICIOUS_BELOW = 2 / 3
GOOD = 7.0


@dataclass(frozen=True)
class Ballot:
    """One judgment as far as the figures go; ranks and floor by position."""

    item: int
    labeler: str
    ranks: tuple
    unacceptable: tuple
    seconds: float | None = None
    rest_below: bool = False

    def signs(self):
        """What the ballot says about each pair of positions: -1, 0, 1, or None."""
        tiers = effective_tiers(self.ranks, self.unacceptable)
        return [
            sign_between(tiers, self.unacceptable, self.rest_below, one, other)
            for one, other in combinations(range(1, len(tiers) + 1), 2)
        ]


def labeler_figures(ballots) -> list[dict]:
    """For each labeler: how often the others agree, over the pairs of responses that both put in
    an order, with Wilson's interval; and the usual time. The least agreed-with come first."""
    by_item = defaultdict(list)
    seconds = defaultdict(list)
    judged = defaultdict(int)
    for ballot in ballots:
        by_item[ballot.item].append(ballot)
        judged[ballot.labeler] += 1
        if ballot.seconds is not None:
            seconds[ballot.labeler].append(ballot.seconds)
    same, all_pairs = defaultdict(int), defaultdict(int)
    for together in by_item.values():
        for one, other in combinations(together, 2):
            agreed, decided = _compare(one.signs(), other.signs())
            for labeler in (one.labeler, other.labeler):
                same[labeler] += agreed
                all_pairs[labeler] += decided
    rows = []
    for labeler in sorted(judged):
        interval = wilson_interval(same[labeler], all_pairs[labeler])
        share = same[labeler] / all_pairs[labeler] if all_pairs[labeler] else None
        rows.append(
            {
                "labeler": labeler,
                "items": judged[labeler],
                "pairs": all_pairs[labeler],
                "agreement": share,
                "low": interval and interval[0],
                "high": interval and interval[1],
                "seconds": statistics.median(seconds[labeler]) if seconds[labeler] else None,
                # Only where even the friendly end of the interval is below the line.
                "is_suspicious": bool(interval and interval[1] < SUSPICIOUS_BELOW),
            }
        )
    return sorted(rows, key=lambda row: (row["agreement"] is None, row["agreement"] or 0))


def _compare(first, second):
    """(pairs of positions ordered alike, pairs ordered by both)."""
    decided = [(a, b) for a, b in zip(first, second, strict=True) if a and b]
    return sum(a == b for a, b in decided), len(decided)


def outcome(votes) -> float:
    """1 where most votes (+1, 0 or -1 each) are for, 0 where against, 0.5 where undecided."""
    total = sum(votes)
    return 0.5 if total == 0 else float(total > 0)


def win_rate(outcomes, *, seed) -> dict:
    """Mean of one outcome (1, 0.5 or 0) per prompt, with the interval of every evaluation."""
    values = np.array(outcomes, dtype=np.float64)
    if not values.size:
        return {**rate(values, seed=seed), "reason": gettext_noop("nothing was compared")}
    return {
        **rate(values, seed=seed),
        "wins": int((values == 1).sum()),
        "ties": int((values == 0.5).sum()),
        "losses": int((values == 0).sum()),
        "reason": None,
    }


def quality_figures(pairs) -> dict:
    """What the hidden function says of (message, reply) pairs: means and shares."""
    readings = [read_reply(message, reply) for message, reply in pairs]
    if not readings:
        return {"n": 0}
    scores = [reading.quality for reading in readings]
    count = len(readings)
    return {
        "n": count,
        "quality": statistics.mean(scores),
        "good_share": sum(score >= GOOD for score in scores) / count,
        "fits_share": sum(reading.fits for reading in readings) / count,
        "right_order_share": sum(reading.order == "right" for reading in readings) / count,
        "courtesy": statistics.mean(reading.courtesy for reading in readings),
        "words": statistics.mean(reading.word_count for reading in readings),
    }
