"""Reading a verdict: from what a form says per position, or from the words of files."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.utils.translation import gettext as _

from annotation.labeling.verdict.model import Highlight, Rating, Verdict, VerdictError
from annotation.labeling.verdict.scale import ranking_of_preference
from annotation.labeling.verdict.tiers import dense


def verdict_from_choices(
    choices: Mapping[int, int | str | None],
    *,
    response_count: int,
    strength: Sequence[int | None] = (),
    ratings: Mapping[str, Mapping[int, Rating]] | None = None,
    flags: Mapping[str, Sequence[int]] | None = None,
    **said: Any,
) -> Verdict:
    """A verdict from what a form or a program says per position: a rank, "x", or nothing.

    Numbers may have gaps. Strengths lie between neighbouring tiers, best first; too many are cut,
    for a tier may have vanished after they were chosen. `flags` has the positions that each flag
    is set for. With a `scale` the answer on it makes the ranking. The rest goes into the Verdict
    as it is.
    """
    raw = [choices.get(position) for position in range(1, response_count + 1)]
    unacceptable = tuple(value == "x" for value in raw)
    ranks = dense([value if isinstance(value, int) else None for value in raw])
    chosen = _fitting(strength, ranks)
    if said.get("scale") is not None:
        ranks, unacceptable, chosen = ranking_of_preference(
            said.get("preference"), said.get("both", "")
        )
    by_position = {
        key: tuple(values.get(position) for position in range(1, response_count + 1))
        for key, values in (ratings or {}).items()
    }
    return Verdict(
        ranks=ranks,
        unacceptable=unacceptable,
        strength=chosen,
        ratings={
            key: values
            for key, values in by_position.items()
            if any(value is not None for value in values)
        },
        flags={
            key: tuple(position in places for position in range(1, response_count + 1))
            for key, places in (flags or {}).items()
            if places
        },
        **said,
    )


def _fitting(strength: Sequence[int | None], ranks) -> tuple[int | None, ...]:
    gaps = max(max((rank for rank in ranks if rank), default=0) - 1, 0)
    chosen = list(strength)[:gaps]
    chosen += [None] * (gaps - len(chosen))
    return tuple(chosen) if any(chosen) else ()


def verdict_from_ranking(
    *,
    positions: Mapping[str, int],
    ranking: Sequence[Sequence[str]],
    unacceptable: Sequence[str] = (),
    strength: Sequence[int | None] = (),
    ratings: Mapping[str, Mapping[str, Rating]] | None = None,
    flags: Mapping[str, Sequence[str]] | None = None,
    highlights: Sequence[Mapping[str, Any]] = (),
    corrections: Mapping[str, str] | None = None,
    **said: Any,
) -> Verdict:
    """A verdict from the words of files and programs: tiers of response ids, best first.

    `positions` says where each id stands in the item. A response left out is unranked, not last
    (but see `rest_below`). VerdictError names an id that is unknown or named twice. With a
    `scale`, the ranking is read from the answer on it and may be left empty.
    """
    if said.get("scale") is not None and not ranking and not unacceptable:
        ranks, floor, strength = ranking_of_preference(
            said.get("preference"), said.get("both", "")
        )
    else:
        ranks = _ranks(ranking, positions)
        floor = _marks(unacceptable, positions, "unacceptable")
    by_position = {}
    for criterion, values in (ratings or {}).items():
        row: list[Rating] = [None] * len(positions)
        for key, value in values.items():
            row[_index(key, positions, field=f"ratings.{criterion}")] = value
        by_position[criterion] = tuple(row)
    return Verdict(
        ranks=ranks,
        unacceptable=floor,
        strength=tuple(strength),
        ratings=by_position,
        flags={
            key: _marks(names, positions, f"flags.{key}")
            for key, names in (flags or {}).items()
            if names
        },
        highlights=tuple(
            sorted(
                Highlight(
                    _index(mark["response"], positions, field=f"highlights[{n}].response") + 1,
                    mark["start"],
                    mark["end"],
                    mark["label"],
                    mark.get("note", ""),
                )
                for n, mark in enumerate(highlights)
            )
        ),
        corrections={
            _index(key, positions, field="corrections") + 1: text
            for key, text in (corrections or {}).items()
        },
        **said,
    )


def _ranks(ranking, positions) -> tuple[int | None, ...]:
    ranks: list[int | None] = [None] * len(positions)
    for tier, keys in enumerate(ranking, start=1):
        if not keys:
            raise VerdictError(
                _("Tier %(tier)d is empty.") % {"tier": tier}, field=f"ranking[{tier - 1}]"
            )
        for place, key in enumerate(keys):
            where = f"ranking[{tier - 1}][{place}]"
            index = _index(key, positions, field=where)
            if ranks[index] is not None:
                raise VerdictError(
                    _("The response “%(key)s” is ranked twice.") % {"key": key}, field=where
                )
            ranks[index] = tier
    return tuple(ranks)


def _marks(names: Sequence[str], positions: Mapping[str, int], field: str) -> tuple[bool, ...]:
    marked = [False] * len(positions)
    for place, key in enumerate(names):
        index = _index(key, positions, field=f"{field}[{place}]")
        if marked[index]:
            raise VerdictError(
                _("The response “%(key)s” is named twice.") % {"key": key},
                field=f"{field}[{place}]",
            )
        marked[index] = True
    return tuple(marked)


def _index(key: str, positions: Mapping[str, int], *, field: str) -> int:
    if key not in positions:
        raise VerdictError(
            _("The item has no response “%(key)s” (it has: %(known)s).")
            % {"key": key, "known": ", ".join(positions)},
            field=field,
        )
    return positions[key] - 1
