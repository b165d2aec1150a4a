"""What a run found: how steady the judge is, how far it agrees with people, what to look at.

Computed from what stands now: people go on judging after a judge was asked, and what was said of
a response that has left its item is left out until it is put back. Whoever shows them takes them
from `stored`, which computes them once for each change.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np

from annotation.labeling.models import Item, Judgment
from annotation.labeling.verdict.model import NOT_APPLICABLE
from annotation.labeling.verdict.tiers import signs_of
from annotation.projects.services import current_rubric
from annotation.quality.analyses.consensus.methods import outcome_of
from annotation.quality.figures import SEED
from annotation.quality.judges.models import JudgeRun, Opinion
from annotation.quality.stats.agreement import pairwise_agreement
from annotation.quality.stats.alpha import krippendorff_alpha
from annotation.quality.stats.bootstrap import bootstrap_mean
from annotation.quality.stats.cohen import cohen_kappa
from annotation.quality.stats.consensus import majority_vote
from annotation.quality.stats.estimate import Estimate
from annotation.quality.stats.rating_table import RatingTable

N_OUTCOMES = 3
# Of fewer items the agreement by a principle is not told.
LEAST_ITEMS = 10
Ratings = dict[tuple[int, int], list[int]]  # by item and position


@dataclass
class Compared:
    """Two responses of an item: pair, their positions as they are now, and responses, their ids in
    the same order. By outcome 0 the lower position better, 1 a tie, 2 the other one: said: by the
    judge, one for each order that was answered; votes (3,): by people; people: the majority of
    them, an even split being a tie, None where nobody judged; orders: in how many the judge is
    asked; is_learned: a reward model was trained on the item; margin: of its rewards; principle:
    the number of the one that was drawn."""

    item: int
    pair: tuple[int, int]
    responses: tuple[int, int]
    said: list[int] = field(default_factory=list)
    votes: list[int] = field(default_factory=lambda: [0] * N_OUTCOMES)
    people: int | None = None
    orders: int = 2
    is_learned: bool = False
    margin: float | None = None
    principle: int | None = None

    @property
    def is_whole(self) -> bool:
        return len(self.said) == self.orders

    @property
    def is_unsure(self) -> bool:
        """It contradicts itself; a reward model, which cannot, gives both about the same."""
        if not self.is_whole:
            return False
        return self.said[0] == 1 if self.orders == 1 else self.said[0] != self.said[1]

    @property
    def verdict(self) -> int:
        """What both orders say; a tie where they contradict each other (Zheng et al. 2023)."""
        return 1 if self.is_unsure else self.said[0]

    @property
    def differs(self) -> bool:
        """A steady judge against a majority of people."""
        if not self.is_whole or self.is_unsure or self.people is None:
            return False
        return self.verdict != self.people


@dataclass(frozen=True)
class CriterionFigures:
    """kappa: quadratic weights, of the means rounded to the scale; difference: mean of the judge
    less that of people, over responses, with its interval over items."""

    key: str
    label: str
    kappa: Estimate
    difference: Estimate


@dataclass(frozen=True)
class ByPrinciple:
    """raw: with the majority of people, where this one was drawn."""

    number: int
    principle: str
    raw: Estimate

    @property
    def is_told(self) -> bool:
        return self.raw.value is not None and self.raw.n_items >= LEAST_ITEMS


@dataclass(frozen=True)
class Findings:
    """consistency: raw agreement of the two orders; place: share of the one shown first among
    choices; raw, alpha, kappa: with the majority, a contradiction counted as a tie; steady: raw
    where the judge did not contradict itself; person: with one person drawn from those who judged;
    people: of two people with each other, on the same comparisons; slices: (name, raw).
    sides: (label of a criterion, share of its choices for the side that people rate higher on it).
    learned: raw, on items that a reward model was trained on, which nothing else here counts.
    compared: of findings that were stored only those that are unsure or differ."""

    compared: list[Compared]
    consistency: Estimate
    place: Estimate
    raw: Estimate
    alpha: Estimate
    kappa: Estimate
    steady: Estimate
    person: Estimate
    people: Estimate
    slices: list[tuple[str, Estimate]]
    criteria: list[CriterionFigures]
    sides: list[tuple[str, Estimate]]
    learned: Estimate
    principles: list[ByPrinciple]

    @property
    def unsure(self) -> list[Compared]:
        return [one for one in self.compared if one.is_unsure]

    @property
    def differing(self) -> list[Compared]:
        """Where most people stand against it first."""
        found = [one for one in self.compared if one.differs]
        return sorted(found, key=lambda one: (-_lead(one), one.item, one.pair))


def findings_of(run: JudgeRun) -> Findings:
    opinions = list(run.opinions.answered().placed().order_by("item_id", "first", "second"))
    judgments = list(
        Judgment.objects.filter(item__in=run.item_ids).work().current().order_by("item_id", "pk")
    )
    every = _compare(run, opinions, judgments)
    compared = [one for one in every if not one.is_learned]
    whole = [one for one in compared if one.is_whole]
    met = [one for one in whole if one.people is not None]
    return Findings(
        compared=compared,
        consistency=pairwise_agreement(
            _table(whole, [_counts(*one.said) for one in whole]), "micro"
        ),
        place=_place(opinions),
        raw=_with_majority(met),
        alpha=krippendorff_alpha(_majority_table(met), "nominal"),
        kappa=cohen_kappa(
            [one.verdict for one in met],
            [one.people for one in met],
            N_OUTCOMES,
            item=np.array([one.item for one in met], dtype=np.int64),
            seed=SEED,
        ),
        steady=_with_majority([one for one in met if not one.is_unsure]),
        person=_with_a_person(met),
        people=pairwise_agreement(_table(met, [one.votes for one in met]), "micro"),
        slices=_by_slice(met),
        criteria=_by_criterion(run, opinions, judgments),
        sides=_sides(run, whole, judgments),
        learned=_with_majority(
            [one for one in every if one.is_learned and one.is_whole and one.people is not None]
        ),
        principles=_by_principle(run, met),
    )


def _compare(
    run: JudgeRun, opinions: Iterable[Opinion], judgments: Iterable[Judgment]
) -> list[Compared]:
    """Every comparison that the judge answered at least once, by item and pair."""
    found: dict[tuple[int, tuple[int, int]], Compared] = {}
    orders, learned = run.judge.orders, set(run.terms.get("learned", ()))
    for opinion in opinions:
        key = (opinion.item_id, opinion.pair)
        one = found.setdefault(
            key,
            Compared(
                *key, opinion.responses, orders=orders, is_learned=opinion.item_id in learned
            ),
        )
        one.said.append(opinion.sign + 1)
        one.margin, one.principle = opinion.margin, opinion.principle
    for judgment in judgments:
        signs = signs_of(judgment.ranks, judgment.unacceptable, judgment.rest_below)
        for pair, sign in signs.items():
            if one := found.get((judgment.item_id, pair)):
                one.votes[sign + 1] += 1
    compared = [found[key] for key in sorted(found)]
    judged = [one for one in compared if any(one.votes)]
    if judged:
        majorities = outcome_of(majority_vote(np.array([one.votes for one in judged])))
        for one, outcome in zip(judged, majorities.tolist(), strict=True):
            one.people = outcome
    return compared


def _counts(*outcomes: int) -> list[int]:
    return [outcomes.count(outcome) for outcome in range(N_OUTCOMES)]


def _table(units: list[Compared], counts: list[list[int]]) -> RatingTable:
    table = np.array(counts, dtype=np.int64).reshape(-1, N_OUTCOMES)
    items = np.array([one.item for one in units], dtype=np.int64)
    return RatingTable(table, item_of_row=items, seed=SEED)


def _majority_table(met: list[Compared]) -> RatingTable:
    return _table(met, [_counts(one.verdict, one.people) for one in met])


def _with_majority(met: list[Compared]) -> Estimate:
    return pairwise_agreement(_majority_table(met), "micro")


def _with_a_person(met: list[Compared]) -> Estimate:
    shares = defaultdict(list)
    for one in met:
        shares[one.item].append(one.votes[one.verdict] / sum(one.votes))
    return _mean(shares, "judge with one person, mean over items")


def _place(opinions: list[Opinion]) -> Estimate:
    shares = defaultdict(list)
    for opinion in opinions:
        if opinion.preferred != Opinion.Choice.TIE:
            shares[opinion.item_id].append(float(opinion.preferred == Opinion.Choice.FIRST))
    return _mean(shares, "share of the one shown first, mean over items")


def _mean(by_item: dict[int, list[float]], method: str) -> Estimate:
    """Each item weighs the same, so that the interval is one over items."""
    n = sum(len(values) for values in by_item.values())
    if not n:
        return Estimate(None, "no_data", n_items=0, n_pairable=0, n_ratings=0, method=method)
    means = np.array([float(np.mean(values)) for values in by_item.values()])
    return Estimate(
        float(means.mean()),
        None,
        n_items=len(means),
        n_pairable=len(means),
        n_ratings=n,
        ci=bootstrap_mean(means, seed=SEED),
        method=method,
    )


def _by_slice(met: list[Compared]) -> list[tuple[str, Estimate]]:
    """Of the project's slices, in alphabetical order; nothing where it has none."""
    names = dict(
        Item.objects.filter(pk__in={one.item for one in met}, slice__isnull=False).values_list(
            "pk", "slice__name"
        )
    )
    return [
        (name, _with_majority([one for one in met if names.get(one.item) == name]))
        for name in sorted(set(names.values()))
    ]


