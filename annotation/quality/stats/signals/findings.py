"""Named findings: which labelers a person should look at, why, and by which figures."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from annotation.quality.stats.dawid_skene import DawidSkeneFit, choose_model, dawid_skene
from annotation.quality.stats.estimate import FloatArray
from annotation.quality.stats.labels import Labels, check_known
from annotation.quality.stats.signals.collusion import (
    SharedErrors,
    clusters,
    shared_errors,
    together,
)
from annotation.quality.stats.signals.habits import (
    gold_signals,
    longest_run,
    pace,
    position_bias,
    same_answer,
)
from annotation.quality.stats.signals.length import length_bias_by_labeler
from annotation.quality.stats.signals.record import Signal
from annotation.quality.stats.signals.reliability import (
    against_the_crowd,
    agreement_with_others,
    beliefs_without_self,
    direction,
    knowledge,
    reliability,
)

Kind = Literal[
    "random",  # answers have nothing to do with what the others find
    "inverted",  # informative, the other way round: rescuable
    "first",  # prefers what is shown first
    "second",  # prefers what is shown second
    "constant",  # always the same answer
    "runs",  # stretches of one answer that no mixing explains
    "fast",  # too fast to have read
    "copies",  # makes the same mistakes as somebody else
    "longer",  # prefers the longer beyond what the others find better
    "shorter",
    "gold",  # surely below the threshold on known answers
]


@dataclass(frozen=True)
class Limits:
    """What it takes to be named. Chosen on simulated crowds (`python -m bench.crowd`): below 1 %
    of the honest are named, and kinds stay apart. level: false-discovery rate over labelers."""

    level: float = 0.01
    random_least: int = 30
    random_share: float = 0.6  # of the median labeler's knowledge
    side_at_least: float = 0.6  # lower bound of the share for one side
    constant_at_least: float = 0.8  # lower bound of the share of one answer
    constant_beyond: float = 0.2  # … above what the others say on the same items
    run_at_least: int = 12
    pace_below: float = 1 / 3
    length_odds: float = 1.5  # lower bound of the odds of twice the length


@dataclass(frozen=True)
class Finding:
    """One labeler, one kind, the figures that say so by name. q: the largest adjusted p-value the
    naming rests on; others: labelers it is about, for copies; told_by_time: copies only: this one
    judged after the others (without times both of a pair are named, and one may be innocent)."""

    labeler: int
    kind: Kind
    evidence: dict[str, Signal]
    n: int
    q: float
    others: tuple[int, ...] = ()
    told_by_time: bool = False


@dataclass(frozen=True)
class Recorded:
    """What was kept of each rating, (ratings,) each, None where it was not: first: 1 the first
    shown was preferred, 0 the second, NaN neither; seconds: active time; size: characters to read;
    log_ratio: log of
    (length of the first shown + 1) over (length of the second + 1); at: when, any clock."""

    first: ArrayLike | None = None
    seconds: ArrayLike | None = None
    size: ArrayLike | None = None
    log_ratio: ArrayLike | None = None
    at: ArrayLike | None = None


@dataclass(frozen=True)
class Watch:
    """All signals by name, one per labeler in each list; the pairs that share errors; findings."""

    fit: DawidSkeneFit
    signals: dict[str, list[Signal]]
    pairs: list[SharedErrors]
    groups: list[frozenset[int]]
    findings: list[Finding] = field(default_factory=list)

    @property
    def flagged(self) -> list[int]:
        return sorted({finding.labeler for finding in self.findings})

    def kinds_of(self, labeler: int) -> set[Kind]:
        return {finding.kind for finding in self.findings if finding.labeler == labeler}


def watch(
    labels: Labels,
    values: FloatArray,
    recorded: Recorded | None = None,
    *,
    gold: ArrayLike | None = None,
    limits: Limits | None = None,
    alive: Callable[[], None] = lambda: None,
) -> Watch:
    """All signals and what stands out. values: (Q,) the categories as numbers, −1, 0, 1 for lower
    better, tie, higher better; gold: (items,) known answers; alive: called now and then."""
    kept, cut = recorded or Recorded(), limits or Limits()
    known = check_known(gold, labels.n_items, labels.n_categories)
    model = choose_model(labels)
    fit = dawid_skene(
        labels,
        model=model,
        gold=known,
        shrinkage="auto" if model == "full" else 0.0,
        alive=alive,
    )
    beliefs = beliefs_without_self(labels, fit)
    toward, knowing = direction(labels, beliefs, values), knowledge(labels, beliefs)
    signals = {
        "agreement": agreement_with_others(labels),
        "reliability": reliability(labels, beliefs),
        "direction": toward,
        "knowledge": knowing,
        "below_crowd": against_the_crowd(knowing, cut.random_share),
        "same_answer": same_answer(labels, beliefs),
        "longest_run": longest_run(labels, _predicted(labels, fit, beliefs), kept.at),
        "gold": gold_signals(labels, known),
    }
    if kept.first is not None:
        signals["position"] = position_bias(labels, kept.first)
    if kept.seconds is not None:
        signals["pace"] = pace(labels, kept.seconds, kept.size)
    if kept.first is not None and kept.log_ratio is not None:
        others = _others_by_side(labels, beliefs @ values, values, kept.first)
        signals["length"] = length_bias_by_labeler(labels, kept.first, kept.log_ratio, others)
    pairs = shared_errors(labels, fit, at=kept.at, alive=alive)
    standing = together(pairs, level=cut.level)
    findings = [
        finding
        for labeler in range(labels.n_labelers)
        for finding in _name(labeler, {name: row[labeler] for name, row in signals.items()}, cut)
    ]
    findings += _name_copies(standing)
    return Watch(fit, signals, pairs, clusters(standing), findings)


def _predicted(labels: Labels, fit: DawidSkeneFit, beliefs: FloatArray) -> FloatArray:
    """(ratings, Q) chance of each answer given what the others believe and one's own confusion."""
    answers: FloatArray = np.einsum("rc,rck->rk", beliefs, fit.confusion[labels.labeler])
    return answers


