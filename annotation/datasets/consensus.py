"""What the labelers of a dataset say together of each pair, each weighed by reliability.

A pass of its own before the lines are written: who is reliable shows only over all judgments. It
keeps four small numbers for each vote and pair; no text. Everything comes in the order of the
files, so the same judgments give the same numbers on any machine, to DIGITS digits.
"""

from array import array
from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np
from django.utils.translation import gettext_noop

from annotation.datasets.comparisons import Belief, counted_sign, in_key_order
from annotation.datasets.policy import Policy
from annotation.datasets.source import PromptRecord
from annotation.quality.stats.comparisons import TIE
from annotation.quality.stats.consensus import SoftComparisons, soften
from annotation.quality.stats.crowd_consensus import crowd_chances, soften_chances
from annotation.quality.stats.dawid_skene import Model, dawid_skene
from annotation.quality.stats.estimate import BoolArray
from annotation.quality.stats.labels import Labels

# Beyond these a sum in another order may differ; none of them would change a training.
DIGITS = 4
# What the methods call themselves in a dataset's data; a page says it in its reader's language.
NAMES = (
    gettext_noop("Dawid-Skene, shrunk towards the crowd"),
    gettext_noop("Dawid-Skene, one coin"),
    gettext_noop("Crowd-BT within items"),
)
MODELS: dict[str, Model] = {"dawid_skene": "full", "one_coin": "one_coin"}


@dataclass(frozen=True)
class Consensus:
    """start: where the pairs of an item begin, by its id; soft: of every pair, rounded, NaN
    without a vote; is_tie (pairs,): a tie is likelier than either side."""

    start: dict[str, int]
    soft: SoftComparisons
    is_tie: BoolArray
    labelers: int

    @property
    def method(self) -> str:
        return self.soft.method

    def of(self, item: str, place: int) -> Belief | None:
        """Of the pair at that place among those of the item; None where nobody voted."""
        row = self.start[item] + place
        if not self.soft.n[row]:
            return None
        return Belief(
            sign=int(self.soft.sign[row]),
            p_chosen=float(self.soft.p_chosen[row]),
            is_tie=bool(self.is_tie[row]),
            weight=float(self.soft.weight[row]),
        )


@dataclass
class _Votes:
    """All votes, in the order of the files; labeler: index into handles; places: of every pair
    its item and which two of its responses."""

    start: dict[str, int]
    handles: dict[str, int]
    pair: array
    labeler: array
    outcome: array
    places: array
    pairs: int = 0


def read_consensus(prompts: Iterable[PromptRecord], policy: Policy) -> Consensus | None:
    """None where the policy counts votes as they are."""
    if policy.consensus == "votes":
        return None
    votes = _read(prompts, policy)
    names = sorted(votes.handles)
    rank = np.empty(len(names), dtype=np.int64)
    rank[[votes.handles[name] for name in names]] = np.arange(len(names))
    labels = Labels.of(
        np.frombuffer(votes.pair, dtype=np.int64),
        rank[np.frombuffer(votes.labeler, dtype=np.int64)],
        np.frombuffer(votes.outcome, dtype=np.int64),
        n_items=votes.pairs,
        n_labelers=len(names),
        n_categories=3,
    )
    soft, is_tie = _fit(labels, votes, policy.consensus)
    return Consensus(votes.start, rounded(soft), is_tie, labelers=len(names))


def _fit(labels: Labels, votes: _Votes, method: str) -> tuple[SoftComparisons, BoolArray]:
    """Without known answers: what they say stays a check on the outcome. Crowd-BT knows no tie
    but an even split."""
    if method == "crowd_bt":
        item, one, other = np.frombuffer(votes.places, dtype=np.int64).reshape(-1, 3).T
        n = np.bincount(labels.item, minlength=labels.n_items)
        soft = soften_chances(crowd_chances(labels, item, one, other), n)
        return soft, np.zeros(labels.n_items, dtype=np.bool_)
    model = MODELS[method]
    fit = dawid_skene(labels, model=model, shrinkage="auto" if model == "full" else 0.0)
    consensus = fit.consensus(labels)
    return soften(consensus), consensus.category == TIE


def rounded(soft: SoftComparisons) -> SoftComparisons:
    """To DIGITS digits, once. A lead that is less than that is none: who writes 0.5 says tie."""
    p_chosen = np.round(soft.p_chosen, DIGITS)
    return replace(
        soft,
        sign=np.where(p_chosen > 0.5, soft.sign, 0),
        p_chosen=p_chosen,
        weight=np.round(soft.weight, DIGITS),
    )


def _read(prompts: Iterable[PromptRecord], policy: Policy) -> _Votes:
    votes = _Votes({}, {}, *(array("q") for _ in range(4)))
    for prompt in prompts:
        for item in prompt.items:
            if item.progress != "judged":
                continue
            votes.start[item.external_id] = votes.pairs
            ordered = list(enumerate(in_key_order(item.candidates)))
            for (place, one), (next_place, other) in combinations(ordered, 2):
                votes.places.extend((len(votes.start), place, next_place))
                for judgment in item.judgments:
                    sign = counted_sign(judgment.ballot, one.position, other.position, policy)
                    if isinstance(sign, int):
                        who = votes.handles.setdefault(judgment.handle, len(votes.handles))
                        votes.pair.append(votes.pairs)
                        votes.labeler.append(who)
                        votes.outcome.append(sign + 1)
                votes.pairs += 1
    return votes
