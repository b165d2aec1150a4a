"""One line of a judgments file, checked against its item and the rubric. Pure: no database."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from annotation.labeling.imports.problems import RowRefused, name_of_type
from annotation.labeling.verdict import Verdict, VerdictError, check, check_seconds

KEYS = {
    "item",
    "labeler",
    "ranking",
    "unacceptable",
    "strength",
    "ratings",
    "rationale",
    "seconds",
    "order",
}
MAX_HANDLE = 80


@dataclass(frozen=True, slots=True)
class JudgmentRow:
    verdict: Verdict
    seconds: float | None
    order: list[int]


def read_names(value: Any) -> tuple[str, str]:
    """The item and the labeler a line speaks of; raises RowRefused for the shape of the line."""
    if not isinstance(value, dict):
        raise RowRefused(("", f"must be an object, is {name_of_type(value)}"))
    problems = [(key, "is no field of this format") for key in sorted(value.keys() - KEYS)]
    for name, limit in (("item", 200), ("labeler", MAX_HANDLE)):
        if name not in value:
            problems.append((name, "is missing"))
        elif not isinstance(value[name], str):
            problems.append((name, f"must be text, is {name_of_type(value[name])}"))
        elif not 0 < len(value[name]) <= limit:
            problems.append((name, f"must have 1 to {limit} characters"))
    if "ranking" not in value:
        problems.append(("ranking", "is missing"))
    if problems:
        raise RowRefused(*problems)
    return value["item"], value["labeler"]


def read_judgment(
    value: dict[str, Any], keys: Sequence[str], *, rubric: Any, project: Any
) -> JudgmentRow:
    """The line's verdict on an item whose responses are `keys`, by position."""
    position = {key: index for index, key in enumerate(keys)}
    ranks = _ranks(value["ranking"], position)
    verdict = Verdict(
        ranks=tuple(ranks),
        unacceptable=tuple(_floor(value.get("unacceptable"), position)),
        strength=_strength(value.get("strength")),
        ratings=_ratings(value.get("ratings"), position),
        rationale=_rationale(value.get("rationale")),
    )
    try:
        check(
            verdict,
            response_count=len(keys),
            rubric=rubric,
            project=project,
            is_complete=False,
        )
        seconds = check_seconds(value.get("seconds"))
    except VerdictError as error:
        raise RowRefused((error.field, str(error))) from None
    return JudgmentRow(verdict, seconds, _order(value.get("order"), position))


def _index(key: Any, name: str, position: dict[str, int]) -> int:
    if not isinstance(key, str):
        raise RowRefused((name, f"must be the id of a response, is {name_of_type(key)}"))
    if key not in position:
        raise RowRefused((name, f"the item has no response “{key[:80]}”"))
    return position[key]


def _list(value: Any, name: str) -> list[Any]:
    if value is None:
        return []
    if not isinstance(value, list):
        raise RowRefused((name, f"must be a list, is {name_of_type(value)}"))
    return value


def _ranks(ranking: Any, position: dict[str, int]) -> list[int | None]:
    ranks: list[int | None] = [None] * len(position)
    if not isinstance(ranking, list):
        raise RowRefused(("ranking", f"must be a list of tiers, is {name_of_type(ranking)}"))
    for tier, members in enumerate(ranking, start=1):
        name = f"ranking[{tier - 1}]"
        if not isinstance(members, list):
            raise RowRefused((name, f"must be a list of responses, is {name_of_type(members)}"))
        if not members:
            raise RowRefused((name, "is an empty tier"))
        for place, key in enumerate(members):
            index = _index(key, f"{name}[{place}]", position)
            if ranks[index] is not None:
                raise RowRefused((f"{name}[{place}]", f"names response “{key}” a second time"))
            ranks[index] = tier
    return ranks


def _floor(value: Any, position: dict[str, int]) -> list[bool]:
    floor = [False] * len(position)
    for place, key in enumerate(_list(value, "unacceptable")):
        name = f"unacceptable[{place}]"
        index = _index(key, name, position)
        if floor[index]:
            raise RowRefused((name, f"names response “{key}” a second time"))
        floor[index] = True
    return floor


def _strength(value: Any) -> tuple[int | None, ...]:
    strength = _list(value, "strength")
    for place, step in enumerate(strength):
        if step is not None and (isinstance(step, bool) or not isinstance(step, int)):
            raise RowRefused((f"strength[{place}]", "must be 1, 2, 3 or null"))
    return tuple(strength) if any(step is not None for step in strength) else ()


def _ratings(value: Any, position: dict[str, int]) -> dict[str, list[int | None]]:
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise RowRefused(("ratings", f"must be an object, is {name_of_type(value)}"))
    ratings = {}
    for criterion, given in value.items():
        name = f"ratings.{criterion}"
        if not isinstance(given, dict):
            raise RowRefused((name, f"must be an object, is {name_of_type(given)}"))
        values: list[int | None] = [None] * len(position)
        for key, rating in given.items():
            values[_index(key, f"{name}.{key}", position)] = rating
        ratings[criterion] = values
    return ratings


def _rationale(value: Any) -> str:
    if value is None:
        return ""
    if not isinstance(value, str):
        raise RowRefused(("rationale", f"must be text, is {name_of_type(value)}"))
    return value


def _order(value: Any, position: dict[str, int]) -> list[int]:
    shown = [
        _index(key, f"order[{place}]", position) + 1
        for place, key in enumerate(_list(value, "order"))
    ]
    if shown and sorted(shown) != list(range(1, len(position) + 1)):
        raise RowRefused(("order", "must name every response of the item once"))
    return shown
