"""A judge's answer, read strictly: what was asked for, or the fault that it is. Pure.

Nothing is guessed. An answer that names no side has none, a rating off the scale is no rating,
and neither is mended.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from annotation.core.errors import DomainError
from annotation.core.strict_json import loads

LONGEST_CRITIQUE = 10_000  # characters
LONGEST_DETAIL = 300
PREFERRED = {"A": "first", "B": "second", "tie": "tie"}
KEYS = {"preferred", "ratings", "critique"}
# Models wrap JSON in one fence of Markdown out of habit. To take that off guesses nothing.
FENCED = re.compile(r"```(?:json)?[ \t]*\n(.*)\n[ \t]*```", re.DOTALL)


@dataclass(frozen=True)
class Scale:
    """What a rating on one criterion may be."""

    key: str
    least: int
    most: int
    allows_na: bool = False


@dataclass(frozen=True)
class Answer:
    """preferred: "first", "second" or "tie"; ratings: {criterion: [of A, of B]}, None where it
    does not apply."""

    preferred: str
    ratings: dict[str, list[int | None]] = field(default_factory=dict)
    critique: str = ""


class Unusable(DomainError):
    """An answer that is not what was asked for; `fault` is its name, see `faults.py`."""

    def __init__(self, fault: str, detail: str = ""):
        self.fault, self.detail = fault, detail[:LONGEST_DETAIL]
        super().__init__(f"{fault}: {self.detail}")


def read_answer(text: str, scales: Sequence[Scale]) -> Answer:
    """The answer in a model's text. Raises Unusable."""
    value = _object(text)
    if unknown := sorted(set(value) - KEYS):
        raise Unusable("unknown_key", unknown[0])
    preferred = value.get("preferred")
    if not isinstance(preferred, str) or preferred not in PREFERRED:
        raise Unusable("no_choice", "–" if preferred is None else str(preferred))
    critique = value.get("critique", "")
    if not isinstance(critique, str) or len(critique) > LONGEST_CRITIQUE:
        raise Unusable("bad_critique")
    return Answer(PREFERRED[preferred], _ratings(value.get("ratings"), scales), critique)


def _object(text: str) -> dict[str, Any]:
    bare = text.strip()
    if fenced := FENCED.fullmatch(bare):
        bare = fenced[1]
    try:
        value = loads(bare)
    except DomainError as error:
        raise Unusable("no_json", str(error)) from error
    if not isinstance(value, dict):
        raise Unusable("no_json", "It is no object.")
    return value


def _ratings(value: Any, scales: Sequence[Scale]) -> dict[str, list[int | None]]:
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise Unusable("bad_rating", "“ratings” is no object.")
    known = {scale.key: scale for scale in scales}
    ratings = {}
    for key, both in value.items():
        if key not in known:
            raise Unusable("bad_rating", f"“{key}” is no criterion of the rubric.")
        if not isinstance(both, dict) or set(both) != {"A", "B"}:
            raise Unusable("bad_rating", f"“{key}” does not rate A and B.")
        ratings[key] = [_rating(known[key], both[side]) for side in "AB"]
    return ratings


def _rating(scale: Scale, value: Any) -> int | None:
    if value is None and scale.allows_na:
        return None
    if type(value) is not int or not scale.least <= value <= scale.most:
        said = str(value)[:40]
        raise Unusable(
            "bad_rating", f"“{scale.key}” is {said}, not one of {scale.least} to {scale.most}."
        )
    return value
