import numpy as np
import pytest
from scipy.stats import norm
from scipy.stats import t as student

from annotation.quality.stats.agreement import gwet_ac, pairwise_agreement
from annotation.quality.stats.alpha import krippendorff_alpha
from annotation.quality.stats.bootstrap import (
    bootstrap_mean,
    draw_rows,
    percentile_interval,
)
from annotation.quality.stats.intervals import accelerated_interval
from annotation.quality.stats.rating_table import RatingTable
from annotation.quality.stats.tables import find_patterns

from . import textbook as tb


def draw_one_by_one(counts, item_of_row, statistic, seed, n=1500):
    """The textbook bootstrap: pick items with replacement, put their rows together, compute."""
    rng = np.random.default_rng(seed)
    items = np.unique(item_of_row)
    rows_of = {item: np.flatnonzero(item_of_row == item) for item in items}
    values = []
    for _ in range(n):
        picked = rng.choice(items, len(items))
        rows = np.concatenate([rows_of[item] for item in picked])
        value = statistic(counts[rows]).value
        values.append(np.nan if value is None else value)
    return np.quantile(values, [0.025, 0.975])


def some_counts(seed, n_items=60, per_item=3):
    rng = np.random.default_rng(seed)
    truth = rng.integers(0, 3, n_items * per_item)
    counts = np.zeros((n_items * per_item, 3), int)
    for _ in range(3):
        noisy = np.where(rng.random(truth.size) < 0.3, rng.integers(0, 3, truth.size), truth)
        counts[np.arange(truth.size), noisy] += 1
    return counts, np.repeat(np.arange(n_items), per_item)


@pytest.mark.parametrize(
    "statistic", [lambda c: krippendorff_alpha(c, "ordinal"), gwet_ac], ids=["alpha", "ac1"]
)
def test_the_multinomial_shortcut_equals_drawing_items_one_by_one(statistic):
    counts, item_of_row = some_counts(1)
    slow = draw_one_by_one(counts, item_of_row, statistic, seed=2)
    table = RatingTable(counts, item_of_row=item_of_row, seed=3, n_resamples=4000)
    assert statistic(table).ci == pytest.approx(slow, abs=0.025)


def test_comparisons_of_one_item_are_drawn_together():
    """Three copies of each row are no more evidence than one: the interval must not shrink."""
    counts, _ = some_counts(4, n_items=80, per_item=1)
    copies = np.repeat(counts, 3, axis=0)
    alone = krippendorff_alpha(RatingTable(counts, seed=5, n_resamples=4000), "nominal").ci
    together = RatingTable(
        copies, item_of_row=np.repeat(np.arange(80), 3), seed=5, n_resamples=4000
    )
    apart = RatingTable(copies, seed=5, n_resamples=4000)

    width = np.diff(alone)[0]
    assert np.diff(krippendorff_alpha(together, "nominal").ci)[0] == pytest.approx(width, rel=0.06)
    assert np.diff(krippendorff_alpha(apart, "nominal").ci)[0] < 0.7 * width


def test_equal_seeds_give_equal_intervals_and_others_others():
    counts = tb.counts_of_digits(tb.FLEISS_1971)

    def interval(seed):
        return krippendorff_alpha(RatingTable(counts, seed=seed), "nominal").ci

    assert interval(1) == interval(1)
    assert interval(1) != interval(2)


def test_the_order_of_the_rows_changes_nothing():
    counts = tb.counts_of_digits(tb.FLEISS_1971)
    there = gwet_ac(RatingTable(counts, seed=1))
    back = gwet_ac(RatingTable(counts[::-1], seed=1))
    assert there == back


def test_items_with_one_judgment_are_not_resampled():
    counts = np.array([[2, 0], [1, 1], [0, 2], [1, 0], [1, 0]])
    patterns = find_patterns(counts)
    draws = draw_rows(patterns, seed=1, n_resamples=50)
    single = patterns.ratings == 1
    assert draws.n_clusters == 3
    assert (draws.weights[:, single] == 2).all()
    assert (draws.weights[:, ~single].sum(axis=1) == 3).all()
    by_item = draw_rows(patterns, item_of_row=np.arange(5), seed=1, n_resamples=50)
    assert by_item.n_clusters == 3
    assert (by_item.weights[:, single] == 2).all()
    assert (by_item.weights[:, ~single].sum(axis=1) == 3).all()


def test_one_item_has_no_interval():
    assert krippendorff_alpha(RatingTable([[1, 1]], seed=1), "nominal").ci is None
    assert pairwise_agreement(RatingTable([[2, 1], [1, 2]], seed=1), "micro").ci is not None


def test_an_interval_of_few_defined_draws_is_withheld():
    values = np.arange(1000.0)
    assert accelerated_interval(values, value=499.5, n_clusters=10**6) == pytest.approx(
        (24.975, 974.025), abs=0.1
    )
    half = np.where(np.arange(100) % 2, np.nan, 1.0)
    assert accelerated_interval(half, value=1.0, n_clusters=5) is None
    assert accelerated_interval(np.full(10, np.nan), value=1.0, n_clusters=5) is None
    assert accelerated_interval(values, value=499.5, n_clusters=1) is None
    assert percentile_interval(np.arange(100.0), n_clusters=5) == pytest.approx((2.475, 96.525))
    assert percentile_interval(half, n_clusters=5) is None


def test_an_interval_leans_with_its_bias_and_its_acceleration():
    """Efron & Tibshirani 1993, eq. 14.10: both shift the percentiles, few items widen them."""
    values, middle = np.arange(1000.0), {"value": 499.5, "n_clusters": 10**6}
    plain = accelerated_interval(values, **middle)
    biased = accelerated_interval(values, value=400.0, n_clusters=10**6)
    z0 = norm.ppf(0.4005)
    assert biased[0] == pytest.approx(999 * norm.cdf(2 * z0 - 1.959964), abs=0.01)
    skewed = {"jackknife": np.array([0.0, 4.0, 5.0, 5.0]), "times": np.ones(4)}
    d = 3.5 - skewed["jackknife"]
    a = (d**3).sum() / (6 * (d**2).sum() ** 1.5)
    leaning = accelerated_interval(values, **middle, **skewed)
    assert leaning[1] == pytest.approx(999 * norm.cdf(1.959964 / (1 - a * 1.959964)), abs=0.01)
    few = accelerated_interval(values, value=499.5, n_clusters=10)
    t = student.ppf(0.975, 9) * np.sqrt(10 / 9)
    assert few[1] == pytest.approx(999 * norm.cdf(t), abs=0.01)
    assert few[0] < plain[0] < plain[1] < few[1]


def test_a_mean_has_the_interval_of_its_standard_error():
    values = np.random.default_rng(1).normal(3.0, 2.0, 400)
    low, high = bootstrap_mean(values, seed=2)
    half = 1.96 * values.std() / 20
    assert (low, high) == pytest.approx((values.mean() - half, values.mean() + half), abs=0.04)
    assert bootstrap_mean(np.array([1.0]), seed=1) is None


def test_wide_tables_have_their_distinct_rows_too():
    """More categories than fit into one integer key."""
    rng = np.random.default_rng(1)
    counts = rng.integers(0, 9, (50, 30))
    patterns = find_patterns(np.concatenate([counts, counts]))
    assert patterns.rows.shape == (50, 30)
    assert (patterns.weights == 2).all()
    assert (patterns.rows[patterns.row_of[:50]] == counts).all()
