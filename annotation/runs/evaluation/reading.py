"""From an evaluation's rows to outcomes: judgments of its items, or rewards of its responses."""

from dataclasses import dataclass
from typing import Any

from django.db.models import F
from django.db.models.functions import Length

from annotation.labeling.models import Item, ItemResponse, Judgment
from annotation.labeling.verdict import effective_tiers, sign_between
from annotation.runs.evaluation.figures import Outcome, figures_of, majority
from annotation.runs.models import Evaluation
from annotation.runs.scoring.services import scores_of

LONGEST_VALUE = 40
SLICE = "slice"


@dataclass
class Votes:
    """What was judged of an item: +1 for the new one, 0 even, -1 against it."""

    votes: list[int]
    new_first: int = 0  # shown first
    first_won: int = 0
    decisive: int = 0
    last_at: Any = None


def read(evaluation: Evaluation) -> dict[str, Any]:
    """Everything that the page, the API and the command say of an evaluation, as JSON values."""
    outcomes, extra = outcomes_of(evaluation)
    return {**figures_of(outcomes, seed=evaluation.pk), **extra}


def outcomes_of(evaluation: Evaluation) -> tuple[list[Outcome], dict[str, Any]]:
    pairs = list(
        evaluation.pairs.annotate(
            new_length=Length("new__text"),
            old_length=Length("old__text"),
            same=F("new__text_sha256"),
            other=F("old__text_sha256"),
        )
        .select_related("item__slice")
        .order_by("prompt_id", "index")
    )
    if evaluation.kind == Evaluation.Kind.REWARD:
        return _by_reward(evaluation, pairs)
    return _by_people(evaluation, pairs)


def _by_people(evaluation, pairs):
    judged = read_votes(evaluation)
    outcomes, made, wanted = [], 0, 0
    for pair in pairs:
        value, at = 0.5, None
        if pair.item is not None:
            found = judged.get(pair.item_id, Votes([]))
            is_withdrawn = pair.item.state == Item.State.WITHDRAWN
            is_complete = len(found.votes) >= pair.item.overlap
            value = majority(found.votes) if is_complete else None
            at = found.last_at
            made += len(found.votes)
            wanted += 0 if is_withdrawn else pair.item.overlap
        outcomes.append(_outcome(pair, value, at))
    every = judged.values()
    return outcomes, {
        "judgments": made,
        "wanted": wanted,
        "shown": {
            "judgments": made,
            "new_first": sum(one.new_first for one in every),
            "decisive": sum(one.decisive for one in every),
            "first_won": sum(one.first_won for one in every),
        },
        "equal_texts": sum(pair.item_id is None for pair in pairs),
    }


def _by_reward(evaluation, pairs):
    scores = scores_of(
        evaluation.judge, [pk for pair in pairs for pk in (pair.new_id, pair.old_id)]
    )
    outcomes, unread = [], 0
    for pair in pairs:
        new, old = scores.get(pair.new_id), scores.get(pair.old_id)
        if pair.same == pair.other:
            value = 0.5
        elif new is None or old is None:
            value, unread = None, unread + 1
        else:
            value = 0.5 if new == old else float(new > old)
        outcomes.append(_outcome(pair, value, None))
    gains = [
        scores[pair.new_id] - scores[pair.old_id]
        for pair in pairs
        if scores.get(pair.new_id) is not None and scores.get(pair.old_id) is not None
    ]
    mean = sum(gains) / len(gains) if gains else None
    return outcomes, {"mean_gain": mean, "unread": unread}


def _outcome(pair, value, at) -> Outcome:
    return Outcome(
        prompt=pair.prompt_id,
        value=value,
        new_length=pair.new_length,
        old_length=pair.old_length,
        at=at,
        said=_said(pair.item),
    )


def _said(item) -> dict[str, str]:
    if item is None:
        return {}
    said = {
        str(key): str(value)
        for key, value in item.metadata.items()
        if isinstance(value, str | int | bool) and 0 < len(str(value)) <= LONGEST_VALUE
    }
    return {**said, SLICE: item.slice.name} if item.slice else said


def read_votes(evaluation: Evaluation) -> dict[int, Votes]:
    """By item. Surplus judgments, beyond what was wanted, do not count."""
    place = places_of(evaluation)
    rows = (
        Judgment.objects.filter(item__evaluation_pair__evaluation=evaluation, is_surplus=False)
        .current()
        .work()
        .order_by("submitted_at", "pk")
    )
    found: dict[int, Votes] = {}
    for judgment in rows:
        new, old = place[judgment.item_id]
        tiers = effective_tiers(judgment.ranks, judgment.unacceptable)
        sign = sign_between(tiers, judgment.unacceptable, judgment.rest_below, new, old)
        if sign is None:
            continue
        seen = found.setdefault(judgment.item_id, Votes([]))
        seen.votes.append(-sign)
        seen.last_at = judgment.submitted_at
        if judgment.order:
            is_new_first = judgment.order.index(new) < judgment.order.index(old)
            seen.new_first += is_new_first
            seen.decisive += sign != 0
            seen.first_won += sign != 0 and (sign < 0) == is_new_first
    return found


def places_of(evaluation) -> dict[int, tuple[int, int]]:
    """By item the positions of the new one's response and of the old one's."""
    rows = ItemResponse.objects.filter(item__evaluation_pair__evaluation=evaluation)
    position = {
        (item, response): at
        for item, response, at in rows.values_list("item_id", "response_id", "position")
    }
    pairs = evaluation.pairs.exclude(item=None).values_list("item_id", "new_id", "old_id")
    return {item: (position[item, new], position[item, old]) for item, new, old in pairs}
