"""Crowd-BT (Chen, Bennett, Collins-Thompson & Horvitz 2013): abilities out of comparisons by
labelers of unknown reliability.

P(labeler w says a over b) = η_w σ(θ_a − θ_b) + (1 − η_w) σ(θ_b − θ_a). η = 1: always the
model's way; 0.5: a coin; below: the other way round, and informative.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from annotation.quality.stats.chance import beta_interval
from annotation.quality.stats.estimate import BoolArray, FloatArray, IntArray, Interval

_FIRST_ETA = 0.9


@dataclass(frozen=True)
class CrowdBradleyTerryFit:
    """ability: (K,) log-worths, mean 0 in each set; reliability: (labelers,) η, NaN for who
    compared nothing; right, n: (labelers,) comparisons made the model's way, and all,
    pseudo-counts and gold with them; flipped: the fit had come out mirrored and was turned."""

    ability: FloatArray
    reliability: FloatArray
    right: FloatArray
    n: FloatArray
    log_likelihood: float
    iterations: int
    converged: bool
    flipped: bool

    @property
    def below(self) -> BoolArray:
        """(labelers,) whose η is below one half."""
        return np.nan_to_num(self.reliability, nan=1.0) < 0.5

    def interval(self, labeler: int) -> Interval:
        """Credible interval of η by its Beta posterior, taking the abilities as they are."""
        right, n = float(self.right[labeler]), float(self.n[labeler])
        return beta_interval(right + 1, n - right + 1)


def crowd_bradley_terry(
    winner: ArrayLike,
    loser: ArrayLike,
    labeler: ArrayLike,
    *,
    n_generators: int,
    n_labelers: int,
    tied: ArrayLike | None = None,
    sets: ArrayLike | None = None,
    gold_right: ArrayLike | None = None,
    gold_total: ArrayLike | None = None,
    prior_strength: float = 0.5,
    reliability_prior: tuple[float, float] = (4.0, 1.0),
    tol: float = 1e-8,
    max_iter: int = 2000,
) -> CrowdBradleyTerryFit:
    """Fit by EM: was this comparison made the model's way round?

    winner, loser, labeler: (comparisons,). tied: (comparisons,) half a win each for its two, in
    either order; it says nothing of η. sets: (K,) to which set each generator belongs, where
    only those of one set are ever compared (the responses of an item): their abilities are
    solved set by set; one set of all if left out. gold_right, gold_total: (labelers,) comparisons
    of known outcome: they anchor η. prior_strength: wins and losses against a virtual opponent of
    log-worth 0, which keeps abilities finite (the regularisation of the paper).
    reliability_prior: Beta pseudo-counts (right, wrong) of η: labelers are presumed better than a
    coin.

    The likelihood is the same with all abilities and all η mirrored; where most comparisons come
    out at η < 0.5 and gold does not say so, the fit is turned. Stretching the abilities and moving
    every η towards a half change it little, either: without gold, read the order of the η and on
    which side of a half they lie, not their size.
    """
    won, lost, who = (np.asarray(x, dtype=np.int64) for x in (winner, loser, labeler))
    _check(won, lost, who, n_generators, n_labelers)
    right0 = np.full(n_labelers, float(reliability_prior[0]))
    wrong0 = np.full(n_labelers, float(reliability_prior[1]))
    anchored = gold_right is not None and gold_total is not None
    if anchored:
        hits = np.asarray(gold_right, dtype=np.float64)
        right0, wrong0 = right0 + hits, wrong0 + np.asarray(gold_total, dtype=np.float64) - hits
    even = np.zeros(who.shape, np.bool_) if tied is None else np.asarray(tied, dtype=np.bool_)
    blocks = _blocks(won, lost, np.zeros(n_generators, np.int64) if sets is None else sets)
    told = ~even  # what says something of its labeler
    n: FloatArray = np.bincount(who[told], minlength=n_labelers).astype(np.float64)
    eta: FloatArray = np.full(n_labelers, _FIRST_ETA)
    if anchored:
        eta = (right0 + _FIRST_ETA) / (right0 + wrong0 + 1)
    ability, flipped = np.zeros(n_generators), False
    before, iterations, converged = -np.inf, 0, False
    # The first abilities take everybody at the word of the first η.
    share = np.where(even, 0.5, eta[who])
    right: FloatArray = np.zeros(n_labelers)
    value = -np.inf
    while iterations < max_iter:
        for block in blocks:
            block.improve(ability, share, prior_strength)
        share, value = _expect(ability[won] - ability[lost], eta[who], even)
        right = np.bincount(who[told], weights=share[told], minlength=n_labelers).astype(float)
        eta = (right + right0) / (n + right0 + wrong0)
        goal = value + float((right0 * np.log(eta) + wrong0 * np.log1p(-eta)).sum())
        goal += _log_prior(ability, prior_strength)
        iterations += 1
        converged = abs(goal - before) < tol
        before = goal
        if converged:
            break
    if not anchored and n.sum() and float(n @ eta) / n.sum() < 0.5:
        ability, eta, right, flipped = -ability, 1 - eta, n - right, True
    for block in blocks:
        ability[block.members] -= ability[block.members].mean(axis=1, keepdims=True)
    return CrowdBradleyTerryFit(
        ability=ability,
        reliability=np.where(n > 0, eta, np.nan),
        right=right + right0 - 1,
        n=n + right0 + wrong0 - 2,
        log_likelihood=value if n.sum() else 0.0,
        iterations=iterations,
        converged=converged,
        flipped=flipped,
    )


def _expect(lead: FloatArray, eta: FloatArray, even: BoolArray) -> tuple[FloatArray, float]:
    """(comparisons,) chance that each was made the model's way, one half for a tie, and the
    log-likelihood, in which a tie is half of a comparison either way."""
    forward = 1 / (1 + np.exp(-lead))
    said = eta * forward + (1 - eta) * (1 - forward)
    chance = np.where(even, np.sqrt(forward * (1 - forward)), said)
    return np.where(even, 0.5, eta * forward / chance), float(np.log(chance).sum())


def _check(
    won: IntArray, lost: IntArray, who: IntArray, n_generators: int, n_labelers: int
) -> None:
    if won.ndim != 1 or not won.shape == lost.shape == who.shape:
        raise ValueError("winner, loser and labeler must be flat and of the same length")
    for values, most in ((won, n_generators), (lost, n_generators), (who, n_labelers)):
        if values.size and (values.min() < 0 or values.max() >= most):
            raise ValueError(f"index outside 0 to {most - 1}")
    if (won == lost).any():
        raise ValueError("a generator cannot be compared with itself")


def _log_prior(ability: FloatArray, strength: float) -> float:
    """strength wins and as many losses against a virtual opponent of log-worth 0."""
    return float(-strength * (np.logaddexp(0, ability) + np.logaddexp(0, -ability)).sum())


@dataclass(frozen=True)
class _Block:
    """All sets of one size. members: (sets, size) generators; rows: the comparisons among them;
    forward, back: (rows,) cells of (sets, size, size), winner over loser and the other way."""

    members: IntArray
    rows: IntArray
    forward: IntArray
    back: IntArray

    def improve(self, ability: FloatArray, share: FloatArray, strength: float) -> None:
        """A few Newton steps of Bradley-Terry, in place, in which a comparison is `share` of a
        win and the rest of a loss; it need not converge, EM comes back."""
        n, size = self.members.shape
        wins = np.bincount(self.forward, weights=share[self.rows], minlength=n * size**2)
        wins += np.bincount(self.back, weights=1 - share[self.rows], minlength=n * size**2)
        table = wins.reshape(n, size, size)
        played = table + table.transpose(0, 2, 1)
        found = ability[self.members]
        for _ in range(5):
            p = 1 / (1 + np.exp(found[:, None, :] - found[:, :, None]))
            gradient = (table - played * p).sum(axis=2)
            own = 1 / (1 + np.exp(-found))
            gradient += strength * (1 - 2 * own)
            bent = played * p * (1 - p)
            slope = bent.sum(axis=2) + 2 * strength * own * (1 - own)
            hessian = np.eye(size) * slope[:, :, None] - bent
            step = np.linalg.solve(hessian, gradient[:, :, None])[:, :, 0]
            found = found + np.clip(step, -2.0, 2.0)
            if np.abs(step).max(initial=0.0) < 1e-10:
                break
        ability[self.members] = found


def _blocks(won: IntArray, lost: IntArray, sets: ArrayLike) -> list[_Block]:
    """The sets by their size: each size is one stack of small systems."""
    _, which, sizes = np.unique(
        np.asarray(sets, dtype=np.int64), return_inverse=True, return_counts=True
    )
    if (which[won] != which[lost]).any():
        raise ValueError("a comparison of generators of two sets")
    by_set = np.argsort(which, kind="stable")
    starts = np.cumsum(sizes) - sizes
    place = np.empty(len(which), dtype=np.int64)
    place[by_set] = np.arange(len(which)) - np.repeat(starts, sizes)
    found = []
    for size in np.unique(sizes):
        of_size = np.flatnonzero(sizes == size)
        row_of_set = np.full(len(sizes), -1, dtype=np.int64)
        row_of_set[of_size] = np.arange(len(of_size))
        rows = np.flatnonzero(sizes[which[won]] == size)
        first = row_of_set[which[won[rows]]] * size**2
        one, other = place[won[rows]], place[lost[rows]]
        members = by_set[starts[of_size][:, None] + np.arange(size)]
        found.append(_Block(members, rows, first + one * size + other, first + other * size + one))
    return found
