"""Abilities of generators: speed beside other programs, and what simulations with a known truth
say of the intervals, of stopping and of choosing. `OPENBLAS_NUM_THREADS=1 python -m bench
ability` measures one thread."""

from collections.abc import Callable
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import TypeVar

import choix
import evalica
import numpy as np

from annotation.quality.stats.ability import AbilityFit
from annotation.quality.stats.bradley_terry import bradley_terry, fit_abilities
from annotation.quality.stats.next_comparison import next_comparisons
from annotation.quality.stats.outcomes import (
    GeneratorComparisons,
    compare_generators,
    outcome_matrix,
)
from annotation.quality.stats.plackett_luce import plackett_luce
from annotation.quality.stats.ranked_generators import rankings_of_table
from annotation.quality.stats.stopping import (
    confusion_of_accuracy,
    item_posteriors,
    simulate_sequential,
)
from bench.report import Report

RUNS = 300
T = TypeVar("T")


def run(report: Report, folder: Path, sizes: tuple[int, ...]) -> None:
    speed(report)
    coverage(report)
    stopping(report)
    choosing(report)


def speed(report: Report) -> None:
    """A million comparisons of 200 generators, from long arrays as a query gives them."""
    rng = np.random.default_rng(0)
    size, n = 1_000_000, 200
    ability = rng.normal(0, 1, n)
    first = rng.integers(0, n, size)
    second = (first + rng.integers(1, n, size)) % n
    outcome = _judge(rng, ability[first] - ability[second], tied=0.1)
    item = rng.integers(0, 200_000, size)

    def ours(**options: object) -> AbilityFit:
        games = compare_generators(first, second, outcome, n, item=item)
        return fit_abilities(games, **options)  # type: ignore[arg-type]

    own, fit = _seconds(lambda: ours(robust=False))
    report.add("Bradley-Terry, 1,000,000 comparisons of 200 generators", f"{own:.2f} s", "2 s")
    for what, options in (
        ("with errors clustered by 200,000 items", {}),
        (
            "Davidson, position effect",
            {"tie_model": "davidson", "position": True, "robust": False},
        ),
    ):
        seconds, _ = _seconds(lambda options=options: ours(**options), 1)
        report.add(f"the same, {what}", f"{seconds:.2f} s")
    table = outcome_matrix(compare_generators(first, second, outcome, n))
    dense = table.wins + table.ties / 2
    by_table, _ = _seconds(lambda: bradley_terry(table.wins, table.ties))
    seconds, theirs = _seconds(lambda: choix.ilsr_pairwise_dense(dense))
    assert np.allclose(theirs, fit.ability, atol=1e-4)
    report.add("from the table of wins instead", f"{by_table:.3f} s")
    report.add(
        "choix, from the table, without errors", f"{seconds:.3f} s, {seconds / by_table:.1f} x"
    )
    names = np.array([f"g{i:03}" for i in range(n)])
    kinds = (evalica.Winner.X, evalica.Winner.Draw, evalica.Winner.Y)
    winners = [kinds[o] for o in outcome]
    seconds, scores = _seconds(
        lambda: evalica.bradley_terry(names[first], names[second], winners, tolerance=1e-8), 1
    )
    theirs = np.log([scores.scores[name] for name in names])
    assert np.allclose(theirs - theirs.mean(), fit.ability, atol=1e-3)
    report.add("evalica, from the arrays", f"{seconds:.2f} s, {seconds / own:.1f} x")


def coverage(report: Report) -> None:
    """How many 95 % intervals of differences hold the truth, over runs and pairs."""
    rng = np.random.default_rng(1)
    ability = np.array([-1.0, -0.5, 0.0, 0.3, 0.5, 0.7])
    hits: dict[str, list[float]] = {}
    for _ in range(RUNS):
        first, second = _pairs(rng, 6, 600)
        d = ability[first] - ability[second]
        games = compare_generators(first, second, _judge(rng, d), 6)
        fit = fit_abilities(games, prior_strength=0.5)
        hits.setdefault("Bradley-Terry", []).append(_covered(fit, ability))
        # One judgment in five repeats what another labeler said of the same item.
        rows = np.concatenate([np.arange(600), rng.integers(0, 600, 150)])
        fit = fit_abilities(games.where(rows), prior_strength=0.5)
        hits.setdefault("Bradley-Terry, dependent judgments", []).append(_covered(fit, ability))
        drawn = compare_generators(first, second, _davidson(rng, d, 0.8), 6)
        fit = fit_abilities(drawn, tie_model="davidson", prior_strength=0.5)
        hits.setdefault("Davidson", []).append(_covered(fit, ability))
        # Gumbel noise on abilities, sorted, is Plackett-Luce (Yellott 1977).
        noise = ability + rng.gumbel(size=(150, 6))
        places = (-noise).argsort(axis=1).argsort(axis=1) + 1.0
        places[rng.random(places.shape) < 0.3] = np.nan
        fit = plackett_luce(rankings_of_table(places))
        hits.setdefault("Plackett-Luce, three of ten absent", []).append(_covered(fit, ability))
    for what, shares in hits.items():
        report.add(f"coverage, {what}, {RUNS} runs", f"{np.mean(shares):.3f}", ".90 to .98")


