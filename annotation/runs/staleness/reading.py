"""Comparisons from judgments newer than a reward model's dataset, of prompts that it never saw.

Who judges an item of its training data again says nothing of how well it does on others.
"""

from collections import defaultdict
from dataclasses import dataclass
from itertools import combinations

from annotation.datasets.split import split_key
from annotation.labeling.models import ItemResponse
from annotation.labeling.verdict import effective_tiers, sign_between
from annotation.prompts.models import Prompt
from annotation.runs.evaluation.held_out import seen_by
from annotation.runs.models import ModelVersion

# The newest of them: what people judge now, not what they judged in a year.
MOST_JUDGMENTS = 3000


@dataclass(frozen=True)
class Newer:
    """judgments: how many; pairs: (prompt, preferred response, other response) by majority."""

    judgments: int
    pairs: list[tuple[int, int, int]]

    @property
    def responses(self) -> set[int]:
        return {pk for _prompt, better, worse in self.pairs for pk in (better, worse)}


def newer_judgments(version: ModelVersion):
    return (
        version.project.judgments.current()
        .work()
        .filter(submitted_at__gt=version.dataset.created_at, item__response_count__gte=2)
    )


def read_newer(version: ModelVersion) -> Newer:
    rows = newer_judgments(version).order_by("-submitted_at", "-pk").select_related("item")
    unseen = unseen_prompts(version)
    judgments = list(rows.filter(item__prompt__in=unseen)[:MOST_JUDGMENTS])
    items = {judgment.item_id: judgment.item for judgment in judgments}
    votes: dict[tuple[int, int, int], int] = defaultdict(int)
    for judgment in judgments:
        tiers = effective_tiers(judgment.ranks, judgment.unacceptable)
        for one, other in combinations(range(1, len(tiers) + 1), 2):
            sign = sign_between(tiers, judgment.unacceptable, judgment.rest_below, one, other)
            votes[judgment.item_id, one, other] += sign or 0
    places = ItemResponse.objects.filter(item__in=items).values_list(
        "item_id", "position", "response_id"
    )
    response = {(item, position): pk for item, position, pk in places}
    pairs = []
    for (item, one, other), total in sorted(votes.items()):
        if total:  # below 0 the first is better
            first, second = (one, other) if total < 0 else (other, one)
            pairs.append((items[item].prompt_id, response[item, first], response[item, second]))
    return Newer(len(judgments), pairs)


def unseen_prompts(version: ModelVersion) -> list[int]:
    """Those with newer judgments that it was neither trained on nor chosen by."""
    judged = newer_judgments(version).values("item__prompt")
    seen = seen_by(version)
    rows = Prompt.objects.filter(pk__in=judged).values_list("pk", "messages")
    return [pk for pk, messages in rows if split_key(messages) not in seen]
