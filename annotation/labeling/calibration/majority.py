"""What most said of an item, as a form to begin with. Pure: judgments in, fields out.

The order is Copeland's: a response counts one for each other that more people put below it than
above it, and loses one for each the other way round; equal counts are a tie.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from statistics import median_low

from annotation.labeling.desk import LETTERS
from annotation.labeling.verdict.model import NOT_APPLICABLE
from annotation.labeling.verdict.tiers import dense, signs_of


def majority_fields(judgments: Sequence, order: Sequence[int]) -> dict[str, str]:
    """The judging form's fields, with the responses shown in `order` (positions)."""
    if not judgments:
        return {}
    letters = dict(zip(order, LETTERS.lower(), strict=False))
    fields = _ratings(judgments, letters)
    if all(one.scale is not None for one in judgments):
        return fields | {"preference": _preference(judgments, order)}
    bad = [
        2 * sum(one.unacceptable[place] for one in judgments) > len(judgments)
        for place in range(len(order))
    ]
    ranks = dense(_copeland(judgments, bad))
    said = {
        position: "x" if bad[position - 1] else str(ranks[position - 1] or "")
        for position in letters
    }
    return fields | {f"rank_{letters[place]}": value for place, value in said.items() if value}


def _copeland(judgments, bad) -> list[int | None]:
    """A number per position, the lower the better; None for what nobody ranked or most reject."""
    balance: Counter = Counter()
    for one in judgments:
        for pair, sign in signs_of(one.ranks, one.unacceptable, one.rest_below).items():
            balance[pair] += sign
    ranked = [
        not bad[place] and any(one.ranks[place] is not None for one in judgments)
        for place in range(len(bad))
    ]
    score: Counter = Counter()
    for (first, second), sum_of_signs in balance.items():
        if ranked[first - 1] and ranked[second - 1]:
            step = (sum_of_signs > 0) - (sum_of_signs < 0)  # above 0: the second is better
            score[first] += step
            score[second] -= step
    shift = len(bad) + 1  # `dense` takes what is 0 for no rank
    return [
        score[place] + shift if is_ranked else None
        for place, is_ranked in enumerate(ranked, start=1)
    ]


def _preference(judgments, order) -> str:
    """The most frequent answer; of equally frequent ones the mildest."""
    said = Counter(one.both or one.preference for one in judgments)
    value = min(said, key=lambda one: (-said[one], abs(one) if isinstance(one, int) else 9))
    if isinstance(value, str):
        return value
    return str(value if order[0] == 1 else -value)


def _ratings(judgments, letters: Mapping[int, str]) -> dict[str, str]:
    fields = {}
    for key in dict.fromkeys(key for one in judgments for key in one.ratings):
        for position, letter in letters.items():
            rows = [one.ratings[key] for one in judgments if key in one.ratings]
            values = [row[position - 1] for row in rows if row[position - 1] is not None]
            numbers = [value for value in values if value != NOT_APPLICABLE]
            if 2 * len(numbers) >= len(values) and numbers:
                fields[f"rating_{key}_{letter}"] = str(median_low(numbers))
            elif values:
                fields[f"rating_{key}_{letter}"] = NOT_APPLICABLE
    return fields