def _by_principle(run: JudgeRun, met: list[Compared]) -> list[ByPrinciple]:
    """Each of the run's list, in its order; nothing where it had none."""
    principles = run.principle_list.principles if run.principle_list else []
    return [
        ByPrinciple(
            number, principle, _with_majority([one for one in met if one.principle == number])
        )
        for number, principle in enumerate(principles, start=1)
    ]


def _by_criterion(run: JudgeRun, opinions, judgments) -> list[CriterionFigures]:
    rubric = run.judge.rubric_version
    return [
        _criterion(one, _said(opinions, one.key), _rated(judgments, one.key))
        for one in (rubric.criteria.all() if rubric else ())
        if any(one.key in opinion.ratings for opinion in opinions)
    ]


def _sides(run: JudgeRun, whole: list[Compared], judgments) -> list[tuple[str, Estimate]]:
    """Of a judge that rates nothing. Where either finds both alike, nothing is said."""
    rubric = current_rubric(run.project) if run.judge.reward_model else None
    return [
        (criterion.label, _side(_rated(judgments, criterion.key), whole))
        for criterion in (rubric.criteria_list if rubric else ())
    ]


def _side(rated: Ratings, whole: list[Compared]) -> Estimate:
    found = defaultdict(list)
    for one in whole:
        low, high = (rated.get((one.item, position)) for position in one.pair)
        if one.verdict == 1 or not low or not high or np.mean(low) == np.mean(high):
            continue
        found[one.item].append(float((one.verdict == 0) == (np.mean(low) > np.mean(high))))
    return _mean(found, "for the side that people rate higher, mean over items")


