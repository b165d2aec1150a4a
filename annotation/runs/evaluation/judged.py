"""What AI judges and reward models say of an evaluation by people: on the same pairs, below what
people say, and deciding nothing."""

from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from annotation.core.errors import DomainError
from annotation.quality.judges import services as judges
from annotation.quality.judges.items import MOST_ITEMS, choose_items, estimate
from annotation.quality.judges.items import Estimate as Takes
from annotation.quality.judges.models import Judge, JudgeRun, Opinion
from annotation.runs.evaluation.figures import Outcome, figures_of
from annotation.runs.evaluation.reading import outcomes_of
from annotation.runs.judging import services as rewards
from annotation.runs.models import Evaluation


@dataclass(frozen=True)
class Told:
    """figures: of the judge; people: their win rate on the very same pairs; alike: in how many of
    the pairs both say the same."""

    judge: Judge
    figures: dict[str, Any]
    people: dict[str, Any]
    alike: int
    pairs: int


def items_of(evaluation: Evaluation) -> list[int]:
    return list(
        evaluation.pairs.exclude(item=None).order_by("item").values_list("item_id", flat=True)
    )


def told_by_judges(evaluation: Evaluation) -> list[Told]:
    """Of each judge that has a word on pairs which people have judged, by name."""
    if evaluation.kind != Evaluation.Kind.PEOPLE:
        return []
    said = _signs(evaluation)
    if not said:
        return []
    people = _by_item(evaluation)
    found = Judge.objects.in_bulk(said)
    rows = (_told(found[pk], signs, people, evaluation.pk) for pk, signs in said.items())
    return sorted((row for row in rows if row.pairs), key=lambda row: row.judge.name.casefold())


def judges_document(evaluation: Evaluation) -> list[dict[str, Any]]:
    """The same for programs."""
    return [
        {
            "judge": told.judge.name,
            "kind": "reward_model" if told.judge.reward_model else "endpoint",
            "pairs": told.pairs,
            "win_rate": told.figures["win_rate"],
            "at_equal_length": told.figures["at_equal_length"],
            "win_rate_by_people": told.people,
            "alike": told.alike,
        }
        for told in told_by_judges(evaluation)
    ]


def _told(judge: Judge, signs: dict[int, int], people: dict[int, Outcome], seed: int) -> Told:
    """signs: by item, +1 where the judge is for the new one."""
    both = sorted(set(signs) & set(people))
    mine = [_replaced(people[item], (signs[item] + 1) / 2) for item in both]
    theirs = [people[item] for item in both]
    return Told(
        judge=judge,
        figures=figures_of(mine, seed=seed),
        people=figures_of(theirs, seed=seed)["win_rate"],
        alike=sum(one.value == other.value for one, other in zip(mine, theirs, strict=True)),
        pairs=len(both),
    )


def _replaced(outcome: Outcome, value: float) -> Outcome:
    return Outcome(outcome.prompt, value, outcome.new_length, outcome.old_length)


def _by_item(evaluation: Evaluation) -> dict[int, Outcome]:
    """What people have finished judging."""
    outcomes, _extra = outcomes_of(evaluation)
    pairs = evaluation.pairs.order_by("prompt_id", "index").values_list("item_id", flat=True)
    return {
        item: outcome
        for item, outcome in zip(pairs, outcomes, strict=True)
        if item is not None and outcome.value is not None
    }


def _signs(evaluation: Evaluation) -> dict[int, dict[int, int]]:
    """By judge and item: for the new one, even or against it; 0 where two orders contradict each
    other. The newest answer to a question counts, and an item half asked not at all."""
    pairs = evaluation.pairs.exclude(item=None).values_list("item_id", "new_id", "old_id")
    sides = {item: (new, old) for item, new, old in pairs}
    opinions = Opinion.objects.answered().filter(item__in=sides).order_by("pk")
    newest: dict[tuple[int, int], dict[tuple[int, int], int]] = {}
    orders: dict[int, int] = {}
    for opinion in opinions.select_related("run__judge"):
        judge = opinion.run.judge
        orders[judge.pk] = judge.orders
        shown = (opinion.first_response_id, opinion.second_response_id)
        new, old = sides[opinion.item_id]
        if set(shown) == {new, old}:
            said = newest.setdefault((judge.pk, opinion.item_id), {})
            said[shown] = {new: 1, old: -1}.get(opinion.better, 0)
    found: dict[int, dict[int, int]] = {}
    for (judge, item), said in newest.items():
        if len(said) == orders[judge]:
            signs = set(said.values())
            found.setdefault(judge, {})[item] = signs.pop() if len(signs) == 1 else 0
    return found


def order_judging(*, evaluation: Evaluation, judge: Judge, actor=None) -> JudgeRun:
    """Ask a judge of the project about the evaluation's pairs. A reward model is asked about none
    that it has learned from."""
    if evaluation.kind != Evaluation.Kind.PEOPLE:
        raise DomainError(_("Only what people judge is held against a judge."))
    if judge.project_id != evaluation.project_id:
        raise DomainError(_("The project has no such judge."))
    if judge.reward_model:
        sample = rewards.sample_for(
            judge, most=MOST_ITEMS, only_judged=False, among=items_of(evaluation)
        )
        return rewards.start_run(judge=judge, sample=sample, actor=actor)
    return judges.start_run(judge=judge, item_ids=askable(evaluation), actor=actor)


def askable(evaluation: Evaluation) -> list[int]:
    """Those of its items that a model can read: texts only."""
    return choose_items(
        evaluation.project, most=MOST_ITEMS, only_judged=False, among=items_of(evaluation)
    )


def choices_for(evaluation: Evaluation) -> list[tuple[Judge, Takes | None]]:
    """Every judge of the project that can be asked, with what it would take; a reward model of
    ours takes nothing."""
    items = askable(evaluation)
    rows = evaluation.project.judges.select_related("endpoint", "project").order_by("name")
    rows = rows.filter(endpoint__removed_at=None)
    return [(judge, None if judge.reward_model else estimate(judge, items)) for judge in rows]
