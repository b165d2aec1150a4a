"""How often the 95 % intervals hold the truth, in worlds whose truth is known.

300 runs of each coefficient in each world; a true 95 % gives 92.5 to 97.5 in 95 of 100 such rows.
The truth of a world is the coefficient over 200,000 of its items, or in closed form.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from annotation.quality.stats.agreement import (
    brennan_prediger,
    comparison_kappa,
    fleiss_kappa,
    gwet_ac,
    pairwise_agreement,
)
from annotation.quality.stats.alpha import krippendorff_alpha
from annotation.quality.stats.cohen import cohen_kappa
from annotation.quality.stats.estimate import Estimate
from annotation.quality.stats.intraclass import intraclass_correlation
from annotation.quality.stats.rank_alpha import rank_alpha
from annotation.quality.stats.rankings import Rankings, ranking_agreement
from annotation.quality.stats.rating_table import RatingTable
from annotation.quality.stats.ratings import Ratings
from bench.report import Report

RUNS, DRAWS, MANY = 300, 1000, 200_000
AIM = "90 to 98 %"
Results = dict[str, Estimate]

OF_TABLES = {
    "raw": lambda table: pairwise_agreement(table, "micro"),
    "alpha nominal": lambda table: krippendorff_alpha(table, "nominal"),
    "alpha ordinal": lambda table: krippendorff_alpha(table, "ordinal"),
    "Fleiss": fleiss_kappa,
    "AC1": gwet_ac,
    "Brennan-Prediger": brennan_prediger,
    "comparison kappa": comparison_kappa,
}


@dataclass(frozen=True)
class World:
    """Three labelers, three answers; `noise`: the share of answers drawn by `shares` alone."""

    name: str
    noise: float
    shares: tuple[float, float, float]

    def answers(self, n: int, rng: np.random.Generator) -> np.ndarray:
        """(3 labelers, n items)"""
        truth = rng.choice(3, n, p=self.shares)
        noise = rng.choice(3, (3, n), p=self.shares)
        return np.where(rng.random((3, n)) < self.noise, noise, truth)

    def tables(self, n: int, rng: np.random.Generator, seed: int | None) -> Results:
        answers = self.answers(n, rng)
        counts = np.stack([(answers == q).sum(axis=0) for q in range(3)], axis=1)
        table = RatingTable(counts, seed=seed, n_resamples=DRAWS)
        found = {name: coefficient(table) for name, coefficient in OF_TABLES.items()}
        found["Cohen"] = cohen_kappa(answers[0], answers[1], 3, seed=seed, n_resamples=DRAWS)
        return found


def rankings(n: int, rng: np.random.Generator, seed: int | None) -> Results:
    """Four responses by three labelers, with ties."""
    worth = rng.normal(size=(n, 1, 4)) + rng.normal(size=(n, 3, 4))
    item, labeler = (axis.ravel() for axis in np.indices((n, 3)))
    ranked = Rankings.of(item, labeler, np.round(worth.reshape(-1, 4)))
    agreement = ranking_agreement(ranked, seed=seed)
    return {
        "Kendall's W": agreement.kendall_w,
        "tau-b": agreement.tau_b,
        "tau-x": agreement.tau_x,
        "rank alpha": rank_alpha(ranked, seed=seed, n_resamples=DRAWS),
    }


def sliders(n: int, rng: np.random.Generator, seed: int | None) -> Results:
    """Items, eight labelers and noise, all normal with variance 1: ICC(2,1) = 1/3, (3,1) = 1/2."""
    table = rng.normal(size=(n, 1)) + rng.normal(size=8) + rng.normal(size=(n, 8))
    item, labeler = (axis.ravel() for axis in np.indices(table.shape))
    call = {"item": item, "labeler": labeler, "rating": table.ravel()}
    return {f"ICC({form})": intraclass_correlation(form, **call) for form in ("2,1", "3,1")}


def people(n: int, rng: np.random.Generator, seed: int | None, n_items: int = 60) -> Results:
    """n labelers with noise of their own on items that stay: the interval is over labelers."""
    truth = np.random.default_rng(4).integers(0, 3, n_items)
    noise = rng.uniform(0.1, 0.7, (n, 1))
    answers = np.where(rng.random((n, n_items)) < noise, rng.integers(0, 3, (n, n_items)), truth)
    labeler, unit = (axis.ravel() for axis in np.indices(answers.shape))
    ratings = Ratings.of(
        unit=unit,
        labeler=labeler,
        category=answers.ravel(),
        n_units=n_items,
        n_labelers=n,
        n_categories=3,
    )
    table = ratings.table(seed=seed, over="labelers", n_resamples=DRAWS // 2)
    return {name: OF_TABLES[name](table) for name in ("raw", "alpha nominal", "AC1")}


def run(report: Report, folder: Path, sizes=()) -> None:
    even, skewed = (0.4, 0.2, 0.4), (0.8, 0.05, 0.15)
    for world in (
        World("moderate", 0.5, even),
        World("high", 0.15, even),
        World("skewed", 0.4, skewed),
    ):
        for n in (20, 50, 200):
            cover(report, f"{world.name}, {n} items", world.tables, n)
    for n in (20, 100):
        cover(report, f"rankings of {n} items", rankings, n, many=20_000)
    closed = {"ICC(2,1)": 1 / 3, "ICC(3,1)": 1 / 2}
    cover(report, "sliders on 30 items", sliders, 30, truth=closed)
    for n in (8, 15):
        cover(report, f"{n} labelers, over labelers", people, n, many=4_000)


def cover(
    report: Report,
    name: str,
    sample: Callable[..., Results],
    n: int,
    *,
    many: int = MANY,
    truth: dict[str, float] | None = None,
) -> None:
    if truth is None:
        whole = sample(many, np.random.default_rng(9), None)
        truth = {key: estimate.value for key, estimate in whole.items()}
    held = {key: [] for key in truth}
    for number in range(RUNS):
        found = sample(n, np.random.default_rng([n, number]), number)
        for key, estimate in found.items():
            if estimate.ci is not None:
                low, high = estimate.ci
                held[key].append(low - 1e-9 <= truth[key] <= high + 1e-9)
    for key, inside in held.items():
        missing = RUNS - len(inside)
        measured = f"{100 * np.mean(inside):.1f} %" + (f", {missing} without" if missing else "")
        report.add(f"{name}: {key} (true {truth[key]:.3f})", measured, AIM)