def _said(opinions: Iterable[Opinion], key: str) -> Ratings:
    found: Ratings = defaultdict(list)
    for opinion in opinions:
        both = opinion.ratings.get(key, ())
        for position, rating in zip((opinion.first, opinion.second), both, strict=False):
            if rating is not None:
                found[opinion.item_id, position].append(rating)
    return found


def _rated(judgments: Iterable[Judgment], key: str) -> Ratings:
    found: Ratings = defaultdict(list)
    for judgment in judgments:
        for position, rating in enumerate(judgment.ratings.get(key) or (), start=1):
            if rating is not None and rating != NOT_APPLICABLE:
                found[judgment.item_id, position].append(rating)
    return found


def _criterion(criterion, said: Ratings, rated: Ratings) -> CriterionFigures:
    both = sorted(set(said) & set(rated))
    judge = np.array([np.mean(said[one]) for one in both], dtype=np.float64)
    people = np.array([np.mean(rated[one]) for one in both], dtype=np.float64)
    differences = defaultdict(list)
    for (item, _position), difference in zip(both, judge - people, strict=True):
        differences[item].append(float(difference))
    least, points = criterion.scale_min, len(criterion.points)
    rounded = [
        np.clip(np.rint(of) - least, 0, points - 1).astype(np.int64) for of in (judge, people)
    ]
    return CriterionFigures(
        key=criterion.key,
        label=criterion.label,
        kappa=cohen_kappa(
            *rounded,
            points,
            "quadratic",
            item=np.array([item for item, _position in both], dtype=np.int64),
            seed=SEED,
        ),
        difference=_mean(differences, "judge less people, mean over items"),
    )


def _lead(one: Compared) -> float:
    """How clearly people stand against the judge, as a share of their votes."""
    return (max(one.votes) - one.votes[one.verdict]) / sum(one.votes)
