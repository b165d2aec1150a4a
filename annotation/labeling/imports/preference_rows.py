"""Rows of {"chosen", "rejected"}, in the spellings found in the wild, turned into item rows.

- with a prompt (text or messages); the two sides are texts or lists of messages;
- without: both sides repeat the prompt, as message lists, as HH transcripts
  ("\\n\\nHuman: … \\n\\nAssistant: …"), or as plain texts with a common beginning.

The item's two responses are keyed a and b by the hash of their texts, so that neither key nor
place gives away which one was chosen.
"""

import re
from hashlib import sha256
from os.path import commonprefix
from typing import Any

from annotation.core.strict_json import canonical
from annotation.labeling.imports.problems import RowRefused, name_of_type

PREFERENCE_KEYS = {"id", "prompt", "chosen", "rejected", "metadata", "warnings"}
_TURN = re.compile(r"\n\n(Human|Assistant):")
_ROLE = {"Human": "user", "Assistant": "assistant"}

Messages = list[dict[str, Any]]


def is_preference(value: dict[str, Any]) -> bool:
    return "chosen" in value or "rejected" in value


def read_preference(value: dict[str, Any], coerce_text: bool) -> tuple[dict[str, Any], int]:
    """The row as an item's value, and the index of the chosen response. Raises RowRefused."""
    unknown = sorted(value.keys() - PREFERENCE_KEYS)
    if unknown:
        raise RowRefused(*((key, "is no field of this format") for key in unknown))
    missing = [name for name in ("chosen", "rejected") if name not in value]
    if missing:
        raise RowRefused(*((name, "is missing") for name in missing))
    sides = [_side(value[name], name, coerce_text) for name in ("chosen", "rejected")]
    if type(sides[0]) is not type(sides[1]):
        raise RowRefused(("rejected", "must be of the same kind as chosen: text, or messages"))
    prompt: Any
    if value.get("prompt") is not None:
        prompt = value["prompt"]
        texts = [
            _answer(side, name) for side, name in zip(sides, ("chosen", "rejected"), strict=True)
        ]
    else:
        prompt, texts = _without_prompt(sides[0], sides[1])

    hashes = [sha256(text.encode()).digest() for text in texts]
    chosen_at = 0 if hashes[0] <= hashes[1] else 1
    ordered = texts if chosen_at == 0 else texts[::-1]
    item = {name: value[name] for name in ("id", "metadata", "warnings") if name in value}
    item["prompt"] = prompt
    item["responses"] = [
        {"id": key, "text": text} for key, text in zip("ab", ordered, strict=True)
    ]
    return item, chosen_at


def _side(value: Any, name: str, coerce_text: bool) -> str | Messages:
    if isinstance(value, str):
        return value
    if coerce_text and isinstance(value, bool | int | float):
        return canonical(value).decode()
    if not isinstance(value, list):
        raise RowRefused((name, f"must be text or a list of messages, is {name_of_type(value)}"))
    for index, message in enumerate(value):
        if not isinstance(message, dict) or not isinstance(message.get("content"), str):
            raise RowRefused((f"{name}[{index}]", "must be a message with role and content"))
    if not value or value[-1].get("role") != "assistant":
        raise RowRefused((name, "must end with a message of the assistant"))
    return value


def _answer(side: str | Messages, name: str) -> str:
    """The response of a row that has its prompt apart."""
    if isinstance(side, str):
        return side
    if len(side) != 1:
        raise RowRefused((name, f"must be one message beside a prompt, has {len(side)}"))
    return side[0]["content"]


def _without_prompt(chosen: str | Messages, rejected: str | Messages) -> tuple[Any, list[str]]:
    if isinstance(chosen, list) and isinstance(rejected, list):
        return _parted(chosen, rejected)
    assert isinstance(chosen, str) and isinstance(rejected, str)  # noqa: S101, PT018  same kind
    if _TURN.match(chosen) and _TURN.match(rejected):
        return _parted(_transcript(chosen, "chosen"), _transcript(rejected, "rejected"))
    shared = commonprefix([chosen, rejected])
    # Never cut a word in two: the prompt ends where a space begins.
    shared = re.sub(r"\S+$", "", shared) if shared not in (chosen, rejected) else ""
    if not shared.strip():
        raise RowRefused(
            ("prompt", "is missing, and chosen and rejected have no beginning in common")
        )
    return shared.rstrip(), [chosen[len(shared) :], rejected[len(shared) :]]


def _transcript(text: str, name: str) -> Messages:
    """An HH transcript as messages; two turns of one speaker in a row are one."""
    parts = _TURN.split(text)
    turns: Messages = []
    for speaker, said in zip(parts[1::2], parts[2::2], strict=True):
        content = said.removeprefix(" ")
        if turns and turns[-1]["role"] == _ROLE[speaker]:
            turns[-1]["content"] += f"\n\n{content}"
        else:
            turns.append({"role": _ROLE[speaker], "content": content})
    if turns[-1]["role"] != "assistant":
        raise RowRefused((name, "must end with a turn of the Assistant"))
    return turns


def _parted(chosen: Messages, rejected: Messages) -> tuple[Messages, list[str]]:
    """The conversation both share, up to a turn of the user, and what follows in each."""
    shared = 0
    longest = min(len(chosen), len(rejected)) - 1
    while shared < longest and chosen[shared] == rejected[shared]:
        shared += 1
    while shared and chosen[shared - 1].get("role") != "user":
        shared -= 1
    if not shared:
        raise RowRefused(
            ("prompt", "is missing, and chosen and rejected share no turn of the user")
        )
    return chosen[:shared], [_rest(side[shared:]) for side in (chosen, rejected)]


def _rest(turns: Messages) -> str:
    """One answer, or, where the two conversations part earlier, all that followed."""
    speakers = {"user": "Human", "assistant": "Assistant"}
    first, *later = turns
    return first["content"] + "".join(
        f"\n\n{speakers.get(turn['role'], turn['role'])}: {turn['content']}" for turn in later
    )
