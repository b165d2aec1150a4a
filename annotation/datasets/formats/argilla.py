"""A folder that Argilla's SDK 2 reads with `Dataset.from_disk`: records and settings. Pure.

Argilla's ranking question knows no tie, no response left out, and no floor. So each response has a
rating question, its tier (1 the best), which has all three; `best` says who came out first.
"""

from collections.abc import Iterator
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from annotation.datasets.formats.consensus import tiers_of
from annotation.datasets.formats.frozen import SPLITS, Frozen, ItemLines, Row

TIE, NONE = "tie", "none"
MOST_TIERS = 9
BEST, RATIONALE = "best", "rationale"


def records(frozen: Frozen) -> Iterator[Row]:
    for split in SPLITS:
        for item in frozen.items(split):
            if item.item is not None and item.rankings and item.prompt is not None:
                yield _record(item)


def _record(item: ItemLines) -> Row:
    texts, keys = item.texts, item.keys
    fields = {"prompt": "\n\n".join(_turn(turn) for turn in item.prompt or [])}
    for place, key in enumerate(keys, start=1):
        fields[_field(place)] = texts.get(key, "")
    responses: dict[str, list[Row]] = {}
    for line in item.rankings:
        user = labeler_id(line.row["labeler"])
        for question, value in _answers(line.row, keys):
            responses.setdefault(question, []).append({"value": value, "user_id": user})
    metadata = {"item": item.item, "split": item.split, "keys": keys}
    return {
        "id": f"{item.prompt_sha256[:16]}/{item.item}",
        "fields": fields,
        "metadata": metadata | {"labelers": [line.row["labeler"] for line in item.rankings]},
        "suggestions": {},
        "responses": responses,
        "vectors": {},
    }


def _answers(said: Row, keys: list[str]) -> Iterator[tuple[str, Any]]:
    tiers = tiers_of(said)
    first = [key for key in keys if tiers.get(key) == min(tiers.values(), default=0)]
    named = _field(keys.index(first[0]) + 1) if first else NONE
    yield BEST, TIE if len(first) > 1 else named
    for place, key in enumerate(keys, start=1):
        if key in tiers:
            yield _tier(place), tiers[key]
    if said["rationale"]:
        yield RATIONALE, said["rationale"]


def settings(most_responses: int, guidelines: str) -> Row:
    """What the questions are: for as many responses as the largest item has."""
    fields = [_text_field("prompt", "Prompt", required=True)]
    fields += [
        _text_field(_field(place), f"Response {place}", required=place == 1)
        for place in range(1, most_responses + 1)
    ]
    choices = [_field(place) for place in range(1, most_responses + 1)] + [TIE, NONE]
    questions = [
        _question(BEST, "The best response", _options("label_selection", choices), required=True),
        *(
            _question(
                _tier(place),
                f"Tier of response {place} (1 is the best)",
                _options("rating", range(1, MOST_TIERS + 1)),
            )
            for place in range(1, most_responses + 1)
        ),
        _question(RATIONALE, "Why", {"type": "text", "use_markdown": False}),
    ]
    return {
        "guidelines": guidelines or None,
        "questions": questions,
        "fields": fields,
        "vectors": [],
        "metadata": [],
        "allow_extra_metadata": True,
    }


def dataset(name: str, guidelines: str) -> Row:
    return {
        "name": name,
        "status": "draft",
        "guidelines": guidelines or None,
        "allow_extra_metadata": True,
    }


def labeler_id(handle: str) -> str:
    """Argilla names people by UUIDs: the same for the same handle, on any machine."""
    return str(uuid5(NAMESPACE_URL, f"concord:labeler/{handle}"))


def _turn(turn: dict[str, str]) -> str:
    return turn["content"] if turn["role"] == "user" else f"[{turn['role']}] {turn['content']}"


def _field(place: int) -> str:
    return f"response-{place}"


def _tier(place: int) -> str:
    return f"tier-{place}"


def _text_field(name: str, title: str, *, required: bool) -> Row:
    text = {"type": "text", "use_markdown": True}
    return {"name": name, "title": title, "required": required, "settings": text}


def _options(kind: str, values) -> Row:
    if kind == "rating":
        return {"type": kind, "options": [{"value": value} for value in values]}
    return {"type": kind, "options": [{"value": value, "text": value} for value in values]}


def _question(name: str, title: str, settings: Row, *, required: bool = False) -> Row:
    return {
        "name": name,
        "title": title,
        "description": None,
        "required": required,
        "settings": settings,
    }
