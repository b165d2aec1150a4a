"""Dawid & Skene 1979: the true category of each item and how each labeler confuses categories.

Expectation–maximisation on bincounts. A label is drawn from row `true category` of its labeler's
confusion matrix, independently of all others. The one-coin model has one number per labeler
instead: the chance to be right; when wrong, all other categories are as likely.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from annotation.quality.stats.chance import beta_interval, log_gamma
from annotation.quality.stats.consensus import Consensus
from annotation.quality.stats.estimate import FloatArray, IntArray, Interval
from annotation.quality.stats.labels import UNKNOWN, Labels, check_known

Model = Literal["full", "one_coin"]
# Below so many labels per labeler and category a confusion matrix of its own says more about
# chance than about the labeler.
LEAST_PER_CLASS = 20
_CONCENTRATIONS = np.geomspace(0.5, 500.0, 31)
_HYPER_ROUNDS = 12
# Per label, what a step must gain to be followed by another one: the objective is a sum over them,
# and at a million labels a gain of 1e-9 is what its rounding makes. Posteriors stand to 1e-3.
TOLERANCE = 1e-10
MOST_STEPS = 500


@dataclass(frozen=True)
class DawidSkeneFit:
    """The fitted model.

    prevalence: (Q,); confusion: (labelers, Q true, Q given); posterior: (items, Q), NaN-free:
    an item without labels has the prevalence; expected: (labelers, Q, Q) expected counts behind
    confusion; pseudo: (labelers, Q, Q) pseudo-counts added to them; log_likelihood: without
    priors; objective: with them, what the fit maximises; concentration: (Q,) strength of
    the shrinkage towards the crowd in labels, 0 without.
    """

    model: Model
    prevalence: FloatArray
    confusion: FloatArray
    posterior: FloatArray
    expected: FloatArray
    pseudo: FloatArray
    concentration: FloatArray
    log_likelihood: float
    objective: float
    iterations: int
    converged: bool

    def consensus(self, labels: Labels) -> Consensus:
        """Posterior and likeliest category of each item that has a label."""
        name = {"full": "Dawid-Skene", "one_coin": "Dawid-Skene, one coin"}[self.model]
        if self.concentration.any():
            name += ", shrunk towards the crowd"
        counts = np.bincount(labels.item, minlength=labels.n_items)
        return Consensus.of(self.posterior, counts, method=name)

    def interval(self, labeler: int, true: int, given: int, confidence: float = 0.95) -> Interval:
        """Credible interval of one cell of a confusion matrix: the Beta marginal of its
        Dirichlet posterior, taking the posterior of the items as it is."""
        row = self.expected[labeler, true] + self.pseudo[labeler, true]
        hit = float(row[given])
        return beta_interval(hit + 1.0, float(row.sum()) - hit + len(row) - 1.0, confidence)


def choose_model(labels: Labels) -> Model:
    """One coin where the median labeler has fewer than LEAST_PER_CLASS labels per category."""
    given = np.bincount(labels.labeler, minlength=labels.n_labelers)
    active = given[given > 0]
    if not active.size or labels.n_categories == 0:
        return "one_coin"
    enough = float(np.median(active)) / labels.n_categories >= LEAST_PER_CLASS
    return "full" if enough else "one_coin"


def dawid_skene(
    labels: Labels,
    *,
    model: Model = "full",
    smoothing: float = 0.01,
    shrinkage: float | Literal["auto"] = 0.0,
    gold: ArrayLike | None = None,
    tol: float | None = None,
    max_iter: int = MOST_STEPS,
    starts: int = 1,
    seed: int = 0,
    alive: Callable[[], None] = lambda: None,
) -> DawidSkeneFit:
    """Fit by EM from the vote shares, and from `starts - 1` random posteriors; the best is kept.

    smoothing: pseudo-count in every cell of every confusion matrix (Dirichlet(1 + smoothing));
    0 is the maximum likelihood of the paper. shrinkage: labels' worth of the crowd's own
    confusion matrix added to each labeler's row; "auto" finds it by the Dirichlet-multinomial
    likelihood of the expected counts (empirical Bayes). gold: (items,) known categories, UNKNOWN
    elsewhere: they anchor what the categories mean. tol: stop when the objective gains less than
    this per step. Stopping at the first small step of the *loss* is too early; the objective
    used here never falls, and its gain bounds what is left.
    """
    known = check_known(gold, labels.n_items, labels.n_categories)
    least_gain = max(1e-9, TOLERANCE * len(labels)) if tol is None else tol
    fits = []
    for start in range(max(1, starts)):
        em = _Em(labels, known, model, smoothing, alive)
        posterior = em.first_posterior(
            None if start == 0 else np.random.default_rng([seed, start])
        )
        fits.append(_fit_shrunk(em, posterior, shrinkage, tol=least_gain, max_iter=max_iter))
    return max(fits, key=lambda fit: fit.objective)


class _Em:
    """The two steps on one set of labels; everything per label is prepared once."""

    def __init__(
        self,
        labels: Labels,
        known: IntArray,
        model: Model,
        smoothing: float,
        alive: Callable[[], None],
    ) -> None:
        if smoothing < 0:
            raise ValueError("smoothing cannot be negative")
        self.labels, self.model, self.smoothing, self.alive = labels, model, smoothing, alive
        self.cell = labels.labeler * labels.n_categories + labels.category
        self.gold = np.flatnonzero(known != UNKNOWN)
        self.answer = known[self.gold]
        shape = (labels.n_labelers, labels.n_categories, labels.n_categories)
        self.pseudo = np.full(shape, smoothing)

    def first_posterior(self, rng: np.random.Generator | None) -> FloatArray:
        """(Q, items): vote shares, or random beliefs blended with them."""
        counts = self.labels.counts().T.astype(np.float64)
        voted = counts.sum(axis=0)
        share = np.where(voted > 0, counts / np.maximum(voted, 1), 1 / max(1, len(counts)))
        if rng is not None:
            drawn = rng.dirichlet(np.ones(len(counts)), size=share.shape[1]).T
            share = 0.5 * share + 0.5 * drawn
        return self._anchor(share)

    def _anchor(self, posterior: FloatArray) -> FloatArray:
        posterior[:, self.gold] = 0.0
        posterior[self.answer, self.gold] = 1.0
        return posterior

    def expected_counts(self, posterior: FloatArray) -> FloatArray:
        """(labelers, Q, Q) from (Q, items)."""
        size = self.pseudo.shape[0] * self.pseudo.shape[2]
        by_class = [
            np.bincount(self.cell, weights=row[self.labels.item], minlength=size)
            for row in posterior
        ]
        stacked: FloatArray = np.array(by_class, dtype=np.float64)
        counts: FloatArray = stacked.reshape(len(posterior), *self.pseudo.shape[::2])
        return counts.transpose(1, 0, 2)

    def maximise(self, posterior: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Prevalence, confusion, and the expected counts behind it."""
        # An item without labels says nothing about how common a category is.
        seen = np.zeros(posterior.shape[1], dtype=np.bool_)
        seen[self.labels.item] = True
        seen[self.gold] = True
        total = posterior[:, seen].sum(axis=1)
        width = max(1, len(total))
        prevalence = total / total.sum() if seen.any() else np.full(width, 1 / width)
        expected = self.expected_counts(posterior)
        raised = expected + self.pseudo
        if self.model == "one_coin":
            raised = _as_one_coin(raised)
        rows = raised.sum(axis=2, keepdims=True)
        even = 1.0 / max(1, raised.shape[2])
        confusion = np.where(rows > 0, raised / np.where(rows > 0, rows, 1.0), even)
        return prevalence, confusion, expected

    def expect(
        self, prevalence: FloatArray, confusion: FloatArray
    ) -> tuple[FloatArray, float, float]:
        """(Q, items) posterior, log-likelihood, and the objective with its log prior."""
        with np.errstate(divide="ignore"):
            log_confusion = np.log(confusion)
            log_prevalence = np.log(prevalence)
        joint = np.stack(
            [
                log_prevalence[true]
                + np.bincount(
                    self.labels.item,
                    weights=log_confusion[:, true, :].ravel()[self.cell],
                    minlength=self.labels.n_items,
                )
                for true in range(len(prevalence))
            ]
        )
        top = joint.max(axis=0)
        posterior = np.exp(joint - top)
        total = posterior.sum(axis=0)
        evidence = top + np.log(total)
        evidence[self.gold] = joint[self.answer, self.gold]
        seen = np.bincount(self.labels.item, minlength=self.labels.n_items) > 0
        seen[self.gold] = True
        log_likelihood = float(evidence[seen].sum())
        used = self.pseudo > 0
        prior = float((self.pseudo[used] * log_confusion[used]).sum())
        return self._anchor(posterior / total), log_likelihood, log_likelihood + prior


