"""Which items next, and that the probabilities told are those of the draws."""

from collections import Counter

import numpy as np
import pytest

from annotation.quality.stats.bradley_terry import bradley_terry
from annotation.quality.stats.next_comparison import ensemble_disagreement, information_gains
from annotation.quality.stats.next_items import (
    FixedWorth,
    InformationWorth,
    chances,
    choose_items,
)

NOBODY = -1


def fit_of(wins):
    return bradley_terry(wins, prior_strength=0.5)


def information(generator, wins, places=None):
    fit = fit_of(wins)
    generator = np.array(generator)
    places = np.ones(len(generator), dtype=np.int64) if places is None else np.array(places)
    return InformationWorth(fit.ability, fit.covariance, generator, places)


def four_generators():
    return [[0, 9, 1, 0], [2, 0, 1, 2], [1, 2, 0, 1], [1, 0, 1, 0]]


def draw_often(make, budget, control, times=6000, seed=1):
    rng = np.random.default_rng(seed)
    return [choose_items(make(), budget, control=control, rng=rng) for _ in range(times)]


def near(seen, probability, times):
    """Within five standard errors of what was told."""
    return abs(seen / times - probability) < 5 * np.sqrt(probability * (1 - probability) / times)


@pytest.mark.parametrize("control", [0.1, 0.25, 1.0])
def test_each_item_comes_as_often_as_is_told_whichever_arm_drew_it(control):
    """Two of six are worth most: either arm may draw them, and what is told counts both."""
    score, times = [1.0, 3.0, 0.0, 3.0, 2.0, 2.0], 6000
    drawn = [one for (one,) in draw_often(lambda: FixedWorth(score), 1, control)]
    expected = [control / 6 + (1 - control) / 2 * (value == 3.0) for value in score]
    seen = Counter(choice.item for choice in drawn)
    for item, probability in enumerate(expected):
        assert near(seen[item], probability, times)
    assert all(choice.probability == pytest.approx(expected[choice.item]) for choice in drawn)
    assert near(sum(choice.arm == "control" for choice in drawn), control, times) or control == 1
    if control < 1:
        assert {choice.item for choice in drawn if choice.arm == "information"} == {1, 3}
    assert {choice.item for choice in drawn if choice.arm == "control"} == set(range(6))


def test_a_batch_comes_as_often_as_the_product_of_its_probabilities():
    """Each is told given those before it: a tie is drawn, then what the first left."""
    times, control = 12000, 0.4
    batches = draw_often(lambda: FixedWorth([2.0, 2.0, 1.0, 0.5]), 2, control, times)
    told = {
        tuple(choice.item for choice in batch): float(np.prod([c.probability for c in batch]))
        for batch in batches
    }
    seen = Counter(tuple(choice.item for choice in batch) for batch in batches)
    assert len(told) == 4 * 3, "every order of every two items is within reach"
    assert sum(told.values()) == pytest.approx(1)
    for order, probability in told.items():
        assert near(seen[order], probability, times)
    assert told[0, 1] == pytest.approx((0.1 + 0.3) * (0.4 / 3 + 0.6))


def test_a_batch_of_information_comes_as_often_as_is_told_though_the_gains_move():
    generator = [[0, 1], [0, 1], [0, 2], [1, 3], [2, 3], [3, NOBODY]]
    times = 6000
    batches = draw_often(lambda: information(generator, four_generators()), 3, 0.3, times)
    told = {}
    for batch in batches:
        order = tuple(choice.item for choice in batch)
        probability = float(np.prod([choice.probability for choice in batch]))
        assert told.setdefault(order, probability) == pytest.approx(probability)
    assert sum(told.values()) == pytest.approx(1, abs=0.02), "but for orders never seen"
    seen = Counter(tuple(choice.item for choice in batch) for batch in batches)
    for order, probability in told.items():
        assert near(seen[order], probability, times)


def test_no_item_is_ever_out_of_reach_and_every_one_is_drawn_once():
    for batch in draw_often(lambda: FixedWorth([0.0] * 4 + [9.0] * 3), 7, 0.1, times=50):
        assert sorted(choice.item for choice in batch) == list(range(7))
        assert [choice.n_candidates for choice in batch] == [7, 6, 5, 4, 3, 2, 1]
        assert all(c.probability >= 0.1 / c.n_candidates - 1e-12 for c in batch)
        assert batch[-1].probability == pytest.approx(1)
    assert chances(np.array([1.0, 5.0]), np.array([True, True]), 0.2) == pytest.approx([0.1, 0.9])


