"""Flags, marked errors, confidence and written texts in the judging form."""

import re
from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _

from annotation.core.errors import DomainError
from annotation.core.strict_json import loads
from annotation.labeling.forms.problem import Problem
from annotation.labeling.verdict import Highlight

SHA256 = re.compile(r"[0-9a-f]{64}")


def read_marks(
    data: Mapping[str, str], letters: Mapping[str, int], rubric, problems: list[Problem]
) -> dict[str, Any]:
    """What goes into the Verdict beside ranks and ratings. `letters` gives each one's position."""
    flags = rubric.flags if rubric else []
    return {
        "flags": {
            flag["key"]: [
                position
                for letter, position in letters.items()
                if data.get(f"flag_{flag['key']}_{letter}")
            ]
            for flag in flags
        },
        "highlights": _highlights(data.get("highlights", ""), letters, problems),
        "confidence": _confidence(data.get("confidence", ""), problems),
        "corrections": {
            position: text
            for letter, position in letters.items()
            if (text := _text(data, f"edit_{letter}"))
        },
        "demonstration": _text(data, "demonstration"),
        "recording": _recording(data.get("recording", ""), problems),
    }


def _text(data: Mapping[str, str], name: str) -> str:
    """A text as it was typed, or nothing where there are only spaces."""
    text = data.get(name, "").replace("\r\n", "\n")
    return text if text.strip() else ""


def _confidence(value: str, problems: list[Problem]) -> int | None:
    if value in ("", "1", "2", "3", "4", "5"):
        return int(value) if value else None
    problems.append(Problem(_("Confidence goes from 1 (a guess) to 5 (certain)."), "confidence"))
    return None


def _recording(value: str, problems: list[Problem]) -> str:
    if not value or SHA256.fullmatch(value):
        return value
    problems.append(Problem(_("The recording cannot be found. Record it again."), "recording"))
    return ""


def _highlights(
    value: str, letters: Mapping[str, int], problems: list[Problem]
) -> tuple[Highlight, ...]:
    """[{"response": "a", "start": 3, "end": 9, "label": "factual", "note": ""}, …]"""
    if not value:
        return ()
    try:
        marks = loads(value)
        return tuple(
            sorted(
                Highlight(
                    letters[mark["response"]],
                    _offset(mark["start"]),
                    _offset(mark["end"]),
                    str(mark["label"]),
                    str(mark.get("note", "")),
                )
                for mark in marks
            )
        )
    except (DomainError, KeyError, TypeError, ValueError, AttributeError):
        problems.append(
            Problem(_("The marked errors cannot be read. Reload the page."), "highlights")
        )
        return ()


def _offset(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError("an offset is a whole number")
    return value
