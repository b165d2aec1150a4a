"""Which two generators should meet next, and with what probability that was chosen.

A comparison of i and j is expected to teach about p (1 - p) Var(theta_i - theta_j), p the chance
that i wins: twice the expected information, in nats, of a small step under the Laplace posterior.
A batch follows a spanning tree of the largest gains (ASAP: Mikhailiuk, Wilmot, Perez-Ortiz, Yue &
Mantiuk 2020, arXiv:2004.05691), so that it does not ask one good question over and over.

Choices are drawn, never just taken: each one carries the exact probability with which its pair
was chosen at that moment, given all before it. Without it nobody could weigh the selection out
again. Three arms share the draws: `control`, uniform and untouched by what is known, against which
the rest is measured; and inside the rest `explore`, uniform as well, and `information`. While
some generators are linked to others by no comparison at all, `connect` stands in for the latter.
"""

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike

from annotation.quality.stats.ability import AbilityFit
from annotation.quality.stats.estimate import BoolArray, FloatArray, IntArray
from annotation.quality.stats.pairwise import sigmoid

Arm = Literal["control", "explore", "connect", "information"]
# The selection must be able to reach every pair, or the ranking is biased and nothing shows it.
LEAST_EXPLORATION = 0.10


@dataclass(frozen=True)
class Choice:
    """A pair, first < second (who is shown first is drawn elsewhere); arm: which rule drew it;
    probability: that any rule would choose this pair now, summed over the arms; gain: what it
    was expected to teach."""

    first: int
    second: int
    arm: Arm
    probability: float
    gain: float

    def as_json(self) -> dict[str, Any]:
        return {
            "first": self.first,
            "second": self.second,
            "arm": self.arm,
            "probability": self.probability,
            "gain": self.gain,
        }


def information_gains(ability: FloatArray, covariance: FloatArray) -> FloatArray:
    """(n, n) p (1 - p) Var(theta_i - theta_j); 0 on the diagonal."""
    own = np.diag(covariance)
    spread = np.maximum(own[:, None] + own[None, :] - 2 * covariance, 0.0)
    p = sigmoid(ability[:, None] - ability[None, :])
    gains: FloatArray = p * (1 - p) * spread
    np.fill_diagonal(gains, 0.0)
    return gains


def next_comparisons(
    fit: AbilityFit,
    budget: int,
    *,
    rng: np.random.Generator,
    explore: float = 0.15,
    control: float = 0.10,
    eligible: ArrayLike | None = None,
) -> list[Choice]:
    """`budget` pairs to ask for.

    fit: with a prior, so that every ability has a variance. explore: the share of exploration in
    what is not control, at least 0.10; control: the share of the control arm, at least 0.10.
    eligible: (n, n) mask of pairs that can be asked for at all. After a pair is chosen the
    covariance is lowered by what it is expected to teach, so a batch spreads. Raises ValueError
    for a fit without a prior's covariance and shares out of range.
    """
    n = len(fit.ability)
    if not (np.isfinite(fit.ability).all() and np.isfinite(fit.covariance).all()):
        raise ValueError("some abilities are not identified: fit with a prior")
    if not (LEAST_EXPLORATION <= explore <= 1 and LEAST_EXPLORATION <= control <= 1):
        raise ValueError(f"explore and control: shares of {LEAST_EXPLORATION} or more")
    may = np.ones((n, n), np.bool_) if eligible is None else np.asarray(eligible, np.bool_)
    if may.shape != (n, n):
        raise ValueError("eligible: a mask of generators by generators")
    lower, higher = np.triu_indices(n, k=1)
    allowed = (may | may.T)[lower, higher]
    pairs = np.stack([lower[allowed], higher[allowed]], axis=1).astype(np.int64)
    if not len(pairs) or budget <= 0:
        return []
    state = _State(fit.ability, fit.covariance.copy(), fit.components.linked.copy(), pairs)
    return [state.choose(rng, explore, control) for _ in range(budget)]