def _others_by_side(
    labels: Labels, expected: FloatArray, values: FloatArray, first: ArrayLike
) -> FloatArray:
    """(ratings,) what the others expect, turned so that 1 is for the first shown. Which side was
    first is read off the answer itself: first is 1 where the answer's own side was shown first."""
    answered = values[labels.category] - float(values.mean())
    shown = np.nan_to_num(np.asarray(first, dtype=np.float64), nan=0.5) * 2 - 1
    turned: FloatArray = expected * np.sign(answered) * shown
    return turned


def _name(labeler: int, seen: dict[str, Signal], cut: Limits) -> list[Finding]:
    """The findings of one labeler. What explains an answer comes first: who always takes the first
    is not called random for it."""
    found: list[Finding] = []

    def add(kind: Kind, *names: str) -> None:
        evidence = {name: seen[name] for name in names if name in seen}
        tested = [signal.q for signal in evidence.values() if signal.q is not None]
        n = seen[names[0]].n
        found.append(Finding(labeler, kind, evidence, n, max(tested[:1], default=0.0)))

    if "position" in seen and (side := _side(seen["position"], cut)):
        add(side, "position", "same_answer", "direction")
    if "length" in seen and (kind := _length_kind(seen["length"], cut)):
        add(kind, "length", "direction")
    if not found and _is_constant(seen["same_answer"], cut):
        add("constant", "same_answer", "longest_run", "direction")
    if not found and _is_inverted(seen["direction"], cut):
        add("inverted", "direction", "reliability", "gold")
    if not found and _is_random(seen["below_crowd"], (seen["direction"], seen["knowledge"]), cut):
        add("random", "below_crowd", "direction", "knowledge", "agreement", "reliability", "gold")
    run = seen["longest_run"]
    if not found and run.is_discovery(cut.level) and (run.value or 0) >= cut.run_at_least:
        add("runs", "longest_run", "same_answer")
    if "pace" in seen and _is_fast(seen["pace"], cut):
        add("fast", "pace", "agreement")
    gold = seen["gold"]
    if gold.ci is not None and gold.typical is not None and gold.ci[1] < gold.typical:
        add("gold", "gold")
    return found


def _side(signal: Signal, cut: Limits) -> Kind | None:
    if signal.ci is None or not signal.is_discovery(cut.level):
        return None
    if signal.ci[0] >= cut.side_at_least:
        return "first"
    return "second" if signal.ci[1] <= 1 - cut.side_at_least else None


def _length_kind(signal: Signal, cut: Limits) -> Kind | None:
    if signal.ci is None or not signal.is_discovery(cut.level):
        return None
    if signal.ci[0] >= cut.length_odds:
        return "longer"
    return "shorter" if signal.ci[1] <= 1 / cut.length_odds else None


def _is_constant(signal: Signal, cut: Limits) -> bool:
    if signal.ci is None or signal.value is None or signal.typical is None:
        return False
    beyond = signal.value - signal.typical >= cut.constant_beyond
    return signal.is_discovery(cut.level) and beyond and signal.ci[0] >= cut.constant_at_least


def _is_inverted(signal: Signal, cut: Limits) -> bool:
    return signal.value is not None and signal.value < 0 and signal.is_discovery(cut.level)


def _is_random(below: Signal, slopes: tuple[Signal, ...], cut: Limits) -> bool:
    """Surely below a share of the crowd's knowledge, and no sign of any of its own."""
    if below.n < cut.random_least or not below.is_discovery(cut.level):
        return False
    return all(
        slope.value is not None and slope.p is not None and (slope.value <= 0 or slope.p > 0.02)
        for slope in slopes
    )


def _is_fast(signal: Signal, cut: Limits) -> bool:
    small = signal.value is not None and signal.value <= cut.pace_below * (signal.typical or 1.0)
    return small and signal.is_discovery(cut.level)


def _name_copies(pairs: list[SharedErrors]) -> list[Finding]:
    """One finding per labeler who shares errors: of each pair the one who came after, or both."""
    method = "items with the same error, of those shared; exact tail, over all pairs"
    about: dict[tuple[int, bool], list[SharedErrors]] = {}
    for pair in pairs:
        for labeler in (pair.first, pair.second):
            if pair.follower in (None, labeler):
                about.setdefault((labeler, pair.follower is not None), []).append(pair)
    found = []
    for (labeler, told), rows in sorted(about.items()):
        others = tuple(sorted({p.first + p.second - labeler for p in rows}))
        evidence = {
            f"with_{p.first + p.second - labeler}": Signal(
                p.same_errors / p.n,
                None,
                p.n,
                20,
                method,
                typical=min(1.0, p.expected / p.n),
                p=p.p,
                q=p.q,
            )
            for p in rows
        }
        n = min(p.n for p in rows)
        q = max(p.q for p in rows)
        found.append(Finding(labeler, "copies", evidence, n, q, others, told))
    return found