def _as_one_coin(raised: FloatArray) -> FloatArray:
    """Counts that give a confusion matrix of one number: right on the diagonal, else even."""
    width = raised.shape[2]
    right = np.einsum("lqq->l", raised)
    wrong = raised.sum(axis=(1, 2)) - right
    shape = np.where(np.eye(width, dtype=np.bool_), right[:, None, None], 0.0)
    off = ~np.eye(width, dtype=np.bool_)
    return shape + np.where(off, (wrong / max(1, width - 1))[:, None, None], 0.0)


def _fit_shrunk(
    em: _Em,
    posterior: FloatArray,
    shrinkage: float | Literal["auto"],
    *,
    tol: float,
    max_iter: int,
) -> DawidSkeneFit:
    """EM; with shrinkage in rounds, each from where the last one stopped, with the crowd's matrix
    as the last one left it."""
    concentration = np.zeros(em.labels.n_categories)
    shrinks = len(em.labels) > 0 and (shrinkage == "auto" or shrinkage > 0)
    # What comes before the last round need not be exact: a million labels gain 0.1 there.
    rough = max(1e-3, 1e3 * tol)
    fit = _run(em, posterior, concentration, tol=rough if shrinks else tol, max_iter=max_iter)
    steps = fit.iterations
    for turn in range(_HYPER_ROUNDS if shrinks else 0):
        if steps >= max_iter:
            return replace(fit, iterations=steps, converged=False)
        crowd = _crowd_of(fit.expected)
        if shrinkage == "auto":
            concentration = _concentration(fit.expected, crowd)
        else:
            concentration = np.full(em.labels.n_categories, float(shrinkage))
        pseudo = em.smoothing + concentration[:, None] * crowd
        settled = bool(np.abs(pseudo - em.pseudo[0]).max(initial=0.0) < 1e-3)
        em.pseudo = np.broadcast_to(pseudo, em.pseudo.shape).copy()
        last = settled or turn == _HYPER_ROUNDS - 1
        fit = _run(
            em,
            fit.posterior.T.copy(),
            concentration,
            tol=tol if last else rough,
            max_iter=max_iter - steps,
        )
        steps += fit.iterations
        if last:
            break
    return replace(fit, iterations=steps)


