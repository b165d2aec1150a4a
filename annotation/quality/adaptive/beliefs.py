"""How sure each item's answer is, from the judgments as they are. Numpy in, numpy out.

An item's answer is which of its responses is the best, or that none alone is: with two responses
first, second or a tie. So items of n responses have n + 1 answers, and those of one n are looked
at together: how reliable each labeler is there comes from a Dawid-Skene fit with one coin, how
common ties are as well. A labeler is taken to be right at most so often; a small fit likes to find
somebody infallible, and one judgment of theirs would settle every item. Before anybody judged it
each response of an item is as likely the best as every other: where a file always names the same
model first, that must not settle items either.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from annotation.quality.snapshot.ballots import NONE, NOTHING_SAID, Judged, sole_best
from annotation.quality.stats.dawid_skene import dawid_skene
from annotation.quality.stats.estimate import FloatArray, IntArray
from annotation.quality.stats.labels import Labels
from annotation.quality.stats.refill import expected_information
from annotation.quality.stats.stopping import confusion_of_accuracy, item_posteriors

# With fewer judgments of items of one size, or fewer labelers, nobody's reliability is known: then
# everybody's is what people usually reach in such work.
FEWEST_JUDGMENTS = 60
FEWEST_LABELERS = 3
USUAL_ACCURACY = 0.75
LEAST_ACCURACY, MOST_ACCURACY = 0.40, 0.95
# How many judgments' worth of the crowd's reliability everybody begins with.
SHRINKAGE = 10.0


@dataclass(frozen=True)
class Crowd:
    """What the answers of all items of one size rest on. labelers: as the judgments number them;
    accuracy: how often each of them gives the answer; prior: how likely each answer is beforehand;
    typical: the accuracy behind the average judgment; is_known: found, or only usual."""

    responses: int
    labelers: IntArray
    accuracy: FloatArray
    prior: FloatArray
    typical: float
    is_known: bool


@dataclass(frozen=True)
class Beliefs:
    """By item that has an answer: item_ids; answer, the likeliest; sure, its posterior; gain, what
    one more judgment is expected to teach, in nats; n_judgments behind them. accuracy: how
    often a labeler gives an item's answer, averaged over judgments; None where too few judged.
    crowds: one for each size of items."""

    item_ids: IntArray
    answer: IntArray
    sure: FloatArray
    gain: FloatArray
    n_judgments: IntArray
    accuracy: float | None
    crowds: tuple[Crowd, ...] = ()


def answers_of(judged: Judged) -> IntArray:
    """(judgments,) the position of the response that alone is best, from 1; 0 where none is, -1
    where nothing was compared."""
    best = sole_best(judged)
    return np.where(best == NOTHING_SAID, -1, np.where(best == NONE, 0, best + 1))


def labels_by_size(judged: Judged) -> Iterator[tuple[IntArray, IntArray, Labels]]:
    """For each number of responses: (places of the items in the snapshot, labelers as it numbers
    them, what was said of which response is the best)."""
    answer, counts = answers_of(judged), judged.response_count
    for size in np.unique(counts[counts >= 2]):
        rows = np.flatnonzero((counts[judged.item] == size) & (answer >= 0))
        places, item = np.unique(judged.item[rows], return_inverse=True)
        labelers, labeler = np.unique(judged.labeler[rows], return_inverse=True)
        yield (
            places,
            labelers,
            Labels.of(
                item,
                labeler,
                answer[rows],
                n_items=len(places),
                n_labelers=len(labelers),
                n_categories=int(size) + 1,
            ),
        )


def beliefs_of(judged: Judged, alive: Callable[[], None] = lambda: None) -> Beliefs:
    """Of every item that has a ranking. alive: called after each step of a fit."""
    parts = [
        _of(judged.item_ids[places], labelers, labels, alive)
        for places, labelers, labels in labels_by_size(judged)
    ]
    known = [part for part in parts if len(part.item_ids)]
    if not known:
        none, nothing = np.zeros(0), np.zeros(0, np.int64)
        return Beliefs(nothing, nothing, none, none, nothing, None)
    item_ids = np.concatenate([part.item_ids for part in known])
    order = np.argsort(item_ids)
    weight = [int(part.n_judgments.sum()) for part in known if part.accuracy is not None]
    accuracy = [part.accuracy for part in known if part.accuracy is not None]
    return Beliefs(
        item_ids[order],
        np.concatenate([part.answer for part in known])[order],
        np.concatenate([part.sure for part in known])[order],
        np.concatenate([part.gain for part in known])[order],
        np.concatenate([part.n_judgments for part in known])[order],
        float(np.average(accuracy, weights=weight)) if weight else None,
        tuple(crowd for part in known for crowd in part.crowds),
    )


def _of(
    item_ids: IntArray, labelers: IntArray, labels: Labels, alive: Callable[[], None]
) -> Beliefs:
    n_items, q = labels.n_items, labels.n_categories
    accuracy, prior, is_known = reliabilities(labels, alive)
    confusion = confusion_of_accuracy(accuracy, q)
    posterior = item_posteriors(
        labels.item, labels.labeler, labels.category, n_items, confusion, prior
    )
    typical = float(accuracy[labels.labeler].mean()) if len(labels) else USUAL_ACCURACY
    return Beliefs(
        item_ids,
        posterior.argmax(axis=1),
        posterior.max(axis=1, initial=0.0),
        expected_information(posterior, typical) if n_items else np.zeros(0),
        np.bincount(labels.item, minlength=n_items),
        typical if is_known else None,
        (Crowd(q - 1, labelers, accuracy, prior, typical, is_known),),
    )


def reliabilities(
    labels: Labels, alive: Callable[[], None] = lambda: None
) -> tuple[FloatArray, FloatArray, bool]:
    """(labelers,) how often each gives the answer, (Q,) how likely each answer is beforehand, and
    whether that is known of these labels or only usual."""
    q = labels.n_categories
    if len(labels) < FEWEST_JUDGMENTS or labels.n_labelers < FEWEST_LABELERS:
        return np.full(labels.n_labelers, USUAL_ACCURACY), np.full(q, 1 / q), False
    fit = dawid_skene(labels, model="one_coin", smoothing=1.0, shrinkage=SHRINKAGE, alive=alive)
    accuracy = np.einsum("lqq->lq", fit.confusion).mean(axis=1)
    ties = float(np.clip(fit.prevalence[0], 1 / len(labels), 1 - 1 / len(labels)))
    prior = np.full(q, (1 - ties) / (q - 1))
    prior[0] = ties
    return np.clip(accuracy, LEAST_ACCURACY, MOST_ACCURACY), prior, True
