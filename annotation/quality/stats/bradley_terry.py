"""How able each generator is: Bradley-Terry and its kin, with errors, and honest where the
comparisons do not say.

Abilities are on the log scale: a difference of 1 is odds of e to 1. The prior is made of
comparisons that nobody made: each generator wins and loses `prior_strength` of them against a
ghost of ability 0, as in the Plackett-Luce fit here (Turner, van Etten, Firth & Kosmidis 2020,
Computational Statistics 35). It bounds what the comparisons leave open; what it had to bound is
flagged.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from annotation.quality.stats.ability import (
    AbilityFit,
    Effect,
    NotIdentified,
    Reference,
    WhenNotIdentified,
    blank,
    contrasts,
    describe,
    standard_errors,
    stands_alone,
)
from annotation.quality.stats.connectivity import Components, find_components
from annotation.quality.stats.estimate import FloatArray, IntArray
from annotation.quality.stats.outcomes import (
    GeneratorComparisons,
    Outcomes,
    as_square,
    outcome_matrix,
    tally,
)
from annotation.quality.stats.pairwise import NoMaximum, Rows, TieModel, climb, differentiate
from annotation.quality.stats.sandwich import clustered_meat

POSITION = "position"
# Larger than any information: a parameter with this gauge stays where it is.
_FIXED = 1e12


def bradley_terry(
    wins: ArrayLike,
    ties: ArrayLike | None = None,
    *,
    tie_model: TieModel = "half",
    prior_strength: float = 0.0,
    reference: Reference = "mean",
    when_not_identified: WhenNotIdentified = "error",
) -> AbilityFit:
    """Abilities from counts: wins[i, j] how often i was better than j, ties symmetric, (n, n).

    tie_model: a tie is half a win each (which shrinks the scale), dropped, or a response of its
    own (Davidson). reference: whose ability is 0, or the mean of all. Without prior_strength,
    comparisons that do not bound every ability raise NotIdentified; or each strong component is
    fitted by itself, its mean 0, and whoever stands alone has none.
    """
    won = as_square(wins, "wins")
    tied = np.zeros_like(won) if ties is None else as_square(ties, "ties")
    if tied.shape != won.shape:
        raise ValueError("wins and ties are of the same generators")
    if not np.array_equal(tied, tied.T):
        raise ValueError("ties: [i, j] and [j, i] are the same ties, so the same number")
    rows = rows_of_cells(Outcomes(won, np.zeros_like(won), np.triu(tied)), position=False)
    model = Model(len(won), tie_model, prior_strength, reference, when_not_identified)
    return model.fit(rows)


def fit_abilities(
    comparisons: GeneratorComparisons,
    *,
    tie_model: TieModel = "half",
    position: bool = False,
    covariates: ArrayLike | None = None,
    names: tuple[str, ...] = (),
    prior_strength: float = 0.0,
    reference: Reference = "mean",
    when_not_identified: WhenNotIdentified = "error",
    robust: bool = True,
) -> AbilityFit:
    """Abilities from long arrays, with what counts do not hold: the effect of being shown first,
    covariates (comparisons, k) of first against second under their names, and errors clustered
    by item (`robust`), for comparisons of one item depend on each other."""
    size = len(comparisons)
    z = np.zeros((size, 0)) if covariates is None else np.asarray(covariates, dtype=np.float64)
    if z.shape != (size, len(names)) or not np.isfinite(z).all():
        raise ValueError("covariates: a finite number for each comparison and name")
    if position:
        z, names = np.hstack([np.ones((size, 1)), z]), (POSITION, *names)
    single = rows_of_comparisons(comparisons, z)
    counted = rows_of_cells(outcome_matrix(comparisons), position=position)
    model = Model(
        comparisons.n_generators, tie_model, prior_strength, reference, when_not_identified, names
    )
    has_own = covariates is not None and bool(names)
    return model.fit(
        single if has_own else counted, (single, comparisons.item) if robust else None
    )


def rows_of_comparisons(comparisons: GeneratorComparisons, covariates: FloatArray) -> Rows:
    """One row each."""
    won, tied, lost = (
        np.where(comparisons.outcome == outcome, comparisons.weight, 0.0) for outcome in range(3)
    )
    return Rows(comparisons.first, comparisons.second, won, lost, tied, covariates)


def rows_of_cells(table: Outcomes, *, position: bool) -> Rows:
    """One row for each ordered pair that met; its one covariate, if any, is the place."""
    first, second = np.nonzero(table.first_won + table.second_won + table.tied)
    at = (first, second)
    return Rows(
        first.astype(np.int64), second.astype(np.int64), table.first_won[at],
        table.second_won[at], table.tied[at], np.ones((len(first), int(position))),
    )  # fmt: skip


@dataclass(frozen=True)
class Model:
    """What to fit, to any rows."""

    n: int
    tie_model: TieModel = "half"
    prior_strength: float = 0.0
    reference: Reference = "mean"
    when_not_identified: WhenNotIdentified = "error"
    names: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.tie_model not in ("half", "drop", "davidson"):
            raise ValueError(f"unknown tie model: {self.tie_model}")
        if not np.isfinite(self.prior_strength) or self.prior_strength < 0:
            raise ValueError("prior_strength: a number, 0 or more")
        if self.reference != "mean" and not 0 <= self.reference < self.n:
            raise ValueError(f"reference: a generator from 0 to {self.n - 1}, or the mean")

    def fit(self, rows: Rows, clusters: tuple[Rows, IntArray] | None = None) -> AbilityFit:
        """clusters: the single comparisons and the item of each, for errors clustered by it."""
        components = find_components(*self._win_table(rows))
        component = self._component(components)
        rows, clusters = _within(rows, component), _clusters_within(clusters, component)
        parameters, bread = self.solve(rows, component, components)
        contrast = np.eye(len(parameters))
        contrast[: self.n, : self.n] = contrasts(self.n, component, self.reference)
        covariance = contrast @ bread @ contrast.T
        clustered = None
        if clusters is not None:
            meat = self._meat(*clusters, parameters)
            clustered = contrast @ bread @ meat @ bread @ contrast.T
        errors = standard_errors(covariance if clustered is None else clustered)
        n, k = self.n, len(self.names)
        alone = (
            np.zeros(n, dtype=np.bool_)
            if self.prior_strength
            else stands_alone(component, components)
        )
        nu = float(np.exp(parameters[-1])) if len(parameters) > n + k else 0.0
        at_top = differentiate(rows, n, parameters, self.tie_model)
        return AbilityFit(
            ability=np.where(alone, np.nan, (contrast @ parameters)[:n]),
            covariance=blank(covariance[:n, :n], alone, component),
            robust=None if clustered is None else blank(clustered[:n, :n], alone, component),
            effects=tuple(
                Effect(name, float(parameters[n + c]), float(errors[n + c]))
                for c, name in enumerate(self.names)
            ),
            nu=nu if self.tie_model == "davidson" else None,
            components=components,
            n_comparisons=_played(rows, n),
            log_likelihood=at_top.log_likelihood,
            reference=self.reference,
            method=self._method(),
        )

    def fit_ability(self, rows: Rows) -> FloatArray:
        """(n,) the abilities alone. Raises NotIdentified."""
        components = find_components(*self._win_table(rows))
        component = self._component(components)
        parameters, _ = self.solve(_within(rows, component), component, components)
        ability: FloatArray = contrasts(self.n, component, self.reference) @ parameters[: self.n]
        return ability

    def solve(
        self,
        rows: Rows,
        component: IntArray,
        components: Components,
    ) -> tuple[FloatArray, FloatArray]:
        """Parameters (theta, gamma, log nu) at the top, and the inverse of the information.

        Davidson's nu goes to 0 where nothing is tied: then it is left out, fixed there.
        """
        n, others = self.n, len(self.names)
        if self.tie_model == "davidson" and rows.tied.any():
            others += 1
            if not (rows.first_won.any() or rows.second_won.any()) and not self.prior_strength:
                raise NotIdentified("every comparison is a tie", components.flags)
        fitted, players = _with_ghost(rows, n, self.prior_strength)
        gauge = np.zeros((players + others, players + others))
        if players > n:
            gauge[n, n] = _FIXED
        else:
            gauge[:n, :n] = component[:, None] == component[None, :]
        keep = np.r_[0:n, players : players + others]
        try:
            parameters = climb(
                fitted, players, start=np.zeros(len(gauge)), tie_model=self.tie_model, gauge=gauge
            )
        except NoMaximum as error:
            raise NotIdentified(
                f"{error} ({', '.join((*self.names, 'ties and abilities'))})", components.flags
            ) from error
        at_top = differentiate(fitted, players, parameters, self.tie_model)
        bread = np.linalg.inv(at_top.information + gauge)
        return parameters[keep], bread[np.ix_(keep, keep)]

    def _component(self, components: Components) -> IntArray:
        """(n,) who is fitted together."""
        if self.prior_strength or components.is_identified:
            return np.zeros(self.n, dtype=np.int64)
        if self.when_not_identified == "error":
            raise NotIdentified(describe(components), components.flags)
        return components.strong

    def _win_table(self, rows: Rows) -> tuple[FloatArray, FloatArray]:
        n = self.n
        forward, backward = rows.first * n + rows.second, rows.second * n + rows.first
        wins = tally(forward, rows.first_won, n * n) + tally(backward, rows.second_won, n * n)
        ties = tally(forward, rows.tied, n * n)
        if self.tie_model == "drop":
            ties[:] = 0.0
        return wins.reshape(n, n), ties.reshape(n, n)

    def _meat(self, rows: Rows, item: IntArray, parameters: FloatArray) -> FloatArray:
        at = differentiate(rows, self.n, parameters, self.tie_model)
        entries = [(rows.first, at.by_strength), (rows.second, -at.by_strength)]
        for c in range(len(self.names)):
            column = np.full(len(item), self.n + c)
            entries.append((column, at.by_strength * rows.covariates[:, c]))
        if len(at.by_tie):
            entries.append((np.full(len(item), len(parameters) - 1), at.by_tie))
        column, score = (np.concatenate(part) for part in zip(*entries, strict=True))
        cluster = np.unique(item, return_inverse=True)[1]
        return clustered_meat(np.tile(cluster, len(entries)), column, score, len(parameters))

    def _method(self) -> str:
        model = {
            "half": "Bradley-Terry, a tie half a win each",
            "drop": "Bradley-Terry, ties dropped",
            "davidson": "Davidson",
        }[self.tie_model]
        strength = self.prior_strength
        prior = f", prior of {strength:g} wins and losses" if strength else ""
        return model + prior + (f", with {', '.join(self.names)}" if self.names else "")


def _with_ghost(rows: Rows, n: int, strength: float) -> tuple[Rows, int]:
    """The rows and the prior's, in which the ghost is generator n; and how many play."""
    if strength == 0:
        return rows, n
    everyone, often = np.arange(n), np.full(n, strength)
    return Rows(
        np.concatenate([rows.first, everyone]),
        np.concatenate([rows.second, np.full(n, n)]),
        np.concatenate([rows.first_won, often]),
        np.concatenate([rows.second_won, often]),
        np.concatenate([rows.tied, np.zeros(n)]),
        np.vstack([rows.covariates, np.zeros((n, rows.covariates.shape[1]))]),
    ), n + 1


def _within(rows: Rows, component: IntArray) -> Rows:
    keep = component[rows.first] == component[rows.second]
    if keep.all():
        return rows
    return Rows(
        rows.first[keep], rows.second[keep], rows.first_won[keep], rows.second_won[keep],
        rows.tied[keep], rows.covariates[keep],
    )  # fmt: skip


def _clusters_within(
    clusters: tuple[Rows, IntArray] | None, component: IntArray
) -> tuple[Rows, IntArray] | None:
    if clusters is None:
        return None
    rows, item = clusters
    return _within(rows, component), item[component[rows.first] == component[rows.second]]


def _played(rows: Rows, n: int) -> FloatArray:
    apart = rows.first != rows.second
    weight = np.where(apart, rows.first_won + rows.second_won + rows.tied, 0.0)
    return tally(rows.first, weight, n) + tally(rows.second, weight, n)
