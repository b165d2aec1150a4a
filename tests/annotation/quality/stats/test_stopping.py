"""When to stop judging an item, and which item to ask for again."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from annotation.quality.stats.refill import expected_information, refill_overlap
from annotation.quality.stats.stopping import (
    confusion_of_accuracy,
    item_posteriors,
    lead_rule,
    should_stop,
    simulate_sequential,
)


@pytest.mark.parametrize(
    ("p", "d", "judgments", "correct"),
    [
        (0.8, 2, 2.941176, 0.941176),
        (0.8, 3, 4.846154, 0.984615),
        (0.7, 3, 6.405405, 0.927027),
        (0.5, 3, 9, 0.5),
        (1.0, 3, 3, 1),
    ],
)
def test_the_gamblers_ruin(p, d, judgments, correct):
    """Feller 1968, An Introduction to Probability Theory, vol. 1, XIV.2 and XIV.3."""
    rule = lead_rule(p, d)
    assert rule.expected_judgments == pytest.approx(judgments, abs=1e-6)
    assert rule.p_correct == pytest.approx(correct, abs=1e-6)


def test_a_posterior_threshold_is_a_lead():
    """p .8, lead 3, 20,000 items: 4.846 +- .05 judgments, .9846 +- .004 right."""
    rule, truth = lead_rule(0.8, 3), np.random.default_rng(1).integers(0, 2, 20_000)
    taken, posterior = simulate_sequential(
        truth, confusion_of_accuracy([0.8], 2), cap=1000, eps=1 - rule.p_correct, seed=2
    )
    assert taken.mean() == pytest.approx(rule.expected_judgments, abs=0.05)
    assert (posterior.argmax(axis=1) == truth).mean() == pytest.approx(rule.p_correct, abs=0.004)
    assert set(np.unique(taken % 2)) == {1}  # a lead of 3 is reached at odd counts only
    assert posterior.max(axis=1) == pytest.approx(np.full(20_000, rule.p_correct))


def test_a_better_labeler_settles_it():
    confusion = confusion_of_accuracy([0.95, 0.6, 0.6], 3)
    posterior = item_posteriors([0, 0, 0], [0, 1, 2], [0, 2, 2], 2, confusion)
    assert posterior[0].argmax() == 0
    assert posterior[0, 0] == pytest.approx(
        (0.95 * 0.2 * 0.2) / (0.95 * 0.04 + 0.025 * 0.36 + 0.025 * 0.04)
    )
    assert posterior[1] == pytest.approx([1 / 3] * 3)  # nobody judged it


def test_a_tie_is_an_answer_with_its_prior():
    confusion = confusion_of_accuracy([0.7], 3)
    posterior = item_posteriors([0], [0], [1], 1, confusion, prior=[0.45, 0.1, 0.45])
    assert posterior[0, 1] == pytest.approx(0.7 * 0.1 / (0.7 * 0.1 + 0.15 * 0.9))


def test_who_answers_at_random_moves_nothing():
    posterior = item_posteriors([0] * 4, range(4), [2] * 4, 1, np.full((4, 3, 3), 1 / 3))
    assert posterior[0] == pytest.approx([1 / 3] * 3)


def test_stopping_at_the_threshold_the_cap_and_never_before_a_judgment():
    sure, unsure = [0.99, 0.01], [0.6, 0.4]
    stop = should_stop([sure, unsure, unsure, sure], [1, 4, 5, 0], cap=5, eps=0.05)
    assert stop.tolist() == [True, False, True, False]
    assert should_stop([0.95, 0.05], 2, cap=5, eps=0.05)
    # 0.8^2 / (0.8^2 + 0.2^2), which a float does not quite reach
    exact = item_posteriors([0, 0], [0, 1], [0, 0], 1, confusion_of_accuracy([0.8, 0.8], 2))
    assert should_stop(exact, [2], cap=5, eps=1 / 17).tolist() == [True]


@pytest.mark.parametrize(
    "call",
    [
        lambda: should_stop([[0.5, 0.4]], [1], cap=5, eps=0.05),
        lambda: should_stop([[np.nan, 1]], [1], cap=5, eps=0.05),
        lambda: should_stop([[0.5, 0.5]], [1], cap=0, eps=0.05),
        lambda: should_stop([[0.5, 0.5]], [1], cap=5, eps=0),
        lambda: item_posteriors([0, 0], [0, 0], [1, 1], 1, confusion_of_accuracy([0.8], 2)),
        lambda: item_posteriors([1], [0], [1], 1, confusion_of_accuracy([0.8], 2)),
        lambda: item_posteriors([0], [1], [1], 1, confusion_of_accuracy([0.8], 2)),
        lambda: item_posteriors([0], [0], [2], 1, confusion_of_accuracy([0.8], 2)),
        lambda: item_posteriors([0], [0], [1], 1, [[0.8, 0.2]]),
        lambda: item_posteriors([0], [0], [1], 1, confusion_of_accuracy([0.8], 2), [1, 1]),
        lambda: confusion_of_accuracy([0.8], 1),
        lambda: confusion_of_accuracy([np.nan], 2),
        lambda: lead_rule(0.8, 0),
        lambda: lead_rule(0, 2),
        lambda: refill_overlap([[0.5, 0.5]], [1, 2], budget=1, cap=5, eps=0.1, accuracy=0.8),
        lambda: refill_overlap([[0.5, 0.5]], [1], budget=-1, cap=5, eps=0.1, accuracy=0.8),
    ],
)
def test_what_makes_no_sense_is_refused(call):
    with pytest.raises(ValueError):
        call()


def test_a_judgment_of_a_sure_item_teaches_little():
    gain = expected_information([[0.5, 0.5], [0.9, 0.1], [1.0, 0.0]], 0.8)
    # A fair coin through a channel that errs one time in five: ln 2 - H(0.2).
    assert gain[0] == pytest.approx(np.log(2) + 0.2 * np.log(0.2) + 0.8 * np.log(0.8))
    assert gain[0] > gain[1] > gain[2] == 0
    assert expected_information([[0.5, 0.5]], 0.5) == pytest.approx([0])


def test_the_next_judgments_go_where_they_are_worth_most():
    posterior = [[0.5, 0.5], [0.5, 0.5], [0.7, 0.3], [0.99, 0.01], [0.5, 0.5], [0.5, 0.5]]
    options = {"cap": 5, "eps": 0.05, "accuracy": 0.8}
    chosen = refill_overlap(posterior, [2, 2, 3, 3, 5, 0], budget=10, **options)
    assert [c.item for c in chosen] == [0, 1, 5, 2]  # 3 is settled, 4 at its cap
    first = refill_overlap(
        posterior, [2, 2, 3, 3, 5, 0], budget=1, value=[1, 1, 9, 9, 9, 0], **options
    )
    assert [c.item for c in first] == [2]
    closed = refill_overlap(
        posterior, [2, 2, 3, 3, 5, 0], budget=9, open_items=[0, 1, 0, 0, 0, 0], **options
    )
    assert [c.item for c in closed] == [1]
    assert refill_overlap(posterior, [2] * 6, budget=0, **options) == []


answers = st.lists(
    st.tuples(st.integers(0, 3), st.integers(0, 5), st.integers(0, 2)),
    unique_by=lambda a: a[:2], min_size=1, max_size=15,
)  # fmt: skip


@given(answers, st.permutations(range(3)), st.randoms(use_true_random=False))
@settings(max_examples=40, deadline=None)
def test_names_and_order_do_not_matter(rows, names, random):
    confusion = confusion_of_accuracy(np.linspace(0.5, 0.9, 6), 3)
    plain = item_posteriors(*zip(*rows, strict=True), 4, confusion)
    turned = [(i, labeler, names[q]) for i, labeler, q in random.sample(rows, len(rows))]
    renamed = item_posteriors(*zip(*turned, strict=True), 4, confusion)
    assert renamed[:, list(names)] == pytest.approx(plain)
    assert plain.sum(axis=1) == pytest.approx(np.ones(4))
