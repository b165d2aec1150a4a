"""A conversation as one text, where a program takes texts: the turns of HH transcripts. Pure."""

from collections.abc import Iterable, Mapping

SPEAKERS = {"user": "Human", "assistant": "Assistant", "system": "System", "tool": "Tool"}


def as_prompt(messages: Iterable[Mapping[str, str]]) -> str:
    """The turns, and the beginning of the assistant's: what follows needs no separator, for
    trainers put prompt and completion together without one."""
    turns = (f"\n\n{SPEAKERS[turn['role']]}: {turn['content']}" for turn in messages)
    return f"{''.join(turns)}\n\nAssistant:"


def as_completion(text: str) -> str:
    return f" {text}"
