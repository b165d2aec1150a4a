"""`python -m bench.crowd [--seeds N] [--speed] [--labels F --gold F]`: who is found, who wronged.

Simulated crowds of the shape of real ones (2,000 items × 5 of 80 labelers) with known bad labelers
of every kind, over many seeds: how many of each kind are found and rightly named, how many honest
ones are named at all, and whether a weighted consensus beats the majority. With a file of labels
(item, annotator, preference, strength, seconds) also who stands out in it.
"""

import argparse
import csv
import time
from collections import Counter
from dataclasses import dataclass

import numpy as np

from annotation.quality.stats.consensus import majority_vote
from annotation.quality.stats.dawid_skene import dawid_skene
from annotation.quality.stats.labels import UNKNOWN, Labels
from annotation.quality.stats.signals.findings import Recorded, Watch, watch

VALUES = np.array([-1.0, 0.0, 1.0])
# kind in the simulation -> how many of 80, and the kinds that count as rightly named
BAD = {
    "random": (3, {"random"}),
    "always left": (2, {"first"}),
    "mostly left": (2, {"first"}),
    "always tie": (2, {"constant"}),
    "fast": (2, {"fast"}),
    "inverted": (2, {"inverted"}),
    "longer": (2, {"longer"}),
    "copies": (3, {"copies"}),
}


@dataclass(frozen=True)
class Crowd:
    labels: Labels
    recorded: Recorded
    truth: np.ndarray
    kind: list[str]
    source: int  # whom the copies copy, itself honest


def simulate(
    seed: int, *, n_items: int = 2000, n_labelers: int = 80, per_item: int = 5, hard: float = 0.1
) -> Crowd:
    """Honest labelers of accuracy 0.62 to 0.95 who differ in pace and in liking for ties; a tenth
    of the items mislead them. Copies and their source work the same shift of 200 items; copies
    come after it, follow it eight times in ten, and guess else."""
    rng = np.random.default_rng(seed)
    kind = ["honest"] * n_labelers
    places = rng.permutation(n_labelers)
    names = [name for name, (times, _) in BAD.items() for _ in range(times)]
    for place, name in zip(places, names, strict=False):
        kind[place] = name
    copies = [place for place in range(n_labelers) if kind[place] == "copies"]
    source = int(places[len(names)])
    truth = rng.choice(3, n_items, p=[0.42, 0.16, 0.42])
    misleads = rng.random(n_items) < hard
    accuracy = rng.uniform(0.62, 0.95, n_labelers)
    likes_ties = rng.uniform(0.2, 0.6, n_labelers)
    quick = np.exp(rng.normal(0, 0.25, n_labelers))
    log_ratio = rng.normal(0, 0.5, n_items)  # log length of the left over the right
    item, labeler = _assign(rng, n_items, n_labelers, per_item, [source, *copies])
    order = rng.permutation(len(item))  # of judging
    item, labeler = item[order], labeler[order]
    at = np.argsort(np.argsort(item * 10 + np.isin(labeler, copies) + rng.random(len(item)))) * 60
    category = np.zeros(len(item), np.int64)
    said: dict[int, int] = {}
    for row in np.argsort(at):
        i, who = item[row], labeler[row]
        category[row] = _answer(
            rng, kind[who], truth[i], misleads[i], accuracy[who], likes_ties[who], log_ratio[i],
            said.get(i),
        )  # fmt: skip
        if who == source:
            said[i] = category[row]
    seconds = np.exp(rng.normal(3.8, 0.5, len(item))) * quick[labeler]
    seconds[[kind[who] == "fast" for who in labeler]] *= 0.07
    labels = Labels.of(
        item, labeler, category, n_items=n_items, n_labelers=n_labelers, n_categories=3
    )
    first = np.where(category == 1, np.nan, (category == 0) * 1.0)
    recorded = Recorded(first=first, seconds=seconds, log_ratio=log_ratio[item], at=at)
    return Crowd(labels, recorded, truth, kind, source)


