"""One line of a judgments file, checked against its item and the rubric. Pure: no database."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from annotation.core.errors import DomainError
from annotation.labeling.imports.fields import (
    Positions,
    index_of,
    list_of,
    object_of,
    text_of,
    whole_of,
    yes_no_of,
)
from annotation.labeling.imports.judgment_marks import read_marks, read_scale, with_scale
from annotation.labeling.imports.problems import RowRefused, name_of_type
from annotation.labeling.verdict import Verdict, VerdictError, check, check_seconds

# What the export writes because others like to read it, though it follows from the rest.
DERIVED = frozenset({"is_current", "preference_words"})
KEYS = DERIVED | {
    "item",
    "labeler",
    "revision",
    "is_surplus",
    "retracted",
    "origin",
    "purpose",
    "ranking",
    "unacceptable",
    "rest_below",
    "strength",
    "scale",
    "preference",
    "both",
    "ratings",
    "flags",
    "highlights",
    "confidence",
    "corrections",
    "demonstration",
    "rationale",
    "recording",
    "seconds",
    "order",
    "rubric_version",
    "submitted_at",
}
MAX_HANDLE = 80
MAX_REVISION = 32_767
SIMULATED, IMPORTED = "simulated", "import"
ORIGINS = ("desk", "api", IMPORTED, SIMULATED)
WORK = "work"
PURPOSES = (WORK, "gold", "training", "test", "calibration", "repeat")


@dataclass(frozen=True, slots=True)
class JudgmentRow:
    verdict: Verdict
    seconds: float | None
    order: list[int]
    rubric: Any  # the version that it was judged by, or None
    revision: int = 1
    is_surplus: bool = False
    is_retraction: bool = False
    origin: str = IMPORTED
    purpose: str = WORK
    submitted_at: datetime | None = None


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
    if "ranking" not in value and value.get("scale") is None:
        problems.append(("ranking", "is missing"))
    if problems:
        raise RowRefused(*problems)
    return value["item"], value["labeler"]


def read_judgment(
    value: dict[str, Any],
    keys: Sequence[str],
    *,
    rubric_of: Callable[[int | None], Any],
    project: Any,
    texts: Mapping[int, str] | None = None,
    library: Any = None,
) -> JudgmentRow:
    """The line's verdict on an item whose responses are `keys`, by position.

    `rubric_of` gives the rubric version of a number, or None; `texts` are the responses by
    position, wanted where `judgment_marks.needs_texts` says so; `library` knows the attachments.
    """
    position = {key: index for index, key in enumerate(keys)}
    answer = read_scale(value, keys)
    ranks, unacceptable, strength = with_scale(
        (
            _ranks(value.get("ranking", []), position),
            _floor(value.get("unacceptable"), position),
            _strength(value.get("strength")),
        ),
        answer,
    )
    verdict = Verdict(
        ranks=ranks,
        unacceptable=unacceptable,
        strength=strength,
        ratings=_ratings(value.get("ratings"), position),
        rationale=text_of(value.get("rationale"), "rationale"),
        recording=_recording(value.get("recording"), library),
        **answer,
        **read_marks(value, position, texts or {}),
    )
    revision = _revision(value)
    row = JudgmentRow(
        verdict,
        _seconds(value),
        _order(value.get("order"), position),
        rubric=_rubric(value, rubric_of),
        revision=revision,
        is_surplus=yes_no_of(value.get("is_surplus"), "is_surplus"),
        is_retraction=_retracted(value, revision),
        origin=_origin(value.get("origin")),
        purpose=_purpose(value.get("purpose")),
        submitted_at=_submitted_at(value.get("submitted_at")),
    )
    if not row.is_retraction:  # which says nothing more that counts
        _check(row, len(keys), project, texts)
    return row


def _check(row: JudgmentRow, response_count: int, project, texts) -> None:
    try:
        check(
            row.verdict,
            response_count=response_count,
            rubric=row.rubric,
            project=project,
            texts=texts,
            is_complete=False,
        )
    except VerdictError as error:
        raise RowRefused((error.field, str(error))) from None


def _ranks(ranking: Any, position: Positions) -> tuple[int | None, ...]:
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
            index = index_of(key, f"{name}[{place}]", position)
            if ranks[index] is not None:
                raise RowRefused((f"{name}[{place}]", f"names response “{key}” a second time"))
            ranks[index] = tier
    return tuple(ranks)


def _floor(value: Any, position: Positions) -> tuple[bool, ...]:
    floor = [False] * len(position)
    for place, key in enumerate(list_of(value, "unacceptable")):
        name = f"unacceptable[{place}]"
        index = index_of(key, name, position)
        if floor[index]:
            raise RowRefused((name, f"names response “{key}” a second time"))
        floor[index] = True
    return tuple(floor)


def _strength(value: Any) -> tuple[int | None, ...]:
    strength = list_of(value, "strength")
    for place, step in enumerate(strength):
        if step is not None and (isinstance(step, bool) or not isinstance(step, int)):
            raise RowRefused((f"strength[{place}]", "must be 1, 2, 3 or null"))
    return tuple(strength) if any(step is not None for step in strength) else ()


def _ratings(value: Any, position: Positions) -> dict[str, list[Any]]:
    ratings = {}
    for criterion, given in object_of(value, "ratings").items():
        name = f"ratings.{criterion}"
        values: list[Any] = [None] * len(position)
        for key, rating in object_of(given, name).items():
            values[index_of(key, f"{name}.{key}", position)] = rating
        ratings[criterion] = values
    return ratings


def _order(value: Any, position: Positions) -> list[int]:
    shown = [
        index_of(key, f"order[{place}]", position) + 1
        for place, key in enumerate(list_of(value, "order"))
    ]
    if shown and sorted(shown) != list(range(1, len(position) + 1)):
        raise RowRefused(("order", "must name every response of the item once"))
    return shown


def _recording(value: Any, library: Any) -> str:
    """The sha256 of an attachment that is here already."""
    asked = text_of(value, "recording")
    try:
        return library.recording(asked) if asked else ""
    except DomainError as error:
        raise RowRefused(("recording", str(error))) from None


def _seconds(value: Mapping[str, Any]) -> float | None:
    try:
        return check_seconds(value.get("seconds"))
    except VerdictError as error:
        raise RowRefused((error.field, str(error))) from None


def _revision(value: Mapping[str, Any]) -> int:
    revision = whole_of(value.get("revision"), "revision")
    if revision is not None and not 1 <= revision <= MAX_REVISION:
        raise RowRefused(("revision", f"must be from 1 to {MAX_REVISION:,}"))
    return revision or 1


def _retracted(value: Mapping[str, Any], revision: int) -> bool:
    is_retraction = yes_no_of(value.get("retracted"), "retracted")
    if is_retraction and revision < 2:
        raise RowRefused(("retracted", "a first revision takes nothing back"))
    return is_retraction


def _origin(value: Any) -> str:
    """Whatever comes by a file is imported; but what no person judged never passes for it."""
    if value is not None and value not in ORIGINS:
        raise RowRefused(("origin", f"must be one of {', '.join(ORIGINS)}"))
    return SIMULATED if value == SIMULATED else IMPORTED


def _purpose(value: Any) -> str:
    """Work, where a line says nothing: whatever was made elsewhere."""
    if value is not None and value not in PURPOSES:
        raise RowRefused(("purpose", f"must be one of {', '.join(PURPOSES)}"))
    return value or WORK


def _rubric(value: Mapping[str, Any], rubric_of: Callable[[int | None], Any]) -> Any:
    """The version the line names; the one in force where it says nothing, none where it says
    null."""
    if "rubric_version" not in value:
        return rubric_of(None)
    number = whole_of(value["rubric_version"], "rubric_version")
    if number is None:
        return None
    rubric = rubric_of(number)
    if rubric is None:
        raise RowRefused(("rubric_version", f"the project has no rubric version {number}"))
    return rubric


def _submitted_at(value: Any) -> datetime | None:
    if value is None:
        return None
    try:
        at = datetime.fromisoformat(text_of(value, "submitted_at")).astimezone(UTC)
    except (ValueError, OverflowError):
        at = None
    if at is None or datetime.fromisoformat(value).tzinfo is None:
        raise RowRefused(
            ("submitted_at", "must be a time with its zone, such as 2026-05-04T12:30:00+00:00")
        )
    if at > datetime.now(UTC) + timedelta(days=1):
        raise RowRefused(("submitted_at", "lies in the future"))
    return at
