"""The long form: duplicates, transposed calls, intervals over labelers, parts that add up."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from annotation.quality.stats.agreement import fleiss_kappa, gwet_ac, pairwise_agreement
from annotation.quality.stats.alpha import krippendorff_alpha
from annotation.quality.stats.breakdown import break_down, overlapping
from annotation.quality.stats.ratings import Ratings

from . import textbook as tb

COEFFICIENTS = {
    "raw": lambda table: pairwise_agreement(table, "micro"),
    "macro": lambda table: pairwise_agreement(table, "macro"),
    "alpha": lambda table: krippendorff_alpha(table, "ordinal"),
    "fleiss": fleiss_kappa,
    "ac1": gwet_ac,
}


def of(rows, **extents):
    unit, labeler, category = (list(column) for column in zip(*rows, strict=True))
    sizes = {"n_units": 4, "n_labelers": 3, "n_categories": 2} | extents
    return Ratings.of(unit=unit, labeler=labeler, category=category, **sizes)


def a_crowd(seed, *, n_items=40, n_labelers=12, per_item=4, q=3):
    """Sparse: other labelers on each item, half of the answers noise."""
    rng = np.random.default_rng(seed)
    truth = rng.integers(0, q, n_items)
    unit = np.repeat(np.arange(n_items), per_item)
    labeler = np.concatenate(
        [rng.choice(n_labelers, per_item, replace=False) for _ in range(n_items)]
    )
    noise = rng.integers(0, q, unit.size)
    category = np.where(rng.random(unit.size) < 0.5, truth[unit], noise)
    return Ratings.of(
        unit=unit,
        labeler=labeler,
        category=category,
        n_units=n_items,
        n_labelers=n_labelers,
        n_categories=q,
    )


def test_a_labeler_who_rated_twice_counts_once_with_the_latest():
    ratings = of([(0, 0, 1), (1, 0, 1), (0, 1, 0), (0, 0, 0)])
    assert len(ratings) == 3
    assert ratings.counts()[0].tolist() == [2, 0]


def test_what_lies_outside_its_extent_is_refused_so_a_transposed_call_is():
    rows = [(3, 0, 1), (2, 1, 0), (0, 2, 1)]
    assert len(of(rows)) == 3
    with pytest.raises(ValueError, match="labeler outside"):
        of([(labeler, unit, category) for unit, labeler, category in rows])
    with pytest.raises(ValueError, match="category outside"):
        of([(unit, category, labeler) for unit, labeler, category in rows])
    with pytest.raises(ValueError, match="unit outside"):
        of([(4, 0, 0)])
    with pytest.raises(ValueError, match="same length"):
        Ratings.of(unit=[0], labeler=[0, 1], category=[0], n_units=1, n_labelers=2, n_categories=1)
    with pytest.raises(ValueError, match="one item for each unit"):
        of(rows, item_of_unit=[0, 1])
    with pytest.raises(TypeError):
        Ratings.of([0], [0], [0], 1, 1, 1)


def draw_labelers_one_by_one(ratings, coefficient, seed, n=600):
    """Pick people with replacement; each copy is a person of its own, but two copies of one
    person never meet: count every pair of different people, and put the pairs together."""
    rng = np.random.default_rng(seed)
    values = []
    for _ in range(n):
        picked = rng.integers(0, ratings.n_labelers, ratings.n_labelers)
        agreed = met = 0
        for unit in range(len(ratings.item_of_unit)):
            here = ratings.unit == unit
            given = dict(zip(ratings.labeler[here], ratings.category[here], strict=True))
            people = [who for who in picked if who in given]
            for one in people:
                for other in people:
                    if one != other:
                        met += 1
                        agreed += given[one] == given[other]
        values.append(agreed / met)
    return np.quantile(values, [0.1, 0.5, 0.9])


def test_draws_of_labelers_equal_drawing_people_one_by_one():
    ratings = a_crowd(3, n_items=15, n_labelers=9)
    slow = draw_labelers_one_by_one(ratings, "raw", seed=1)
    table = ratings.table(seed=2, over="labelers", n_resamples=3000)
    sums = []

    def combine(of_draws):
        sums.append(of_draws)
        return of_draws[:, 0] / of_draws[:, 1]

    table.estimate(
        lambda rows, selves: np.stack(
            [
                (rows**2).sum(axis=1) - selves.sum(axis=1),
                rows.sum(axis=1) ** 2 - selves.sum(axis=1),
            ],
            axis=1,
        ),
        combine,
        method="raw agreement by hand",
    )
    drawn = next(of_draws for of_draws in sums if len(of_draws) == 3000)
    fast = np.quantile(drawn[:, 0] / drawn[:, 1], [0.1, 0.5, 0.9])
    assert fast == pytest.approx(slow, abs=0.02)


@pytest.mark.parametrize("name", COEFFICIENTS)
def test_over_what_is_resampled_does_not_move_the_value(name):
    ratings, coefficient = a_crowd(5), COEFFICIENTS[name]
    estimates = [
        coefficient(ratings.table(seed=1, over=over, n_resamples=400))
        for over in ("items", "labelers", "both")
    ]
    plain = coefficient(ratings.counts())
    assert plain.ci is None
    for estimate in estimates:
        assert estimate.value == plain.value
        assert estimate.ci[0] < estimate.value < estimate.ci[1]
    widths = [np.diff(estimate.ci)[0] for estimate in estimates]
    assert widths[2] > max(widths[:2])


def test_a_copy_of_a_labeler_is_no_second_opinion():
    """Everybody answers at random: agreement of copies with themselves would lift the draws."""
    rng = np.random.default_rng(8)
    unit, labeler = (axis.ravel() for axis in np.indices((200, 6)))
    ratings = Ratings.of(
        unit=unit,
        labeler=labeler,
        category=rng.integers(0, 2, unit.size),
        n_units=200,
        n_labelers=6,
        n_categories=2,
    )
    low, high = krippendorff_alpha(ratings.table(seed=1, over="labelers"), "nominal").ci
    assert -0.15 < low < 0 < high < 0.25
    assert abs(low + high) / 2 < 0.06  # with the copies the draws would lie about 0.17


def test_few_labelers_have_no_interval_over_labelers():
    few = tb.ratings_of_raters(["1213", "1223", "1123"])
    assert krippendorff_alpha(few.table(seed=1, over="labelers"), "nominal").ci is None
    assert krippendorff_alpha(few.table(seed=1), "nominal").ci is not None
    with pytest.raises(ValueError, match="items, labelers or both"):
        few.table(seed=1, over="weeks")


def test_equal_seeds_give_equal_intervals_over_labelers():
    ratings = a_crowd(6)

    def interval(seed):
        return gwet_ac(ratings.table(seed=seed, over="labelers", n_resamples=200)).ci

    assert interval(1) == interval(1)
    assert interval(1) != interval(2)


@given(st.integers(0, 10**6), st.integers(1, 5))
@settings(max_examples=30, deadline=None)
def test_parts_add_up_to_the_whole(seed, n_parts):
    ratings = a_crowd(seed, n_items=12)
    part = np.random.default_rng(seed).integers(0, n_parts, len(ratings))
    found = break_down(ratings, part, {"raw": COEFFICIENTS["raw"]})
    parts = found.parts.values()
    assert sum(one.n_ratings for one in parts) == found.whole.n_ratings == len(ratings)
    assert sum(one.n_pairs for one in parts) + found.n_pairs_across == found.whole.n_pairs
    assert found.n_pairs_across >= 0
    for key, one in found.parts.items():
        alone = pairwise_agreement(ratings.only(part == key).counts(), "micro")
        assert one.estimates["raw"] == alone


@given(st.integers(0, 10**6))
@settings(max_examples=30, deadline=None)
def test_parts_of_whole_items_average_to_the_raw_agreement(seed):
    """By language or generator pair no pair of ratings lies across, so agreed pairs add up."""
    ratings = a_crowd(seed, n_items=12)
    found = break_down(ratings, ratings.unit % 3, {"raw": COEFFICIENTS["raw"]})
    assert found.n_pairs_across == 0
    agreed = sum(one.n_pairs * one.estimates["raw"].value for one in found.parts.values())
    whole = found.whole.estimates["raw"].value
    assert agreed / found.whole.n_pairs == pytest.approx(whole)


def test_a_part_does_not_depend_on_the_others_and_an_empty_one_says_so():
    ratings = a_crowd(7)
    language = np.array(["de", "en", "fr", "ja"])[ratings.unit % 4]
    found = break_down(ratings, language, COEFFICIENTS, seed=3, n_resamples=200)
    assert list(found.parts) == ["de", "en", "fr", "ja"]
    masks = {"de": language == "de", "all": language != "", "none": language == "zu"}
    alone = overlapping(ratings, masks, COEFFICIENTS, seed=3, n_resamples=200)
    assert alone["de"] == found.parts["de"]
    assert alone["all"] == found.whole
    assert alone["none"].n_ratings == alone["none"].n_pairs == 0
    assert {e.reason for e in alone["none"].estimates.values()} == {"no_data"}
    with pytest.raises(ValueError, match="one part for each"):
        break_down(ratings, language[1:], COEFFICIENTS)


@given(st.integers(0, 10**6))
@settings(max_examples=30, deadline=None)
def test_names_and_order_of_labelers_items_and_rows_do_not_matter(seed):
    ratings = a_crowd(seed, n_items=10, n_labelers=6)
    rng = np.random.default_rng(seed)
    order = rng.permutation(len(ratings))
    renamed = Ratings.of(
        unit=rng.permutation(10)[ratings.unit][order],
        labeler=rng.permutation(6)[ratings.labeler][order],
        category=ratings.category[order],
        n_units=10,
        n_labelers=6,
        n_categories=3,
    )
    for coefficient in COEFFICIENTS.values():
        one, other = coefficient(ratings.counts()), coefficient(renamed.counts())
        assert one.reason == other.reason
        if one.value is not None:
            assert one.value == pytest.approx(other.value, abs=1e-9)
