"""An endpoint's answer as a value, or the fault that it is. Pure.

Whatever is stored of an answer was of the right type, finite, storable and of a bounded size.
What it says of its own costs is believed where it is possible, and is unknown otherwise.
"""

from dataclasses import dataclass
from typing import Any

from annotation.candidates.endpoints.faults import EndpointFailed
from annotation.candidates.endpoints.refusing import holds_key
from annotation.core import egress
from annotation.core.errors import DomainError
from annotation.core.strict_json import loads

UNNAMED = "unnamed"  # flagged, and in no category
LONGEST_TEXT = 500_000  # characters of one response
LONGEST_NAME = 200
MOST_TOKENS = 2**31 - 1
# One word for one thing. What is not here is kept as no reason at all.
FINISH_REASONS = {
    "stop": "stop",
    "eos": "stop",
    "eos_token": "stop",
    "end_turn": "stop",
    "stop_sequence": "stop",
    "length": "length",
    "max_tokens": "length",
    "content_filter": "content_filter",
}
# With these a missing text is an empty response: the model was stopped before it wrote one.
MAY_BE_EMPTY = {"length", "content_filter"}


@dataclass(frozen=True)
class Usage:
    """Tokens as the endpoint counted them; None where it did not say, or said the impossible."""

    prompt_tokens: int | None = None
    completion_tokens: int | None = None


@dataclass(frozen=True)
class Completion:
    """An answer. `texts` and `finish_reasons` belong together: 1 to n of each."""

    texts: tuple[str, ...]
    finish_reasons: tuple[str, ...]  # "stop", "length", "content_filter", or "" for any other
    usage: Usage
    latency: float  # seconds
    model: str  # as answered, which need not be as asked; "" where it does not say
    fingerprint: str  # of the system behind it, where it says


def read_completion(
    answer: egress.Answer, *, asked_for: int, latency: float, key: str = ""
) -> Completion:
    """The answer of a request that asked for so many. Raises EndpointFailed."""
    value = _json(answer)
    choices = value.get("choices")
    if not isinstance(choices, list):
        raise EndpointFailed("shape", "“choices” is no list.")
    if not choices:
        raise EndpointFailed("no_choices")
    if len(choices) > asked_for:
        raise EndpointFailed("too_many", f"{len(choices)} > {asked_for}")
    read = [_choice(choice, f"choices[{at}]") for at, choice in enumerate(choices)]
    completion = Completion(
        texts=tuple(text for text, _ in read),
        finish_reasons=tuple(reason for _, reason in read),
        usage=_usage(value.get("usage")),
        latency=latency,
        model=_name(value, "model"),
        fingerprint=_name(value, "system_fingerprint"),
    )
    kept = (*completion.texts, completion.model, completion.fingerprint)
    if any(holds_key(text, key) for text in kept):
        raise EndpointFailed("echo")
    return completion


def read_moderation(answer: egress.Answer, *, key: str = "") -> frozenset[str]:
    """The flagged categories of one text's moderation. Raises EndpointFailed: what is not said in
    the protocol's words is no verdict."""
    results = _json(answer).get("results")
    if not isinstance(results, list) or len(results) != 1 or not isinstance(results[0], dict):
        raise EndpointFailed("shape", "“results” is no list of one object.")
    flagged, categories = results[0].get("flagged"), results[0].get("categories")
    if not isinstance(flagged, bool):
        raise EndpointFailed("shape", "“results[0].flagged” is neither true nor false.")
    if not isinstance(categories, dict) or not all(
        # null: a category that was not looked at.
        value is None or isinstance(value, bool)
        for value in categories.values()
    ):
        raise EndpointFailed("shape", "“results[0].categories” is no object of true and false.")
    named = frozenset(name for name, value in categories.items() if value)
    if any(holds_key(name, key) for name in named):
        raise EndpointFailed("echo")
    if named and not flagged:
        raise EndpointFailed("shape", "It is not flagged, and has categories.")
    return named or (frozenset({UNNAMED}) if flagged else named)


def _json(answer: egress.Answer) -> dict[str, Any]:
    media_type = answer.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type != "application/json" and not media_type.endswith("+json"):
        raise EndpointFailed("not_json", media_type[:100] or "an unnamed type")
    try:
        value = loads(answer.body, max_bytes=len(answer.body) + 1)
    except DomainError as error:
        raise EndpointFailed("bad_json", str(error)) from error
    if not isinstance(value, dict):
        raise EndpointFailed("shape", "It is no object.")
    return value


def _choice(choice: Any, path: str) -> tuple[str, str]:
    """(text, finish reason)."""
    message = choice.get("message") if isinstance(choice, dict) else None
    if not isinstance(message, dict):
        raise EndpointFailed("shape", f"“{path}.message” is no object.")
    said = choice.get("finish_reason")
    if said is not None and not isinstance(said, str):
        raise EndpointFailed("shape", f"“{path}.finish_reason” is no text.")
    reason = FINISH_REASONS.get(said or "", "")
    text = message.get("content")
    if text is None:
        # A model that declines says so beside the content.
        text = message.get("refusal")
    if text is None and reason in MAY_BE_EMPTY:
        text = ""
    if text is None:
        raise EndpointFailed("no_text", (said or "–")[:40])
    if not isinstance(text, str):
        raise EndpointFailed("shape", f"“{path}.message.content” is no text.")
    if len(text) > LONGEST_TEXT:
        raise EndpointFailed("long_text", f"{len(text):,}")
    return text, reason


def _name(value: dict[str, Any], field: str) -> str:
    name = value.get(field)
    if name is None:
        return ""
    if not isinstance(name, str) or len(name) > LONGEST_NAME:
        raise EndpointFailed("shape", f"“{field}” is no name.")
    return name


def _usage(value: Any) -> Usage:
    if not isinstance(value, dict):
        return Usage()
    return Usage(_tokens(value.get("prompt_tokens")), _tokens(value.get("completion_tokens")))


def _tokens(count: Any) -> int | None:
    return count if type(count) is int and 0 <= count <= MOST_TOKENS else None
