"""A judgment as a row of a file: docs/formats.md is the contract. Pure.

Responses go by their keys, never by their positions: the same judgment of the same responses is
the same row, in whatever order the item holds them.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, NamedTuple

from annotation.labeling.verdict import STRENGTHS, tiers_of
from annotation.labeling.verdict.scale import signed_by_key

# What a verdict could not say at first. Datasets leave it out where it is not said, so that those
# frozen before keep their hash.
LATER = frozenset(
    {
        "rest_below",
        "scale",
        "preference",
        "preference_words",
        "both",
        "flags",
        "highlights",
        "confidence",
        "corrections",
        "demonstration",
        "recording",
    }
)


class RawJudgment(NamedTuple):
    """The columns of a Judgment that a row is made of, arrays by position."""

    revision: int
    origin: str
    purpose: str
    is_surplus: bool
    is_retraction: bool
    ranks: Sequence[int | None]
    unacceptable: Sequence[bool]
    rest_below: bool
    strength: Sequence[int | None]
    scale: int | None
    preference: int | None
    both: str
    ratings: Mapping[str, Sequence[Any]]
    flags: Mapping[str, Sequence[bool]]
    highlights: Sequence[Mapping[str, Any]]
    confidence: int | None
    rationale: str
    recording: str | None
    seconds: float | None
    order: Sequence[int]
    submitted_at: datetime
    rubric_version: int | None


# Where the values of a RawJudgment stand, seen from a Judgment.
PATHS = tuple({"rubric_version": "rubric_version__number"}.get(n, n) for n in RawJudgment._fields)


class Written(NamedTuple):
    """A text that the labeler wrote: a correction of the response at `position`, or without one a
    demonstration."""

    position: int | None
    text: str
    sha256: str

    def as_json(self) -> dict[str, str]:
        return {"text": self.text, "sha256": self.sha256}


@dataclass
class JudgedItem:
    """What a row needs of its item: the responses' keys by position, and their texts by position
    where something was marked in them."""

    external_id: str
    keys: list[str] = field(default_factory=list)
    texts: dict[int, str] = field(default_factory=dict)


def judgment_row(
    raw: RawJudgment,
    item: JudgedItem,
    labeler: str,
    written: Iterable[Written] = (),
    *,
    is_current: bool,
) -> dict[str, Any]:
    """A row of the raw export. Every key is always there."""
    return {
        "item": item.external_id,
        "labeler": labeler,
        "revision": raw.revision,
        "is_current": is_current,
        "is_surplus": raw.is_surplus,
        "retracted": raw.is_retraction,
        "origin": raw.origin,
        "purpose": raw.purpose,
        **said_row(raw, item, written),
        "submitted_at": raw.submitted_at.astimezone(UTC).isoformat(),
    }


def said_row(
    raw: RawJudgment, item: JudgedItem, written: Iterable[Written] = ()
) -> dict[str, Any]:
    """What the labeler said, and when reading it matters: seconds, order and rubric version."""
    keys = item.keys
    written = list(written)
    preference = signed_by_key(raw.preference, keys)
    return {
        "ranking": [sorted(keys[place - 1] for place in tier) for tier in tiers_of(raw.ranks)],
        "unacceptable": marked(keys, raw.unacceptable),
        "rest_below": raw.rest_below,
        "strength": list(raw.strength),
        "scale": raw.scale,
        "preference": preference,
        "preference_words": preference_words(preference, raw.both, keys),
        "both": raw.both,
        "ratings": rated(keys, raw.ratings),
        "flags": {flag: marked(keys, values) for flag, values in raw.flags.items()},
        "highlights": _highlights(raw.highlights, item) if raw.highlights else [],
        "confidence": raw.confidence,
        "corrections": {
            keys[one.position - 1]: one.as_json() for one in written if one.position is not None
        },
        "demonstration": next((one.as_json() for one in written if one.position is None), None),
        "rationale": raw.rationale,
        "recording": raw.recording,
        "seconds": raw.seconds,
        "order": [keys[place - 1] for place in raw.order],
        "rubric_version": raw.rubric_version,
    }


def without_unsaid(row: Mapping[str, Any]) -> dict[str, Any]:
    """The row without what it could say and does not. A preference of 0 is an answer."""
    return {
        name: value
        for name, value in row.items()
        if name not in LATER or value or type(value) is int
    }


def preference_words(preference: int | None, both: str, keys: Sequence[str]) -> str:
    """The answer on the scale in words: "a is clearly better". Empty where there is none."""
    if both:
        return f"both {both}"
    if preference is None:
        return ""
    if preference == 0:
        return "about the same"
    better = min(keys) if preference < 0 else max(keys)
    return f"{better} is {STRENGTHS[min(abs(preference), max(STRENGTHS))]} better"


def rated(keys: Sequence[str], ratings: Mapping[str, Sequence[Any]]) -> dict[str, dict[str, Any]]:
    return {
        criterion: {
            key: value for key, value in zip(keys, values, strict=True) if value is not None
        }
        for criterion, values in ratings.items()
    }


def marked(keys: Sequence[str], marks: Sequence[bool]) -> list[str]:
    return sorted(key for key, is_marked in zip(keys, marks, strict=True) if is_marked)


def _highlights(highlights: Sequence[Mapping[str, Any]], item: JudgedItem) -> list[dict]:
    """By response and place, with the words they mark."""
    rows = [
        {
            "response": item.keys[mark["position"] - 1],
            "start": mark["start"],
            "end": mark["end"],
            "label": mark["label"],
            "note": mark["note"],
            "text": item.texts[mark["position"]][mark["start"] : mark["end"]],
        }
        for mark in highlights
    ]
    return sorted(rows, key=lambda row: tuple(row.values()))