def _run(
    em: _Em, posterior: FloatArray, concentration: FloatArray, *, tol: float, max_iter: int
) -> DawidSkeneFit:
    before = -np.inf
    iterations, converged = 0, False
    while True:
        prevalence, confusion, expected = em.maximise(posterior)
        posterior, log_likelihood, objective = em.expect(prevalence, confusion)
        iterations += 1
        em.alive()
        converged = objective - before < tol
        before = objective
        if converged or iterations >= max_iter:
            break
    return DawidSkeneFit(
        model=em.model,
        prevalence=prevalence,
        confusion=confusion,
        posterior=np.ascontiguousarray(posterior.T),
        expected=expected,
        pseudo=em.pseudo,
        concentration=concentration,
        log_likelihood=log_likelihood,
        objective=objective,
        iterations=iterations,
        converged=converged,
    )


def _crowd_of(expected: FloatArray) -> FloatArray:
    """(Q, Q) confusion matrix of all labelers together, no cell quite empty."""
    pooled = expected.sum(axis=0) + 0.5
    crowd: FloatArray = pooled / pooled.sum(axis=1, keepdims=True)
    return crowd


def _concentration(expected: FloatArray, crowd: FloatArray) -> FloatArray:
    """(Q,) how like the crowd labelers are, in labels: the most likely concentration of the
    Dirichlet-multinomial that has the crowd's row as its mean (Minka 2000), over a grid."""
    best = np.zeros(len(crowd))
    for true, mean in enumerate(crowd):
        rows = expected[:, true, :]
        rows = rows[rows.sum(axis=1) > 0]
        score = [
            (log_gamma(s) - log_gamma(rows.sum(axis=1) + s)).sum()
            + (log_gamma(rows + s * mean) - log_gamma(s * mean)).sum()
            for s in _CONCENTRATIONS
        ]
        best[true] = _CONCENTRATIONS[int(np.argmax(score))]
    return best
