import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from annotation.quality.stats.intraclass import intraclass_correlation

from . import textbook as tb

FORMS = ("1,1", "2,1", "3,1", "1,k", "2,k", "3,k")


def icc(form, table):
    table = np.asarray(table, dtype=float)
    item, labeler = np.nonzero(np.isfinite(table))
    rating = table[item, labeler]
    return intraclass_correlation(form, item=item, labeler=labeler, rating=rating)


@pytest.mark.parametrize(
    ("form", "published", "interval"),
    [
        # Values: Shrout & Fleiss 1979, table 4. Intervals: R psych::ICC on the same table.
        ("1,1", 0.17, (-0.133, 0.723)),
        ("2,1", 0.29, (0.019, 0.761)),
        ("3,1", 0.71, (0.342, 0.946)),
        ("1,k", 0.44, (-0.884, 0.912)),
        ("2,k", 0.62, (0.071, 0.927)),
        ("3,k", 0.91, (0.676, 0.986)),
    ],
)
def test_the_six_forms_of_shrout_and_fleiss(form, published, interval):
    estimate = icc(form, tb.SHROUT_FLEISS)
    assert estimate.value == pytest.approx(published, abs=0.005)
    assert estimate.ci == pytest.approx(interval, abs=6e-4)
    assert (estimate.n_items, estimate.n_pairable, estimate.n_ratings) == (6, 6, 24)


def test_f_of_shrout_and_fleiss():
    """Table 3 there: mean squares 11.24 between, 6.26 within, 1.02 error."""
    one, three = icc("1,1", tb.SHROUT_FLEISS).test, icc("3,1", tb.SHROUT_FLEISS).test
    assert one.statistic == pytest.approx(11.24 / 6.26, abs=2e-3)
    assert three.statistic == pytest.approx(11.24 / 1.02, abs=0.02)
    assert (one.degrees_of_freedom, three.degrees_of_freedom) == ((5, 18), (5, 15))
    assert three.p_value == pytest.approx(0.00013, abs=1e-5)


def by_analysis_of_variance(form, table):
    """The definition in sums over cells, without the decomposition that ours uses."""
    n, k = table.shape
    mean, rows, columns = table.mean(), table.mean(axis=1), table.mean(axis=0)
    between = sum(k * (row - mean) ** 2 for row in rows) / (n - 1)
    judges = sum(n * (column - mean) ** 2 for column in columns) / (k - 1)
    within = sum((table[i, j] - rows[i]) ** 2 for i in range(n) for j in range(k)) / (n * (k - 1))
    error = sum(
        (table[i, j] - rows[i] - columns[j] + mean) ** 2 for i in range(n) for j in range(k)
    ) / ((n - 1) * (k - 1))
    return {
        "1,1": (between - within) / (between + (k - 1) * within),
        "2,1": (between - error) / (between + (k - 1) * error + k * (judges - error) / n),
        "3,1": (between - error) / (between + (k - 1) * error),
        "1,k": (between - within) / between,
        "2,k": (between - error) / (between + (judges - error) / n),
        "3,k": (between - error) / between,
    }[form]


@pytest.mark.parametrize("form", FORMS)
def test_random_tables_equal_the_analysis_of_variance(form):
    rng = np.random.default_rng(7)
    for n, k in ((3, 2), (8, 5), (20, 3)):
        table = rng.normal(size=(n, 1)) + rng.normal(size=(n, k)) + rng.normal(size=k)
        assert icc(form, table).value == pytest.approx(by_analysis_of_variance(form, table))


def test_consistency_forgives_a_constant_difference_and_agreement_does_not():
    table = tb.SHROUT_FLEISS + np.array([0, 0, 0, 5])
    assert icc("3,1", table).value == pytest.approx(icc("3,1", tb.SHROUT_FLEISS).value)
    assert icc("2,1", table).value < icc("2,1", tb.SHROUT_FLEISS).value


def test_shrout_fleiss_transposed_is_another_question():
    """The names of the arguments say which is which; there is no table to turn around."""
    assert icc("1,1", tb.SHROUT_FLEISS.T).value != icc("1,1", tb.SHROUT_FLEISS).value
    with pytest.raises(TypeError):
        intraclass_correlation("1,1", [0, 0], [0, 1], [1.0, 2.0])


@pytest.mark.parametrize("form", FORMS)
def test_where_it_does_not_exist(form):
    full = tb.SHROUT_FLEISS.astype(float)
    gap = full.copy()
    gap[2, 1] = np.nan
    assert icc(form, np.zeros((0, 3))).reason == "no_data"
    assert icc(form, full[:, :1]).reason == "no_pairable"
    assert icc(form, full[:1]).reason == "no_pairable"
    assert icc(form, gap).reason == "unbalanced"
    assert icc(form, np.full((4, 3), 2.0)).reason == "no_variation"


def test_form_1_takes_other_labelers_for_each_item():
    item, labeler = [0, 0, 1, 1], [0, 1, 2, 3]
    call = {"item": item, "labeler": labeler, "rating": [1.0, 2.0, 4.0, 4.5]}
    assert intraclass_correlation("1,1", **call).value is not None
    assert intraclass_correlation("2,1", **call).reason == "unbalanced"


def test_full_agreement_is_one_and_has_no_f():
    for form in FORMS:
        estimate = icc(form, [[1, 1], [2, 2], [4, 4]])
        assert estimate.value == pytest.approx(1.0)
        assert (estimate.ci, estimate.test) == (None, None)


def test_the_last_of_two_ratings_counts_and_bad_input_is_refused():
    twice = intraclass_correlation(
        "3,1", item=[0, 0, 0, 1, 1], labeler=[0, 0, 1, 0, 1], rating=[9.0, 1.0, 2.0, 5.0, 5.0]
    )
    assert twice.n_ratings == 4
    assert twice.value == pytest.approx(icc("3,1", [[1, 2], [5, 5]]).value)
    with pytest.raises(ValueError, match="form"):
        icc("4,1", tb.SHROUT_FLEISS)
    with pytest.raises(ValueError, match="finite"):
        intraclass_correlation("1,1", item=[0], labeler=[0], rating=[np.nan])
    with pytest.raises(ValueError, match="same length"):
        intraclass_correlation("1,1", item=[0], labeler=[0, 1], rating=[1.0])


@given(st.integers(0, 10**6), st.sampled_from(FORMS))
@example(1876, "2,k")  # a denominator below 0
@settings(max_examples=40, deadline=None)
def test_names_order_origin_and_unit_do_not_matter(seed, form):
    rng = np.random.default_rng(seed)
    table = rng.integers(0, 6, (5, 3)).astype(float)
    moved = 10 + 2 * table[rng.permutation(5)][:, rng.permutation(3)]
    one, other = icc(form, table), icc(form, moved)
    assert one.reason == other.reason
    if one.value is not None:
        assert one.value == pytest.approx(other.value, abs=1e-9)
        assert one.value <= 1 + 1e-9
