"""A verdict on one item, and the rules it must keep. Pure: no database.

Arrays are by position (index 0 = position 1), as in `Judgment`.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from annotation.core.errors import DomainError
from annotation.core.hashing import sha256_of_value
from annotation.core.text import clean

STRENGTHS = {1: "slightly", 2: "clearly", 3: "far"}
MAX_RATIONALE = 20_000


class VerdictError(DomainError):
    """What is missing or wrong, and which field it is about."""

    def __init__(self, message: str, *, field: str, positions: Sequence[int] = ()):
        super().__init__(message)
        self.field = field
        self.positions = list(positions)  # the responses that it is about, where it is about some


@dataclass(frozen=True)
class Verdict:
    """What a labeler decided. `ranks`: tier per position, 1 = best, dense, None = not ranked."""

    ranks: tuple[int | None, ...]
    unacceptable: tuple[bool, ...]
    strength: tuple[int | None, ...] = ()
    ratings: Mapping[str, Sequence[int | None]] = field(default_factory=dict)
    rationale: str = ""

    @property
    def tier_count(self) -> int:
        return max((rank for rank in self.ranks if rank), default=0)

    @property
    def sha256(self) -> str:
        """Of everything that was decided: equal verdicts, equal hashes."""
        return sha256_of_value(
            {
                "ranks": list(self.ranks),
                "unacceptable": list(self.unacceptable),
                "strength": list(self.strength),
                "ratings": {key: list(values) for key, values in self.ratings.items()},
                "rationale": self.rationale,
            }
        )

    def as_columns(self) -> dict[str, Any]:
        """The columns of a Judgment."""
        return {
            "ranks": list(self.ranks),
            "unacceptable": list(self.unacceptable),
            "strength": list(self.strength),
            "ratings": {key: list(values) for key, values in self.ratings.items()},
            "rationale": self.rationale,
            "content_sha256": self.sha256,
        }


def dense(ranks: Sequence[int | None]) -> tuple[int | None, ...]:
    """Close the gaps: 1, 3, 3 becomes 1, 2, 2."""
    tiers = {rank: tier for tier, rank in enumerate(sorted({r for r in ranks if r}), start=1)}
    return tuple(tiers[rank] if rank else None for rank in ranks)


def effective_tiers(
    ranks: Sequence[int | None], unacceptable: Sequence[bool]
) -> tuple[int | None, ...]:
    """The order that counts: whatever is unacceptable lies in one tier below all others."""
    acceptable = dense(
        [None if bad else rank for rank, bad in zip(ranks, unacceptable, strict=True)]
    )
    floor = max((rank for rank in acceptable if rank), default=0) + 1
    return tuple(
        floor if bad else rank for rank, bad in zip(acceptable, unacceptable, strict=True)
    )


def tiers_of(ranks: Sequence[int | None]) -> list[list[int]]:
    """Positions per tier, best first: [1, 2, 2] gives [[1], [2, 3]]."""
    count = max((rank for rank in ranks if rank), default=0)
    return [
        [position for position, rank in enumerate(ranks, start=1) if rank == tier]
        for tier in range(1, count + 1)
    ]


def verdict_from_choices(
    choices: Mapping[int, int | str | None],
    *,
    response_count: int,
    strength: Sequence[int | None] = (),
    ratings: Mapping[str, Mapping[int, int | None]] | None = None,
    rationale: str = "",
) -> Verdict:
    """A verdict from what a form or a program says per position: a rank, "x", or nothing.

    Numbers may have gaps. Strengths lie between neighbouring tiers, best first; too many are cut,
    for a tier may have vanished after they were chosen.
    """
    raw = [choices.get(position) for position in range(1, response_count + 1)]
    unacceptable = tuple(value == "x" for value in raw)
    ranks = dense([value if isinstance(value, int) else None for value in raw])
    gaps = max(max((rank for rank in ranks if rank), default=0) - 1, 0)
    chosen = list(strength)[:gaps]
    chosen += [None] * (gaps - len(chosen))
    by_position = {
        key: tuple(values.get(position) for position in range(1, response_count + 1))
        for key, values in (ratings or {}).items()
    }
    return Verdict(
        ranks=ranks,
        unacceptable=unacceptable,
        strength=tuple(chosen) if any(chosen) else (),
        ratings={
            key: values
            for key, values in by_position.items()
            if any(value is not None for value in values)
        },
        rationale=rationale,
    )


def verdict_from_ranking(
    *,
    positions: Mapping[str, int],
    ranking: Sequence[Sequence[str]],
    unacceptable: Sequence[str] = (),
    strength: Sequence[int | None] = (),
    ratings: Mapping[str, Mapping[str, int | None]] | None = None,
    rationale: str = "",
) -> Verdict:
    """A verdict from the words of files and programs: tiers of response ids, best first.

    `positions` says where each id stands in the item. A response left out is unranked, not last.
    VerdictError names an id that is unknown or named twice.
    """
    ranks: list[int | None] = [None] * len(positions)
    floor = [False] * len(positions)
    for tier, keys in enumerate(ranking, start=1):
        if not keys:
            raise VerdictError(f"Tier {tier} is empty.", field=f"ranking[{tier - 1}]")
        for place, key in enumerate(keys):
            index = _index(key, positions, field=f"ranking[{tier - 1}][{place}]")
            if ranks[index] is not None:
                raise VerdictError(
                    f"The response “{key}” is ranked twice.", field=f"ranking[{tier - 1}][{place}]"
                )
            ranks[index] = tier
    for place, key in enumerate(unacceptable):
        index = _index(key, positions, field=f"unacceptable[{place}]")
        if floor[index]:
            raise VerdictError(
                f"The response “{key}” is named twice.", field=f"unacceptable[{place}]"
            )
        floor[index] = True
    by_position = {}
    for criterion, values in (ratings or {}).items():
        row: list[int | None] = [None] * len(positions)
        for key, value in values.items():
            row[_index(key, positions, field=f"ratings.{criterion}")] = value
        by_position[criterion] = tuple(row)
    return Verdict(
        ranks=tuple(ranks),
        unacceptable=tuple(floor),
        strength=tuple(strength),
        ratings=by_position,
        rationale=rationale,
    )


def _index(key: str, positions: Mapping[str, int], *, field: str) -> int:
    if key not in positions:
        known = ", ".join(positions)
        raise VerdictError(f"The item has no response “{key}” (it has: {known}).", field=field)
    return positions[key] - 1


def check(verdict: Verdict, *, response_count, criteria, project=None, is_complete=True) -> None:
    """Raise VerdictError where a rule is broken.

    `is_complete`: every response needs a rank or the floor (the judging page; a program or a
    file may leave some unranked). `project` adds its own rules: floor, strength, rationale.
    """
    _check_ranks(verdict, response_count, is_complete)
    _check_strength(verdict)
    _check_ratings(verdict, response_count, {c.key: c for c in criteria}, is_complete)
    clean(verdict.rationale, field="rationale")
    if len(verdict.rationale) > MAX_RATIONALE:
        raise VerdictError(
            f"The rationale is longer than {MAX_RATIONALE:,} characters.", field="rationale"
        )
    if project is None:
        return
    if any(verdict.unacceptable) and not project.has_floor:
        raise VerdictError("This project has no “unacceptable”.", field="unacceptable")
    if is_complete and project.rationale == "required" and not verdict.rationale.strip():
        raise VerdictError("Say why you chose this order.", field="rationale")


def _check_ranks(verdict, response_count, is_complete):
    if len(verdict.ranks) != response_count or len(verdict.unacceptable) != response_count:
        raise VerdictError(
            f"The item has {response_count} responses, the ranking {len(verdict.ranks)}.",
            field="ranking",
        )
    judged = [
        rank is not None or bad
        for rank, bad in zip(verdict.ranks, verdict.unacceptable, strict=True)
    ]
    if is_complete and not all(judged):
        missing = [position for position, done in enumerate(judged, start=1) if not done]
        raise VerdictError("Some responses have no rank yet.", field="ranking", positions=missing)
    if not any(judged):
        raise VerdictError("The ranking names no response.", field="ranking")
    if dense(verdict.ranks) != tuple(verdict.ranks):
        raise VerdictError("The tiers have gaps.", field="ranking")


def _check_strength(verdict):
    if not verdict.strength:
        return
    gaps = max(verdict.tier_count - 1, 0)
    if len(verdict.strength) != gaps:
        raise VerdictError(
            f"strength has {len(verdict.strength)} values for {gaps} steps between tiers.",
            field="strength",
        )
    for value in verdict.strength:
        if value is not None and (isinstance(value, bool) or value not in STRENGTHS):
            raise VerdictError(
                "A strength is 1 (slightly), 2 (clearly) or 3 (far better).", field="strength"
            )


def _check_ratings(verdict, response_count, criteria, is_complete):
    for key, values in verdict.ratings.items():
        criterion = criteria.get(key)
        if criterion is None:
            known = ", ".join(criteria) or "none"
            raise VerdictError(
                f"The rubric has no criterion “{key}” (it has: {known}).", field=f"ratings.{key}"
            )
        if len(values) != response_count:
            raise VerdictError("One rating per response is needed.", field=f"ratings.{key}")
        for value in values:
            if value is not None and not _is_on_scale(value, criterion):
                raise VerdictError(
                    f"“{criterion.label}” goes from {criterion.scale_min} to "
                    f"{criterion.scale_max}; {value!r} is not on it.",
                    field=f"ratings.{key}",
                )
    if is_complete:
        for key, criterion in criteria.items():
            if criterion.is_required and None in verdict.ratings.get(
                key, (None,) * response_count
            ):
                raise VerdictError(
                    f"Rate every response on “{criterion.label}”.", field=f"ratings.{key}"
                )


def _is_on_scale(value, criterion) -> bool:
    return (
        isinstance(value, int)
        and not isinstance(value, bool)
        and criterion.scale_min <= value <= criterion.scale_max
    )


def check_seconds(seconds) -> float | None:
    """Seconds spent, finite and not negative, or None where nobody knows."""
    if seconds is None:
        return None
    if isinstance(seconds, bool) or not isinstance(seconds, int | float):
        raise VerdictError("seconds must be a number.", field="seconds")
    if not math.isfinite(seconds) or not 0 <= seconds < 1e9:
        raise VerdictError("seconds must be from 0 to 1,000,000,000.", field="seconds")
    return float(seconds)