def stopping(report: Report) -> None:
    """Items of two answers and labelers of mixed accuracy: overlap 5 for all, or until sure."""
    rng = np.random.default_rng(2)
    accuracy = rng.beta(16, 4, 30)  # mean 0.8
    confusion, truth = confusion_of_accuracy(accuracy, 2), rng.integers(0, 2, 20_000)
    labeler = rng.permuted(np.tile(np.arange(30), (len(truth), 1)), axis=1)[:, :5]
    right = rng.random(labeler.shape) < accuracy[labeler]
    answer = np.where(right, truth[:, None], 1 - truth[:, None])
    item = np.repeat(np.arange(len(truth)), 5)
    majority = float(((answer.sum(axis=1) > 2) == truth).mean())
    report.add("fixed overlap 5, majority: right", f"{majority:.4f}")
    guessed = (rng.binomial(20, accuracy) + 1) / 22  # after twenty gold items each
    for what, of in (("known", accuracy), ("from 20 gold items", guessed)):
        assumed = confusion_of_accuracy(of, 2)
        posterior = item_posteriors(item, labeler.ravel(), answer.ravel(), len(truth), assumed)
        fixed = float((posterior.argmax(axis=1) == truth).mean())
        for eps in np.arange(0.10, 0.01, -0.005):  # the first that is as right as overlap 5
            taken, posterior = simulate_sequential(
                truth, confusion, cap=12, eps=float(eps), seed=3, assumed=assumed
            )
            share = float((posterior.argmax(axis=1) == truth).mean())
            if share >= fixed:
                break
        report.add(f"fixed overlap 5, posterior, accuracies {what}: right", f"{fixed:.4f}")
        report.add(
            f"sequential, eps {eps:.3f}: right, judgments per item, saved",
            f"{share:.4f}, {taken.mean():.2f}, {1 - taken.mean() / 5:.0%}",
            "a third saved",
        )


def choosing(report: Report) -> None:
    """Equal budgets, chosen as `next_comparisons` does (its control and exploration included)
    against pairs at random; and how the verdict depends on how far apart generators are."""
    for spread in (0.5, 1.5):
        results = np.array([_race(np.random.default_rng([4, r]), spread) for r in range(60)])
        gain = results[:, 0] - results[:, 1]
        error = gain.std(ddof=1) / np.sqrt(len(gain))
        report.add(
            f"pairs in right order, 12 generators of sd {spread}, 240 judgments: chosen, random",
            f"{results[:, 0].mean():.3f}, {results[:, 1].mean():.3f}"
            f" (difference {gain.mean():+.3f} +- {1.96 * error:.3f})",
        )
        report.add(
            "their mean variance of a difference: chosen / random",
            f"{np.mean(results[:, 2] / results[:, 3]):.2f}",
        )


def _race(rng: np.random.Generator, spread: float) -> tuple[float, float, float, float]:
    n, budget, batch = 12, 240, 20
    ability = rng.normal(0, spread, n)
    fit = bradley_terry(np.zeros((n, n)), prior_strength=0.5)
    chosen: list[tuple[int, int]] = []
    outcome = np.zeros(0, dtype=np.int64)
    while len(chosen) < budget:
        more = [(c.first, c.second) for c in next_comparisons(fit, batch, rng=rng)]
        first, second = np.array(more).T
        outcome = np.concatenate([outcome, _judge(rng, ability[first] - ability[second])])
        chosen += more
        fit = _fit(*np.array(chosen).T, outcome, n)
    first, second = _pairs(rng, n, budget)
    other = _fit(first, second, _judge(rng, ability[first] - ability[second]), n)
    upper = np.triu_indices(n, k=1)
    return (
        _in_order(fit, ability), _in_order(other, ability),
        float(fit.variance_of_differences()[upper].mean()),
        float(other.variance_of_differences()[upper].mean()),
    )  # fmt: skip


def _fit(first: np.ndarray, second: np.ndarray, outcome: np.ndarray, n: int) -> AbilityFit:
    games: GeneratorComparisons = compare_generators(first, second, outcome, n)
    return fit_abilities(games, prior_strength=0.5, robust=False)


def _pairs(rng: np.random.Generator, n: int, size: int) -> tuple[np.ndarray, np.ndarray]:
    first = rng.integers(0, n, size)
    return first, (first + rng.integers(1, n, size)) % n


def _judge(rng: np.random.Generator, d: np.ndarray, tied: float = 0.0) -> np.ndarray:
    outcome = np.where(rng.random(len(d)) < 1 / (1 + np.exp(-d)), 0, 2)
    return np.where(rng.random(len(d)) < tied, 1, outcome)


def _davidson(rng: np.random.Generator, d: np.ndarray, nu: float) -> np.ndarray:
    worth = np.stack([np.exp(d / 2), np.full_like(d, nu), np.exp(-d / 2)])
    edges = (worth / worth.sum(axis=0)).cumsum(axis=0)
    return (rng.random(len(d)) > edges[:2]).sum(axis=0)


def _covered(fit: AbilityFit, ability: np.ndarray) -> float:
    upper = np.triu_indices(len(ability), k=1)
    off = (fit.ability[:, None] - fit.ability) - (ability[:, None] - ability)
    inside = np.abs(off) <= 1.959964 * np.sqrt(fit.variance_of_differences())
    return float(inside[upper].mean())


def _in_order(fit: AbilityFit, ability: np.ndarray) -> float:
    upper = np.triu_indices(len(ability), k=1)
    same = (fit.ability[:, None] > fit.ability) == (ability[:, None] > ability)
    return float(same[upper].mean())


def _seconds(call: Callable[[], T], times: int = 3) -> tuple[float, T]:
    taken = []
    for _ in range(times):
        start = perf_counter()
        result = call()
        taken.append(perf_counter() - start)
    return median(taken), result
