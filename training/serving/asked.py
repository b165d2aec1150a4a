"""What a request asks for, read strictly: a value, or a sentence that names the field. No torch.

The chat request is OpenAI's. A field that would change the answer and that we do not know is
refused, for an answer that ignores it would look as if it had been heard.
"""

import json
from dataclasses import dataclass
from typing import Any

from training.data import ROLES, Messages

MOST_CHOICES = 16
MOST_CONVERSATIONS = 64
MOST_STOPS = 4
LONGEST_STOP = 200  # characters
DEFAULT_TOKENS = 256
CHANGES_NOTHING = {"user", "metadata", "store"}
CHAT = {
    "model", "messages", "n", "temperature", "top_p", "max_tokens", "max_completion_tokens",
    "seed", "stop",
} | CHANGES_NOTHING  # fmt: skip
SCORE = {"model", "conversations"} | CHANGES_NOTHING


class Refused(Exception):
    """A request that gets no answer: the status, OpenAI's words for it, and the sentence."""

    def __init__(
        self,
        sentence: str,
        *,
        status: int = 400,
        param: str | None = None,
        code: str | None = None,
        kind: str = "invalid_request_error",
        headers: dict[str, str] | None = None,
    ):
        super().__init__(sentence)
        self.status, self.param, self.code, self.kind = status, param, code, kind
        self.headers = headers or {}

    def body(self) -> dict[str, Any]:
        said = {"message": str(self), "type": self.kind, "param": self.param, "code": self.code}
        return {"error": said}


@dataclass(frozen=True)
class Chat:
    """Responses wanted to one prompt. `max_tokens` None: as many as fit, up to a default."""

    messages: Messages
    n: int = 1
    temperature: float = 1.0
    top_p: float = 1.0
    max_tokens: int | None = None
    seed: int | None = None
    stop: tuple[str, ...] = ()


def read_object(raw: bytes) -> dict[str, Any]:
    try:
        value = json.loads(raw, parse_constant=_no_number)
    except (ValueError, RecursionError) as error:
        raise Refused(f"The body is not JSON: {error}.") from error
    if not isinstance(value, dict):
        raise Refused("The body must be a JSON object.")
    return value


def read_chat(asked: dict[str, Any], model: str) -> Chat:
    _check_fields(asked, CHAT, model)
    messages = _messages(asked.get("messages"), "messages")
    if messages[-1]["role"] != "user":
        raise Refused("The last of the messages must be the user's.", param="messages")
    limits = [
        name for name in ("max_tokens", "max_completion_tokens") if asked.get(name) is not None
    ]
    if len(limits) == 2:
        raise Refused("Give max_tokens or max_completion_tokens, not both.", param=limits[1])
    name = limits[0] if limits else "max_tokens"
    top_p = _number(asked, "top_p", 1.0, 0, 1)
    if top_p == 0:
        raise Refused(
            "top_p must be above 0; for greedy answers give temperature 0.", param="top_p"
        )
    return Chat(
        messages=messages,
        n=_whole(asked, "n", 1, MOST_CHOICES) or 1,
        temperature=_number(asked, "temperature", 1.0, 0, 2),
        top_p=top_p,
        max_tokens=_whole(asked, name, 1, 2**31 - 1),
        seed=_whole(asked, "seed", -(2**63), 2**63 - 1),
        stop=_stops(asked.get("stop")),
    )


def read_score(asked: dict[str, Any], model: str) -> list[tuple[Messages, str]]:
    """(prompt, response) of each conversation, whose last message is what is scored."""
    _check_fields(asked, SCORE, model)
    given = asked.get("conversations")
    if not isinstance(given, list) or not 1 <= len(given) <= MOST_CONVERSATIONS:
        raise Refused(
            f"conversations must be a list of 1 to {MOST_CONVERSATIONS} lists of messages.",
            param="conversations",
        )
    read = []
    for at, conversation in enumerate(given):
        where = f"conversations[{at}]"
        messages = _messages(conversation, where)
        if len(messages) < 2 or messages[-1]["role"] != "assistant":
            raise Refused(
                f"{where} must be a prompt and, as its last message, the assistant's response.",
                param=where,
            )
        read.append((messages[:-1], messages[-1]["content"]))
    return read


def _check_fields(asked: dict[str, Any], known: set[str], model: str) -> None:
    for name, value in asked.items():
        # False, 0, null and empty ask for nothing, as clients write them out.
        if name not in known and value:
            raise Refused(f"{name[:60]} is not supported here.", param=name[:60])
    if (wanted := asked.get("model")) is not None and wanted != model:
        raise Refused(
            f"There is no such model here; this server has {model}.",
            status=404,
            param="model",
            code="model_not_found",
        )


def _messages(value: Any, where: str) -> Messages:
    if not isinstance(value, list) or not value:
        raise Refused(f"{where} must be a list of messages.", param=where)
    return tuple(_message(message, f"{where}[{at}]") for at, message in enumerate(value))


def _message(value: Any, where: str) -> dict[str, str]:
    if not isinstance(value, dict):
        raise Refused(f"{where} must be an object with role and content.", param=where)
    role, content = value.get("role"), value.get("content")
    if role not in ROLES:
        raise Refused(f"{where}.role must be one of {', '.join(ROLES)}.", param=f"{where}.role")
    if not isinstance(content, str) or not _is_storable(content):
        raise Refused(f"{where}.content must be a text.", param=f"{where}.content")
    if "\0" in content:  # it would come back in an answer that no database can store
        raise Refused(
            f"{where}.content has a NUL character in it: take it out.", param=f"{where}.content"
        )
    return {"role": role, "content": content}


def _stops(value: Any) -> tuple[str, ...]:
    stops = [value] if value and isinstance(value, str) else value or []
    good = isinstance(stops, list) and len(stops) <= MOST_STOPS
    if not good or not all(
        isinstance(one, str) and 0 < len(one) <= LONGEST_STOP and _is_storable(one)
        for one in stops
    ):
        raise Refused(
            f"stop must be a text or up to {MOST_STOPS} of them, of 1 to {LONGEST_STOP} "
            "characters each.",
            param="stop",
        )
    return tuple(stops)


def _number(asked: dict[str, Any], name: str, default: float, low: float, high: float) -> float:
    value = asked.get(name)
    if value is None:
        return default
    if type(value) not in (int, float) or not low <= value <= high:
        raise Refused(f"{name} must be a number from {low:g} to {high:g}.", param=name)
    return float(value)


def _whole(asked: dict[str, Any], name: str, low: int, high: int) -> int | None:
    value = asked.get(name)
    if value is not None and (type(value) is not int or not low <= value <= high):
        raise Refused(f"{name} must be a whole number from {low} to {high}.", param=name)
    return value


def _is_storable(text: str) -> bool:
    """Half a surrogate pair is JSON, and no text."""
    return not any("\ud800" <= letter <= "\udfff" for letter in text)


def _no_number(word: str) -> float:
    raise ValueError(f"{word} is no number")
