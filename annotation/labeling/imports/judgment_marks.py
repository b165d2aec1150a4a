"""What a line says beside the ranking: the scale, flags, marked errors, written texts. Pure."""

from collections.abc import Mapping, Sequence
from typing import Any

from annotation.core.hashing import sha256_of_text
from annotation.labeling.imports.fields import (
    Positions,
    index_of,
    list_of,
    object_of,
    only_keys,
    text_of,
    whole_of,
    yes_no_of,
)
from annotation.labeling.imports.problems import RowRefused, name_of_type
from annotation.labeling.verdict import Highlight
from annotation.labeling.verdict.scale import ranking_of_preference, signed_by_key

HIGHLIGHT_KEYS = frozenset({"response", "start", "end", "label", "note", "text"})
WRITTEN_KEYS = frozenset({"text", "sha256"})
Ranking = tuple[tuple[int | None, ...], tuple[bool, ...], tuple[int | None, ...]]


def read_marks(
    value: Mapping[str, Any], position: Positions, texts: Mapping[int, str]
) -> dict[str, Any]:
    """The parts of a Verdict under their names. `texts` by position, from 1."""
    return {
        "rest_below": yes_no_of(value.get("rest_below"), "rest_below"),
        "confidence": whole_of(value.get("confidence"), "confidence"),
        "flags": _flags(value.get("flags"), position),
        "highlights": _highlights(value.get("highlights"), position, texts),
        "corrections": _corrections(value.get("corrections"), position, texts),
        "demonstration": _written(value.get("demonstration"), "demonstration"),
    }


def needs_texts(value: Mapping[str, Any]) -> bool:
    """Can the line be read only beside the texts of the responses?"""
    return bool(value.get("highlights") or value.get("corrections"))


def read_scale(value: Mapping[str, Any], keys: Sequence[str]) -> dict[str, Any]:
    """The answer on the scale, its sign by positions; nothing where there is none."""
    scale = whole_of(value.get("scale"), "scale")
    preference = whole_of(value.get("preference"), "preference")
    both = text_of(value.get("both"), "both")
    if scale is not None and len(keys) != 2:
        raise RowRefused(("scale", f"compares two responses, the item has {len(keys)}"))
    return {"scale": scale, "preference": signed_by_key(preference, keys), "both": both}


def with_scale(ranking: Ranking, answer: Mapping[str, Any]) -> Ranking:
    """The ranking that the answer on the scale says; another one beside it is refused."""
    if answer["scale"] is None:
        return ranking
    said = ranking_of_preference(answer["preference"], answer["both"])
    ranks, floor, strength = ranking
    is_ranked = any(ranks) or any(floor)
    if is_ranked and (ranks, floor) != said[:2]:
        raise RowRefused(("ranking", "is another one than the preference says"))
    if strength and strength != said[2]:
        raise RowRefused(("strength", "is another one than the preference says"))
    return said


def _flags(value: Any, position: Positions) -> dict[str, tuple[bool, ...]]:
    flags = {}
    for flag, keys in object_of(value, "flags").items():
        marked = [False] * len(position)
        for place, key in enumerate(list_of(keys, f"flags.{flag}")):
            name = f"flags.{flag}[{place}]"
            index = index_of(key, name, position)
            if marked[index]:
                raise RowRefused((name, f"names response “{key}” a second time"))
            marked[index] = True
        if any(marked):
            flags[flag] = tuple(marked)
    return flags


def _highlights(
    value: Any, position: Positions, texts: Mapping[int, str]
) -> tuple[Highlight, ...]:
    found = []
    for number, mark in enumerate(list_of(value, "highlights")):
        name = f"highlights[{number}]"
        if not isinstance(mark, dict):
            raise RowRefused((name, f"must be an object, is {name_of_type(mark)}"))
        only_keys(mark, HIGHLIGHT_KEYS, name)
        start, end = (_offset(mark.get(side), f"{name}.{side}") for side in ("start", "end"))
        place = index_of(mark.get("response"), f"{name}.response", position) + 1
        label = text_of(mark.get("label"), f"{name}.label")
        note = text_of(mark.get("note"), f"{name}.note")
        if "text" in mark and texts[place][max(start, 0) : max(end, 0)] != mark["text"]:
            raise RowRefused(
                (f"{name}.text", "is not what stands there; offsets count characters from 0")
            )
        found.append(Highlight(place, start, end, label, note))
    return tuple(sorted(found))


def _offset(value: Any, name: str) -> int:
    offset = whole_of(value, name)
    if offset is None:
        raise RowRefused((name, "is missing"))
    return offset


def _corrections(value: Any, position: Positions, texts: Mapping[int, str]) -> dict[int, str]:
    corrections = {}
    for key, written in object_of(value, "corrections").items():
        name = f"corrections.{key}"
        place = index_of(key, name, position) + 1
        text = _written(written, name)
        if text == texts[place]:
            raise RowRefused((name, "is the very text that it corrects"))
        corrections[place] = text
    return corrections


def _written(value: Any, name: str) -> str:
    """A text, or the object that the export writes: its hash must be the text's."""
    if not isinstance(value, dict):
        return text_of(value, name)
    only_keys(value, WRITTEN_KEYS, name)
    text = text_of(value.get("text"), f"{name}.text")
    if value.get("sha256", sha256_of_text(text)) != sha256_of_text(text):
        raise RowRefused((f"{name}.sha256", "is not the hash of the text"))
    return text
