"""Which items are judged next, and with what probability each was chosen.

Items are drawn one after the other, without putting back. With probability `control` a draw is
uniform over the items that are left: the control arm, untouched by what is known, against which
the rest is measured. Else it takes the item whose judgment is worth most, and of equal ones any:
the information arm. Either arm could have drawn any item that is worth most, so each choice
carries the probability of that item under both together, given all draws before it; it is at least
`control` over the number of items left, never 0. Without it nobody could weigh the selection out.

What an item is worth is a `Worth`: the information that a fit of abilities expects of it, or any
number per item, such as how much an ensemble of reward models disagrees on it
(`next_comparison.ensemble_disagreement`).
"""

from dataclasses import dataclass, field
from typing import Literal, Protocol

import numpy as np
from numpy.typing import ArrayLike

from annotation.quality.stats.estimate import BoolArray, FloatArray, IntArray
from annotation.quality.stats.next_comparison import information_gains
from annotation.quality.stats.pairwise import sigmoid

ItemArm = Literal["control", "information"]
# Below, too few items are drawn at random to say whether choosing beat it.
LEAST_CONTROL = 0.10
# Two items that are worth the same are, but for rounding.
_CLOSE = 1e-9


class Worth(Protocol):
    """What judging each item would teach, 0 nothing, as far as it is known by now."""

    def values(self) -> FloatArray:
        """(items,) on any scale."""
        ...

    def expect(self, item: int) -> None:
        """That item will be judged: what is worth less for it is worth less from now on."""
        ...


@dataclass
class FixedWorth:
    """A number for each item, whatever else is judged: the seam for an ensemble's disagreement."""

    score: ArrayLike
    _values: FloatArray = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self._values = np.asarray(self.score, dtype=np.float64)
        if self._values.ndim != 1 or not np.isfinite(self._values).all():
            raise ValueError("one finite number for each item")

    def values(self) -> FloatArray:
        return self._values

    def expect(self, item: int) -> None:
        """The models are not fitted again in between."""


@dataclass
class InformationWorth:
    """What the abilities of generators would gain. ability (n,) and covariance (n, n): of a fit
    with a prior, so that nobody's is unknown; generator (items, R): index of who wrote each
    response, -1 where that is not known or there is none; places (items,): how many judgments an
    item that is chosen gets.

    A pair of generators is worth p (1 - p) Var(theta_i - theta_j), see `information_gains`. The
    pairs of one ranking depend on each other: together they count as K / 2 comparisons for K
    responses, as in `comparisons_of_rankings`. Whatever is expected to be judged lowers the
    covariance (Sherman & Morrison 1950), so that a batch does not ask one question over and over,
    and generators that no comparison links yet come first by themselves: of them most is unknown.
    """

    ability: FloatArray
    covariance: FloatArray
    generator: IntArray
    places: IntArray
    _kinds: IntArray = field(init=False, repr=False)
    _kind: IntArray = field(init=False, repr=False)

    def __post_init__(self) -> None:
        n = len(self.ability)
        if not (np.isfinite(self.ability).all() and np.isfinite(self.covariance).all()):
            raise ValueError("some abilities are not identified: fit with a prior")
        if self.covariance.shape != (n, n) or len(self.places) != len(self.generator):
            raise ValueError("a covariance of all abilities, and places for every item")
        if self.generator.size and self.generator.max() >= n:
            raise ValueError(f"generator outside 0 to {n - 1}")
        self.covariance = self.covariance.copy()
        # Items by the same generators are worth the same: looked up once for all of them.
        ordered = np.sort(self.generator, axis=1)
        self._kinds, kind = np.unique(ordered, axis=0, return_inverse=True)
        self._kind = kind.reshape(-1).astype(np.int64)

    def values(self) -> FloatArray:
        n, width = len(self.ability), self._kinds.shape[1]
        gains = np.zeros((n + 1, n + 1))  # -1, nobody, is the last row
        gains[:n, :n] = information_gains(self.ability, self.covariance)
        total = np.zeros(len(self._kinds))
        for one, other in zip(*np.triu_indices(width, k=1), strict=True):
            total += gains[self._kinds[:, one], self._kinds[:, other]]
        known = (self._kinds >= 0).sum(axis=1)
        worth: FloatArray = (total / np.maximum(known - 1, 1))[self._kind]
        return worth

    def expect(self, item: int) -> None:
        self.expect_all(self.generator[item], float(self.places[item]))

    def expect_all(self, generators: IntArray, judgments: float) -> None:
        """So many judgments of an item by these generators, which need not be among the items."""
        who = generators[generators >= 0]
        for one, other in zip(*np.triu_indices(len(who), k=1), strict=True):
            if who[one] != who[other]:
                self._compare(int(who[one]), int(who[other]), judgments / (len(who) - 1))

    def _compare(self, i: int, j: int, weight: float) -> None:
        p = float(sigmoid(np.array([self.ability[i] - self.ability[j]]))[0])
        information = weight * p * (1 - p)
        toward = self.covariance[:, i] - self.covariance[:, j]
        spread = float(toward[i] - toward[j])
        self.covariance -= np.outer(toward, toward) * information / (1 + information * spread)


@dataclass(frozen=True)
class ItemChoice:
    """An item by its index; arm: which rule drew it; probability: that either would have, given
    the draws before; gain: what it was worth then; n_candidates: how many there were to draw."""

    item: int
    arm: ItemArm
    probability: float
    gain: float
    n_candidates: int


def choose_items(
    worth: Worth, budget: int, *, control: float, rng: np.random.Generator
) -> list[ItemChoice]:
    """At most `budget` items, in the order they were drawn. Raises ValueError for a share of
    control below LEAST_CONTROL or above 1."""
    if not LEAST_CONTROL <= control <= 1:
        raise ValueError(f"control: a share from {LEAST_CONTROL} to 1")
    left: BoolArray = np.ones(len(worth.values()), dtype=np.bool_)
    chosen: list[ItemChoice] = []
    while len(chosen) < budget and left.any():
        choice = _draw(worth.values(), left, control, rng)
        left[choice.item] = False
        worth.expect(choice.item)
        chosen.append(choice)
    return chosen


def chances(values: FloatArray, left: BoolArray, control: float) -> FloatArray:
    """(items,) the probability of each to be drawn next, over both arms; they sum to 1."""
    best = _best(values, left)
    total: FloatArray = control * left / left.sum() + (1 - control) * best / best.sum()
    return total


def _best(values: FloatArray, left: BoolArray) -> BoolArray:
    most = float(values[left].max())
    best: BoolArray = left & (values >= most - _CLOSE * abs(most))
    return best


def _draw(
    values: FloatArray, left: BoolArray, control: float, rng: np.random.Generator
) -> ItemChoice:
    arm: ItemArm = "control" if rng.random() < control else "information"
    among = np.flatnonzero(left if arm == "control" else _best(values, left))
    item = int(among[rng.integers(len(among))])
    probability = float(chances(values, left, control)[item])
    return ItemChoice(item, arm, probability, float(values[item]), int(left.sum()))