def _assign(rng, n_items, n_labelers, per_item, shift):
    """Five labelers drawn for each item; the labelers of the shift are all on its 200 items."""
    item, labeler = [], []
    others = np.setdiff1d(np.arange(n_labelers), shift)
    for i in range(n_items):
        on_shift = shift if i < 200 else []
        size = per_item - min(per_item - 1, len(on_shift))
        who = [*on_shift[: per_item - 1], *rng.choice(others, size, replace=False)]
        if i < 200:  # a consensus needs more than one from outside the shift
            who += list(rng.choice(np.setdiff1d(others, who), 2, replace=False))
        item += [i] * len(who)
        labeler += [int(place) for place in who]
    return np.array(item), np.array(labeler)


def _answer(rng, kind, truth, misleads, accuracy, likes_ties, log_ratio, heard):
    if kind == "always left":
        return 0 if rng.random() < 0.97 else int(rng.integers(3))
    if kind == "mostly left" and rng.random() < 0.6:
        return 0
    if kind == "always tie":
        return 1 if rng.random() < 0.99 else int(rng.integers(3))
    if kind in ("random", "fast"):
        return int(rng.integers(3))
    if kind == "longer" and rng.random() < 0.85:
        return 0 if log_ratio > 0 else 2
    if kind == "copies":
        return heard if heard is not None and rng.random() < 0.8 else int(rng.integers(3))
    if misleads:
        accuracy = 0.4
    right = rng.random() < accuracy
    answer = int(truth)
    if not right:
        wrong = [side for side in range(3) if side != truth]
        chances = np.array([likes_ties if side == 1 else 1 - likes_ties for side in wrong])
        answer = int(rng.choice(wrong, p=chances / chances.sum()))
    return 2 - answer if kind == "inverted" else answer


@dataclass
class Tally:
    """What came of all seeds."""

    found: Counter
    named: Counter
    of: Counter
    wronged: Counter
    honest: int = 0
    source_named: int = 0

    def add(self, crowd: Crowd, seen: Watch) -> None:
        for labeler, kind in enumerate(crowd.kind):
            kinds = seen.kinds_of(labeler)
            if kind == "honest":
                self.honest += 1
                if kinds:
                    self.wronged["+".join(sorted(kinds))] += 1
                    self.source_named += labeler == crowd.source
                continue
            self.of[kind] += 1
            self.found[kind] += bool(kinds)
            self.named[kind] += bool(kinds & BAD[kind][1])


def agree_with(category: np.ndarray, tied: np.ndarray, truth: np.ndarray) -> float:
    """Share of items met, a tie counting its part."""
    at = np.arange(len(truth))
    return float((tied[at, truth] / np.maximum(1, tied.sum(axis=1))).mean())


def accuracies(labels: Labels, known: np.ndarray) -> dict[str, float]:
    """Share of known answers that each consensus meets."""
    asked = known != UNKNOWN
    results = {"majority": majority_vote(labels.counts())}
    for name, model, shrinkage in (
        ("one coin", "one_coin", 0.0),
        ("Dawid-Skene", "full", 0.0),
        ("Dawid-Skene, shrunk", "full", "auto"),
    ):
        results[name] = dawid_skene(labels, model=model, shrinkage=shrinkage).consensus(labels)
    return {
        name: agree_with(one.category[asked], one.tied[asked], known[asked])
        for name, one in results.items()
    }


