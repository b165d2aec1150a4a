"""The coefficients at a million ratings, beside other people's libraries in the same run.

To add a row: a function without arguments that makes its input and returns the call to measure,
in ROWS with its aim. Each runs in a process of its own, so that memory is that of the row alone.
"""

import importlib.util
import multiprocessing
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from annotation.quality.stats.agreement import fleiss_kappa, gwet_ac
from annotation.quality.stats.alpha import krippendorff_alpha
from annotation.quality.stats.breakdown import break_down
from annotation.quality.stats.dawid_skene import dawid_skene
from annotation.quality.stats.labels import Labels
from annotation.quality.stats.rating_table import RatingTable
from annotation.quality.stats.ratings import Ratings
from annotation.quality.stats.tables import count_table
from bench.report import Report

N_ITEMS, PER_ITEM, Q, N_LABELERS = 200_000, 5, 5, 500
Call = Callable[[], object]


@dataclass(frozen=True)
class Row:
    name: str
    prepare: Callable[[], Call]  # makes the input; what it returns is measured
    aim: str = ""
    needs: str = ""  # the library; left out where it is not installed
    beside: str = ""  # the row to give the ratio to


def a_million() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(item, labeler, category) of 1,000,000 ratings, half of them noise."""
    rng = np.random.default_rng(1)
    item = np.repeat(np.arange(N_ITEMS), PER_ITEM)
    first = rng.integers(0, N_LABELERS, N_ITEMS)
    labeler = (first[:, None] + np.arange(PER_ITEM)).ravel() % N_LABELERS
    truth, noise = rng.integers(0, Q, N_ITEMS)[item], rng.integers(0, Q, item.size)
    return item, labeler, np.where(rng.random(item.size) < 0.5, truth, noise)


def counted() -> np.ndarray:
    item, _, category = a_million()
    return count_table(item, category, N_ITEMS, Q)


def from_ratings() -> Call:
    item, _, category = a_million()
    return lambda: krippendorff_alpha(count_table(item, category, N_ITEMS, Q), "ordinal")


def on_counts(coefficient: Callable[[np.ndarray], object]) -> Callable[[], Call]:
    def prepare() -> Call:
        counts = counted()
        return lambda: coefficient(counts)

    return prepare


def five_with_intervals() -> Call:
    counts = counted()

    def call() -> None:
        table = RatingTable(counts, seed=1, n_resamples=1000)
        for level in ("nominal", "ordinal", "interval"):
            krippendorff_alpha(table, level)
        gwet_ac(table)
        fleiss_kappa(table)

    return call


def long_form() -> Ratings:
    item, labeler, category = a_million()
    sizes = {"n_units": N_ITEMS, "n_labelers": N_LABELERS, "n_categories": Q}
    return Ratings.of(unit=item, labeler=labeler, category=category, **sizes)


def over_labelers() -> Call:
    ratings = long_form()
    return lambda: gwet_ac(ratings.table(seed=1, over="labelers", n_resamples=100))


def forty_parts() -> Call:
    """A page: 50,000 comparisons with ties by week, language or generator pair."""
    rng = np.random.default_rng(2)
    item = np.repeat(np.arange(10_000), PER_ITEM)
    ratings = Ratings.of(
        unit=item,
        labeler=np.tile(np.arange(PER_ITEM), 10_000),
        category=rng.integers(0, 3, item.size),
        n_units=10_000,
        n_labelers=PER_ITEM,
        n_categories=3,
    )
    coefficients = {
        "ac1": gwet_ac,
        "alpha": lambda table: krippendorff_alpha(table, "ordinal"),
    }
    return lambda: break_down(ratings, item % 40, coefficients, seed=1, n_resamples=1000)


def by_krippendorff() -> Call:
    import krippendorff

    counts = counted()
    return lambda: krippendorff.alpha(value_counts=counts, level_of_measurement="ordinal")


def by_evalica() -> Call:
    import evalica
    import pandas

    item, _, category = a_million()
    table = pandas.DataFrame(category.reshape(N_ITEMS, PER_ITEM).T.astype(float))
    return lambda: evalica.alpha(table, distance="ordinal")


def by_crowd_kit() -> Call:
    import pandas
    from crowdkit.metrics.data import alpha_krippendorff

    item, labeler, category = a_million()
    frame = pandas.DataFrame({"task": item, "worker": labeler, "label": category})
    return lambda: alpha_krippendorff(frame)


def twenty_steps() -> Call:
    item, labeler, category = a_million()
    labels = Labels.of(
        item, labeler, category, n_items=N_ITEMS, n_labelers=N_LABELERS, n_categories=Q
    )
    return lambda: dawid_skene(labels, max_iter=20, tol=0.0)


def twenty_steps_by_crowd_kit() -> Call:
    import pandas
    from crowdkit.aggregation import DawidSkene

    item, labeler, category = a_million()
    frame = pandas.DataFrame({"task": item, "worker": labeler, "label": category})
    return lambda: DawidSkene(n_iter=20, tol=0.0).fit(frame)


def by_statsmodels() -> Call:
    from statsmodels.stats.inter_rater import fleiss_kappa as theirs

    counts = counted()
    return lambda: theirs(counts)


STEPS = "Dawid–Skene, 20 steps on 1,000,000 labels"
ALPHA, FLEISS = "alpha ordinal from 1,000,000 ratings", "Fleiss' kappa from counts"
ROWS = [
    Row(ALPHA, from_ratings, "< 1 s, < 200 MiB"),
    Row("alpha ordinal, krippendorff (counts)", by_krippendorff, "", "krippendorff", ALPHA),
    Row("alpha ordinal, evalica", by_evalica, "", "evalica", ALPHA),
    Row("alpha nominal, crowd-kit", by_crowd_kit, "", "crowdkit", ALPHA),
    Row(FLEISS, on_counts(fleiss_kappa), "< 1 s"),
    Row("Fleiss' kappa, statsmodels", by_statsmodels, "", "statsmodels", FLEISS),
    Row("AC1 from counts", on_counts(gwet_ac), "< 1 s"),
    Row("five coefficients, 1,000 draws of items", five_with_intervals, "< 30 s"),
    Row("forty parts of 50,000, two coefficients, 1,000 draws", forty_parts, "< 2 s"),
    Row("AC1, 100 draws of 500 labelers", over_labelers),
    Row(STEPS, twenty_steps, "< 30 s"),
    Row("the same, crowd-kit", twenty_steps_by_crowd_kit, "", "crowdkit", STEPS),
]


def run(report: Report, folder: Path, sizes=()) -> None:
    seconds: dict[str, float] = {}
    for row in ROWS:
        if row.needs and importlib.util.find_spec(row.needs) is None:
            report.add(row.name, "not installed")
            continue
        seconds[row.name], extra = alone(row)
        measured = f"{seconds[row.name]:.2f} s, {extra:.0f} MiB"
        if row.beside:
            measured += f", {seconds[row.name] / seconds[row.beside]:.1f} times ours"
        report.add(row.name, measured, row.aim)


def alone(row: Row) -> tuple[float, float]:
    """Seconds (the best of three) and MiB over the input, in a process of its own."""
    # Not forked: libraries with threads of their own do not survive it.
    context = multiprocessing.get_context("spawn")
    with context.Pool(1) as pool:
        return pool.apply(measure, (ROWS.index(row),))


def measure(index: int) -> tuple[float, float]:
    call = ROWS[index].prepare()
    Path("/proc/self/clear_refs").write_text("5")  # the peak begins here
    before = status("VmRSS")
    taken = []
    for _ in range(3):
        started = time.perf_counter()
        call()
        taken.append(time.perf_counter() - started)
        if taken[0] > 5:
            break
    return min(taken), (status("VmHWM") - before) / 1024


def status(key: str) -> int:
    """KiB of this process."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(key))
