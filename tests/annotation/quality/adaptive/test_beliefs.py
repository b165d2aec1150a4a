"""How sure an answer is: pure functions, against numbers by hand and known truth."""

import numpy as np
import pytest

from annotation.quality.adaptive.beliefs import (
    MOST_ACCURACY,
    USUAL_ACCURACY,
    answers_of,
    reliabilities,
)
from annotation.quality.snapshot.ballots import (
    NONE,
    NOTHING_SAID,
    Ballots,
    all_bad,
    sole_best,
)
from annotation.quality.stats.labels import Labels
from annotation.quality.stats.stopping import confusion_of_accuracy, item_posteriors

NAN = np.nan


def labels_of(item, labeler, category, q=3):
    n_items, n_labelers = max(item, default=-1) + 1, max(labeler, default=-1) + 1
    return Labels.of(
        item, labeler, category, n_items=n_items, n_labelers=n_labelers, n_categories=q
    )


def ballots_of(ranks, *, top=None, unacceptable=None):
    """One judgment of each of so many items."""
    rows, none = np.arange(len(ranks)), np.zeros(ranks.shape)
    return Ballots(
        item_ids=rows,
        item=rows,
        labeler=rows,
        ranks=ranks,
        unacceptable=np.asarray(none if unacceptable is None else unacceptable, bool),
        top=np.full(ranks.shape, NAN) if top is None else top,
        response_count=np.full(len(ranks), ranks.shape[1]),
        state=(len(ranks), 0),
    )


def test_an_answer_is_the_only_best_response_or_that_there_is_none():
    """Of one response ranked alone nothing is said, unless the others are known to lie below."""
    ranks = np.array(
        [[1, 2, 3], [2, 1, NAN], [1, 1, 2], [NAN, NAN, 1], [NAN, NAN, 1], [NAN, NAN, NAN]]
    )
    top = np.full(ranks.shape, NAN)
    top[4] = [0, 0, 1]
    said = ballots_of(ranks, top=top)
    assert answers_of(said).tolist() == [1, 2, 0, -1, 3, -1]
    assert sole_best(said).tolist() == [0, 1, NONE, NOTHING_SAID, 2, NOTHING_SAID]


def test_of_nothing_but_unacceptable_responses_none_is_the_best():
    said = ballots_of(np.array([[9.0, 9, 9], [1, 9, 9]]), unacceptable=[[1, 1, 1], [0, 1, 1]])
    assert answers_of(said).tolist() == [0, 1]
    assert all_bad(said).tolist() == [True, False]


def test_of_few_judgments_everybody_is_as_reliable_as_people_usually_are():
    accuracy, prior, is_known = reliabilities(labels_of([0, 0, 1], [0, 1, 2], [1, 1, 2]))
    assert accuracy.tolist() == [USUAL_ACCURACY] * 3
    assert prior.tolist() == pytest.approx([1 / 3] * 3)
    assert not is_known


def simulated(seed, accuracies, *, items=400, overlap=4, truths=(0.1, 0.45, 0.45)):
    rng = np.random.default_rng(seed)
    truth = rng.choice(3, items, p=truths)
    who = rng.permuted(np.tile(np.arange(len(accuracies)), (items, 1)), axis=1)[:, :overlap]
    right = rng.random(who.shape) < np.asarray(accuracies)[who]
    said = (truth[:, None] + np.where(right, 0, rng.integers(1, 3, who.shape))) % 3
    item = np.repeat(np.arange(items), overlap)
    return truth, labels_of(item, who.ravel(), said.ravel())


def test_reliabilities_of_known_labelers_are_found_and_nobody_is_infallible():
    accuracies = [0.55, 0.65, 0.7, 0.75, 0.8, 0.85, 0.9, 1.0]
    _truth, labels = simulated(1, accuracies)
    found, prior, is_known = reliabilities(labels)
    assert is_known
    assert np.abs(found - accuracies).max() < 0.1
    assert found.max() <= MOST_ACCURACY
    assert prior[0] == pytest.approx(0.1, abs=0.05)
    assert prior[1] == prior[2], "which response comes first in a file settles nothing"


def test_a_certainty_is_the_share_of_right_answers():
    """Over six worlds: what is held to be 80 to 95 % sure is right about as often."""
    sure, right = [], []
    for seed in range(6):
        truth, labels = simulated(seed, np.linspace(0.6, 0.9, 12))
        accuracy, prior, _known = reliabilities(labels)
        posterior = item_posteriors(
            labels.item, labels.labeler, labels.category, len(truth),
            confusion_of_accuracy(accuracy, 3), prior,
        )  # fmt: skip
        sure.append(posterior.max(axis=1))
        right.append(posterior.argmax(axis=1) == truth)
    certainty, is_right = np.concatenate(sure), np.concatenate(right)
    assert is_right.mean() == pytest.approx(certainty.mean(), abs=0.03)
    middle = (certainty > 0.8) & (certainty < 0.95)
    assert middle.sum() > 100
    assert is_right[middle].mean() == pytest.approx(certainty[middle].mean(), abs=0.06)