@dataclass
class _State:
    """What the batch has come to so far. linked: (n,) groups joined by comparisons; tree: the
    pairs of the spanning tree that were not chosen yet."""

    ability: FloatArray
    covariance: FloatArray
    linked: IntArray
    pairs: IntArray
    tree: IntArray | None = None

    def choose(self, rng: np.random.Generator, explore: float, control: float) -> Choice:
        uniform = np.full(len(self.pairs), 1 / len(self.pairs))
        arm, aimed = self._aim()
        drawn = rng.random()
        if drawn < control:
            arm, rule = "control", uniform
        elif drawn < control + (1 - control) * explore:
            arm, rule = "explore", uniform
        else:
            rule = aimed
        probability = control * uniform + (1 - control) * (
            explore * uniform + (1 - explore) * aimed
        )
        at = int(rng.choice(len(self.pairs), p=rule))
        i, j = int(self.pairs[at, 0]), int(self.pairs[at, 1])
        gain = float(information_gains(self.ability, self.covariance)[i, j])
        self._expect(i, j, at)
        return Choice(i, j, arm, float(probability[at]), gain)

    def _aim(self) -> tuple[Arm, FloatArray]:
        """The rule that uses what is known, as probabilities of the pairs."""
        joins = self.linked[self.pairs[:, 0]] != self.linked[self.pairs[:, 1]]
        if joins.any():
            return "connect", joins / joins.sum()
        if self.tree is None or not len(self.tree):
            gains = information_gains(self.ability, self.covariance)
            self.tree = spanning_tree(self.pairs, gains[self.pairs[:, 0], self.pairs[:, 1]])
        aimed = np.zeros(len(self.pairs))
        aimed[self.tree] = 1 / len(self.tree)
        return "information", aimed

    def _expect(self, i: int, j: int, at: int) -> None:
        """The pair will be judged: join its groups, and lower the covariance by what a judgment
        is expected to teach (Sherman & Morrison 1950)."""
        self.linked[self.linked == self.linked[j]] = self.linked[i]
        if self.tree is not None:
            self.tree = self.tree[self.tree != at]
        toward = self.covariance[:, i] - self.covariance[:, j]
        p = float(sigmoid(np.array([self.ability[i] - self.ability[j]]))[0])
        information = p * (1 - p)
        spread = float(toward[i] - toward[j])
        self.covariance -= np.outer(toward, toward) * information / (1 + information * spread)


def spanning_tree(pairs: ArrayLike, gains: ArrayLike) -> IntArray:
    """Indices of the pairs (m, 2) of a spanning forest of largest gain (Kruskal 1956); of equal
    gains the earlier pair."""
    edges, worth = np.asarray(pairs, dtype=np.int64), np.asarray(gains, dtype=np.float64)
    group = np.arange(int(edges.max(initial=-1)) + 1)
    chosen = []
    for at in np.argsort(-worth, kind="stable"):
        i, j = edges[at]
        if group[i] != group[j]:
            group[group == group[j]] = group[i]
            chosen.append(int(at))
    return np.array(chosen, dtype=np.int64)


def ensemble_disagreement(first: ArrayLike, second: ArrayLike) -> tuple[FloatArray, FloatArray]:
    """How much reward models of an ensemble disagree on each comparison: first, second (members,
    comparisons), their rewards of the two responses.

    Returns (comparisons,) twice: the variance of the differences of rewards over members (of a
    sample, so one member has none: ValueError), and BALD in nats, H(mean p) - mean H(p) with
    p = sigmoid(difference): what a judgment would tell of which member is right (Houlsby, Huszar,
    Ghahramani & Lengyel 2011, arXiv:1112.5745). BALD leaves out what all members hold to be a
    toss-up, which no judgment settles.
    """
    a, b = (np.asarray(x, dtype=np.float64) for x in (first, second))
    if a.ndim != 2 or a.shape != b.shape or len(a) < 2:
        raise ValueError("rewards of two or more members, members by comparisons")
    difference = a - b
    if not np.isfinite(difference).all():
        raise ValueError("a reward is a finite number")
    p = sigmoid(difference)
    bald = _binary_entropy(p.mean(axis=0)) - _binary_entropy(p).mean(axis=0)
    return difference.var(axis=0, ddof=1), np.maximum(bald, 0.0)


def _binary_entropy(p: FloatArray) -> FloatArray:
    q = 1 - p
    entropy: FloatArray = -(p * np.log(np.maximum(p, 1e-300)) + q * np.log(np.maximum(q, 1e-300)))
    return entropy


def most_uncertain(score: ArrayLike, budget: int, *, asked: ArrayLike | None = None) -> IntArray:
    """Indices of the `budget` largest scores above 0 that were not asked yet (mask), the largest
    first; of equal ones the lower index."""
    values = np.asarray(score, dtype=np.float64)
    done: BoolArray = (
        np.zeros(len(values), np.bool_) if asked is None else np.asarray(asked, np.bool_)
    )
    order = np.lexsort((np.arange(len(values)), -values))
    return order[(values[order] > 0) & ~done[order]][: max(budget, 0)].astype(np.int64)