def test_an_item_is_worth_what_its_pairs_are_and_a_ranking_counts_as_half_its_responses():
    fit = fit_of(four_generators())
    gains = information_gains(fit.ability, fit.covariance)
    worth = information(
        [[0, 1, NOBODY], [2, 2, NOBODY], [3, NOBODY, NOBODY], [0, 2, 3], [3, 0, 2]],
        four_generators(),
    ).values()
    assert worth[0] == pytest.approx(gains[0, 1])
    assert worth[1] == worth[2] == 0, "one generator against itself, or against nobody"
    assert worth[3] == pytest.approx((gains[0, 2] + gains[0, 3] + gains[2, 3]) / 2)
    assert worth[4] == worth[3], "in whatever order they stand"


def test_what_is_expected_lowers_the_covariance_as_a_fit_of_it_would():
    fit = fit_of(four_generators())
    worth = information([[0, 3]], four_generators(), places=[2])
    worth.expect(0)
    toward = np.array([1.0, 0, 0, -1])
    p = 1 / (1 + np.exp(fit.ability[3] - fit.ability[0]))
    before = toward @ fit.covariance @ toward
    after = toward @ worth.covariance @ toward
    assert after == pytest.approx(before / (1 + 2 * p * (1 - p) * before))
    assert fit.covariance[0, 0] != worth.covariance[0, 0], "a copy"


def test_who_was_never_compared_is_asked_about_first_and_a_batch_spreads():
    """0 and 1 are known from a hundred comparisons; 2, 3 and 4 from none."""
    wins = np.zeros((5, 5))
    wins[0, 1], wins[1, 0] = 60, 40
    generator = [[0, 1]] * 10 + [[1, 2]] * 3 + [[2, 3]] * 3 + [[3, 4]] * 3
    for seed in range(20):
        rng = np.random.default_rng(seed)
        batch = choose_items(information(generator, wins), 6, control=0.1, rng=rng)
        aimed = [choice.item for choice in batch if choice.arm == "information"]
        assert all(item >= 10 for item in aimed)
        if len(aimed) == 6:
            first = {tuple(generator[item]) for item in aimed[:3]}
            assert first == {(1, 2), (2, 3), (3, 4)}
            return
    pytest.fail("no batch was of information alone")


def test_before_anybody_judged_every_pair_is_worth_the_same():
    worth = information([[0, 1], [1, 2], [0, 2]], np.zeros((3, 3))).values()
    assert worth == pytest.approx([worth[0]] * 3)
    assert worth[0] > 0


def test_an_ensemble_takes_the_place_of_the_fit():
    """Three reward models on four items: one they disagree on, one they hold to be a toss-up."""
    first = [[5, 0, 5, 2], [5, 0, -5, 2], [5, 0, 5, 2.5]]
    _variance, bald = ensemble_disagreement(first, np.zeros((3, 4)))
    batches = draw_often(lambda: FixedWorth(bald), 1, 0.1, times=100)
    aimed = {choice.item for (choice,) in batches if choice.arm == "information"}
    assert aimed == {2}


@pytest.mark.parametrize("control", [0.0, 0.09, 1.1])
def test_the_control_arm_cannot_be_turned_off(control):
    with pytest.raises(ValueError, match="control"):
        choose_items(FixedWorth([1.0]), 1, control=control, rng=np.random.default_rng(1))


def test_bad_input_is_refused():
    with pytest.raises(ValueError, match="finite"):
        FixedWorth([1.0, np.nan])
    with pytest.raises(ValueError, match="outside"):
        information([[0, 4]], four_generators())
    unknown = bradley_terry([[0, 1, 0], [1, 0, 0], [0] * 3], when_not_identified="per_component")
    with pytest.raises(ValueError, match="prior"):
        InformationWorth(
            unknown.ability, unknown.covariance, np.zeros((1, 2), np.int64), np.ones(1, np.int64)
        )
    rng = np.random.default_rng(1)
    assert choose_items(FixedWorth([]), 3, control=0.1, rng=rng) == []
    assert choose_items(FixedWorth([1.0]), 0, control=0.1, rng=rng) == []
