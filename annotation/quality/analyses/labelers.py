"""Signals of every labeler, and who stands out: each figure with interval and n, or a reason."""

import numpy as np
from django.utils.translation import gettext_noop

from annotation.quality.analyses.answers import VALUES, Answers, answers_of
from annotation.quality.figures import Progress
from annotation.quality.snapshot import Snapshot
from annotation.quality.stats.comparisons import N_OUTCOMES
from annotation.quality.stats.signals.findings import Finding, Limits, Watch, watch
from annotation.quality.stats.signals.habits import (
    LEAST_SIDES,
    characters_per_second,
    self_consistency,
)
from annotation.quality.stats.signals.length import LEAST_LENGTHS
from annotation.quality.stats.signals.record import Signal, undefined
from annotation.quality.stats.signals.reliability import spammer_score
from annotation.quality.stats.signals.triads import triads_by_labeler

CODE_VERSION = "3"
# In the order in which they are shown.
SIGNALS = (
    *("agreement", "reliability", "knowledge", "below_crowd", "direction", "gold"),
    *("position", "length", "same_answer", "longest_run", "pace", "characters_per_second"),
    *("self_consistency", "triads"),
)


def compute(snapshot: Snapshot, progress: Progress) -> dict:
    """{"model", "extent", "level", "methods": {signal: text}, "labelers": [L]}, by labeler id.

    L: {"labeler", "n", "answers": [lower better, tie, higher better], "spammer_score",
    "signals": {name: S}, "findings": [F]}; S: {"value", "reason", "ci", "n", "least_n", "typical",
    "p", "q"}; F: {"kind", "n", "q", "others", "told_by_time", "evidence": [names of signals],
    "pairs": [{"labeler", …S}]}.
    """
    looking = gettext_noop("Looking at every labeler’s answers")
    progress(0, 2, looking)
    answers, limits = answers_of(snapshot), Limits()
    extent = {
        "labelers": len(answers.labeler_ids),
        "answers": len(answers.labels),
        "of_gold": len(answers.labels) - answers.n_work,
        "gold_items": int((answers.gold >= 0).sum()),
    }
    empty = {"model": None, "extent": extent, "level": limits.level, "methods": {}, "labelers": []}
    if not len(answers.labels):
        return empty
    seen = watch(
        answers.labels,
        VALUES,
        answers.recorded,
        gold=answers.gold,
        limits=limits,
        alive=lambda: progress(0, 2, looking),
    )
    progress(1, 2, gettext_noop("Writing down who stands out"))
    signals = _all_signals(snapshot, answers, seen)
    return empty | {
        "model": seen.fit.model,
        "methods": {name: signals[name][0].method for name in SIGNALS},
        "labelers": _labelers(answers, seen, signals),
    }


def _all_signals(snapshot: Snapshot, answers: Answers, seen: Watch) -> dict[str, list[Signal]]:
    """By name in the order shown; what was not recorded has that for its reason."""
    labels, kept, n = answers.labels, answers.recorded, answers.labels.n_labelers

    def missing(least: int, method: str) -> list[Signal]:
        return [undefined(0, least, method, "not_recorded")] * n

    found = {
        "position": missing(LEAST_SIDES, "share for the first shown, of the decisive"),
        "length": missing(LEAST_LENGTHS, "odds ratio of twice the length"),
        "pace": missing(LEAST_SIDES, "median seconds over the crowd's"),
    } | seen.signals
    found["self_consistency"] = _repeated(snapshot, answers)
    if kept.seconds is not None and kept.size is not None:
        found["characters_per_second"] = characters_per_second(labels, kept.seconds, kept.size)
    else:
        found["characters_per_second"] = missing(20, "median characters per second")
    told = (answers.prompt >= 0) & (answers.winner >= 0) & (answers.loser >= 0)
    found["triads"] = triads_by_labeler(
        answers.prompt[told],
        labels.labeler[told],
        answers.winner[told],
        answers.loser[told],
        n_labelers=n,
    )
    return {name: found[name] for name in SIGNALS}


def _repeated(snapshot: Snapshot, answers: Answers) -> list[Signal]:
    """Of each item asked again one pair counts, as of the others."""
    repeats = snapshot.repeats  # two rows a comparison: what was said first, and then
    first, again = slice(0, None, 2), slice(1, None, 2)
    asked = np.stack([repeats.item[first], repeats.labeler[first]], axis=1)
    _, one_each = np.unique(asked, axis=0, return_index=True)
    one_each = one_each[np.isin(asked[one_each, 1], answers.labeler_ids)]
    return self_consistency(
        np.searchsorted(answers.labeler_ids, asked[one_each, 1]),
        repeats.category[first][one_each],
        repeats.category[again][one_each],
        n_labelers=answers.labels.n_labelers,
        n_categories=N_OUTCOMES,
    )


def _labelers(answers: Answers, seen: Watch, signals: dict[str, list[Signal]]) -> list[dict]:
    given = answers.labels.counts_by_labeler()
    spammers = spammer_score(seen.fit.confusion)
    findings: dict[int, list[Finding]] = {}
    for finding in seen.findings:
        findings.setdefault(finding.labeler, []).append(finding)
    return [
        {
            "labeler": int(pk),
            "n": int(given[place].sum()),
            "answers": given[place].tolist(),
            "spammer_score": float(spammers[place]),
            "signals": {name: _signal(row[place]) for name, row in signals.items()},
            "findings": [_finding(one, answers) for one in findings.get(place, [])],
        }
        for place, pk in enumerate(answers.labeler_ids)
    ]


def _signal(signal: Signal) -> dict:
    return {
        "value": signal.value,
        "reason": signal.reason,
        "ci": None if signal.ci is None else list(signal.ci),
        "n": signal.n,
        "least_n": signal.least_n,
        "typical": signal.typical,
        "p": signal.p,
        "q": signal.q,
    }


def _finding(finding: Finding, answers: Answers) -> dict:
    shares = finding.kind == "copies"
    return {
        "kind": finding.kind,
        "n": finding.n,
        "q": finding.q,
        "others": [int(answers.labeler_ids[other]) for other in finding.others],
        "told_by_time": finding.told_by_time,
        "evidence": [] if shares else list(finding.evidence),
        "pairs": [
            {"labeler": int(answers.labeler_ids[other])}
            | _signal(finding.evidence[f"with_{other}"])
            for other in finding.others
        ]
        if shares
        else [],
    }