def run_simulations(seeds: int) -> None:
    tally = Tally(Counter(), Counter(), Counter(), Counter())
    met: list[dict[str, float]] = []
    started = time.perf_counter()
    for seed in range(seeds):
        crowd = simulate(seed)
        tally.add(crowd, watch(crowd.labels, VALUES, crowd.recorded))
        met.append(accuracies(crowd.labels, crowd.truth))
    print(f"{seeds} crowds of 80 labelers, {time.perf_counter() - started:.0f} s\n")
    print("| kind | of | found | named rightly |\n|---|---|---|---|")
    for kind, of in tally.of.items():
        print(f"| {kind} | {of} | {tally.found[kind] / of:.3f} | {tally.named[kind] / of:.3f} |")
    wronged = sum(tally.wronged.values())
    print(
        f"\nhonest labelers named: {wronged} of {tally.honest} ({wronged / tally.honest:.4f})",
        end=" ",
    )
    print(dict(tally.wronged), f"the copied one: {tally.source_named} of {seeds}\n")
    print("| consensus | mean accuracy | crowds worse than majority |\n|---|---|---|")
    for name in met[0]:
        mean = np.mean([row[name] for row in met])
        worse = sum(row[name] < row["majority"] for row in met)
        print(f"| {name} | {mean:.4f} | {worse} |")


def read_labels(labels_file: str, gold_file: str):
    side = {"left": 0, "tie": 1, "right": 2}
    with open(labels_file, newline="") as file:
        rows = list(csv.DictReader(file))
    item = np.array([int(row["item"]) for row in rows])
    who = np.array([int(row["annotator"]) for row in rows])
    category = np.array([side[row["preference"]] for row in rows])
    labels = Labels.of(
        item, who, category, n_items=item.max() + 1, n_labelers=who.max() + 1, n_categories=3
    )
    known = np.full(labels.n_items, UNKNOWN)
    with open(gold_file, newline="") as file:
        for row in csv.DictReader(file):
            known[int(row["item"])] = side[row["gold"]]
    first = np.where(category == 1, np.nan, (category == 0) * 1.0)
    seconds = np.array([float(row["seconds"]) for row in rows])
    return labels, Recorded(first=first, seconds=seconds), known


def run_file(labels_file: str, gold_file: str) -> None:
    labels, recorded, known = read_labels(labels_file, gold_file)
    seen = watch(labels, VALUES, recorded)
    print(f"{len(seen.flagged)} of {labels.n_labelers} labelers stand out\n")
    print("| labeler | kind | n | q | figures |\n|---|---|---|---|---|")
    for finding in seen.findings:
        figures = ", ".join(
            f"{name} {signal.value:.2f}"
            + (f" [{signal.ci[0]:.2f}, {signal.ci[1]:.2f}]" if signal.ci else "")
            for name, signal in finding.evidence.items()
            if signal.value is not None
        )
        print(
            f"| {finding.labeler} | {finding.kind} | {finding.n} | {finding.q:.1e} | {figures} |"
        )
    print("\n| consensus | of known answers |\n|---|---|")
    for name, share in accuracies(labels, known).items():
        print(f"| {name} | {share:.4f} ({share * (known != UNKNOWN).sum():.1f}) |")


def run_speed() -> None:
    """200,000 items × 5 labels by 2,000 labelers on 5 categories."""
    rng = np.random.default_rng(0)
    item = np.repeat(np.arange(200_000), 5)
    true = rng.integers(0, 5, 200_000)[item]
    given = np.where(rng.random(item.size) < 0.7, true, rng.integers(0, 5, item.size))
    labels = Labels.of(
        item,
        rng.integers(0, 2000, item.size),
        given,
        n_items=200_000,
        n_labelers=2000,
        n_categories=5,
        repeats="count",
    )
    started = time.perf_counter()
    fit = dawid_skene(labels, max_iter=20, tol=0.0)
    taken = time.perf_counter() - started
    print(
        f"Dawid-Skene, 1,000,000 labels, {fit.iterations} iterations: {taken:.1f} s (aim < 30)\n"
    )


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.crowd", description=__doc__)
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--labels")
    parser.add_argument("--gold")
    parser.add_argument("--speed", action="store_true", help="Dawid-Skene on a million labels")
    arguments = parser.parse_args()
    if arguments.speed:
        run_speed()
    if arguments.labels and arguments.gold:
        run_file(arguments.labels, arguments.gold)
    if arguments.seeds:
        run_simulations(arguments.seeds)


if __name__ == "__main__":
    main()
