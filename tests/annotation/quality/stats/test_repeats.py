import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from annotation.quality.stats.repeats import intra_labeler_agreement, outcomes_by_response


def of(rows, **options):
    item, labeler, category = zip(*rows, strict=True)
    options = {"n_categories": 3} | options
    return intra_labeler_agreement(item=item, labeler=labeler, category=category, **options)


def test_only_a_labeler_with_themselves_is_compared():
    """Labeler 0 repeats item 0 alike and item 1 otherwise; 1 repeats nothing; 2 is constant."""
    rows = [(0, 0, 0), (0, 0, 0), (1, 0, 1), (1, 0, 2), (0, 1, 2), (1, 1, 2), (4, 2, 1), (4, 2, 1)]
    together, each = of(rows)
    assert set(each) == {0, 2}
    assert each[0].raw.value == 0.5
    assert (each[0].raw.n_items, each[0].raw.n_ratings) == (2, 4)
    assert each[2].raw.value == each[2].brennan_prediger.value == 1.0
    assert each[2].alpha.reason == "no_variation"
    assert together.raw.value == pytest.approx(2 / 3)
    assert together.brennan_prediger.value == pytest.approx((2 / 3 - 1 / 3) / (2 / 3))


def test_three_judgments_of_one_thing_are_three_pairs():
    _, each = of([(0, 0, 0), (0, 0, 0), (0, 0, 1)])
    assert each[0].raw.value == pytest.approx(1 / 3)


def test_a_repeat_with_swapped_sides_is_turned_back():
    shown, swapped = [0, 2, 1, 0], [False, True, True, True]
    assert outcomes_by_response(shown, swapped).tolist() == [0, 0, 1, 2]
    with pytest.raises(ValueError, match="0, 1 or 2"):
        outcomes_by_response([3], [False])
    with pytest.raises(ValueError, match="same length"):
        outcomes_by_response([1], [False, True])


@given(st.lists(st.tuples(st.integers(0, 2), st.booleans()), min_size=2, max_size=20))
@settings(max_examples=40, deadline=None)
def test_swapping_the_sides_together_with_the_label_changes_nothing(judgments):
    shown, swapped = (np.array(column) for column in zip(*judgments, strict=True))
    other_way = outcomes_by_response(2 - shown, ~swapped)
    assert (other_way == outcomes_by_response(shown, swapped)).all()


def test_comparisons_of_one_item_are_drawn_together_and_units_kept_apart():
    rng = np.random.default_rng(2)
    item = np.repeat(np.arange(30), 4)
    unit = np.tile([0, 0, 1, 1], 30)
    category = rng.integers(0, 3, 120)
    call = {"item": item, "labeler": np.zeros(120, int), "category": category, "n_categories": 3}
    together, each = intra_labeler_agreement(**call, unit=unit, seed=1, n_resamples=300)
    assert (together.raw.n_items, together.raw.n_ratings) == (30, 120)
    expected = (category[0::2] == category[1::2]).mean()
    assert together.raw.value == each[0].raw.value == pytest.approx(expected)
    assert together.raw.ci[0] < expected < together.raw.ci[1]


def test_nothing_repeated_and_bad_input():
    together, each = of([(0, 0, 1), (0, 1, 1)])
    assert (together.raw.reason, each) == ("no_data", {})
    with pytest.raises(ValueError, match="outside the scale"):
        of([(0, 0, 3), (0, 0, 1)])
    with pytest.raises(ValueError, match="same length"):
        intra_labeler_agreement(item=[0], labeler=[0, 0], category=[1, 1], n_categories=2)
