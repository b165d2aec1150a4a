"""Rows as a table for spreadsheets: one line per response, and no cell that is a formula. Pure."""

import json
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from annotation.core.spreadsheet import cell

OF_THE_JUDGMENT = (
    "item",
    "labeler",
    "revision",
    "is_current",
    "is_surplus",
    "retracted",
    "origin",
    "purpose",
)
SAID_OF_ALL = (
    "rest_below",
    "scale",
    "preference",
    "preference_words",
    "both",
    "confidence",
    "demonstration",
    "rationale",
    "recording",
    "seconds",
    "rubric_version",
    "submitted_at",
)
OF_THE_RESPONSE = ("response", "place", "rank", "unacceptable", "strength")


def header(criteria: Sequence[str], flags: Sequence[str]) -> list[str]:
    return [
        *OF_THE_JUDGMENT,
        *OF_THE_RESPONSE,
        *(f"rating_{key}" for key in criteria),
        *(f"flag_{key}" for key in flags),
        "highlights",
        "correction",
        *SAID_OF_ALL,
    ]


def lines_of(
    row: dict[str, Any], keys: Iterable[str], criteria: Sequence[str], flags: Sequence[str]
) -> Iterator[list[Any]]:
    """A judgment's row as a line for each of the item's responses; one where it has none.

    `strength` is how far the response's tier is above the next one.
    """
    flat = row | {"demonstration": (row["demonstration"] or {}).get("text", "")}
    before = [cell(flat[name]) for name in OF_THE_JUDGMENT]
    after = [cell(flat[name]) for name in SAID_OF_ALL]
    tier_of = {key: tier for tier, tied in enumerate(row["ranking"], start=1) for key in tied}
    place_of = {key: place for place, key in enumerate(row["order"], start=1)}
    for key in list(keys) or [""]:
        tier = tier_of.get(key)
        steps = row["strength"]
        marks = [mark for mark in row["highlights"] if mark["response"] == key]
        line = [
            key,
            place_of.get(key),
            tier,
            key in row["unacceptable"],
            steps[tier - 1] if tier and tier <= len(steps) else None,
            *(row["ratings"].get(criterion, {}).get(key) for criterion in criteria),
            *(key in row["flags"].get(flag, ()) for flag in flags),
            json.dumps(marks, ensure_ascii=False) if marks else "",
            row["corrections"].get(key, {}).get("text", ""),
        ]
        yield [*before, *(cell(value) for value in line), *after]
