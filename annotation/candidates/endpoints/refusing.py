"""What an endpoint means by a status that is no success."""

import re
import time
from email.utils import parsedate_to_datetime
from typing import Any

from annotation.candidates.endpoints.faults import EndpointFailed
from annotation.core import egress
from annotation.core.errors import DomainError
from annotation.core.strict_json import loads
from annotation.core.text import reveal_invisible, unstorable_at

STATUSES = {401: "wrong_key", 402: "unpaid", 403: "forbidden", 404: "absent", 429: "busy"}
TRY_AGAIN = {408, 409, 425}
# What hosted services call an empty account; they say 429 with it, but waiting does not help.
OUT_OF_CREDIT = {"insufficient_quota", "billing_hard_limit_reached"}
LONGEST_SAID = 200
PIECE_OF_KEY = 8
LEAST_SECRET = 16  # characters; what is shorter is a word that somebody may well write


def refusal(answer: egress.Answer, *, key: str) -> EndpointFailed:
    """The fault behind a status. What the server says of it is quoted, unless the key is in it."""
    status = answer.status
    code, said = _said(answer.body)
    quoted = "" if shows_key(said, key) else said
    if code in OUT_OF_CREDIT:
        return EndpointFailed("unpaid", quoted)
    if 300 <= status < 400:
        return EndpointFailed("elsewhere", str(status))
    if status in STATUSES:
        wait = retry_after(answer.headers.get("retry-after", "")) if status == 429 else None
        return EndpointFailed(STATUSES[status], quoted, wait_seconds=wait)
    with_words = f"{status}: {quoted}" if quoted else str(status)
    if status >= 500 or status in TRY_AGAIN:
        wait = retry_after(answer.headers.get("retry-after", ""))
        return EndpointFailed("broken", with_words, wait_seconds=wait)
    return EndpointFailed("rejected", with_words)


def shows_key(said: str, key: str) -> bool:
    """Whether the words of an error hold the key, or a piece of it long enough to be one."""
    width = min(PIECE_OF_KEY, len(key))
    pieces = (key[at : at + width] for at in range(len(key) - width + 1)) if key else ()
    return any(piece in said for piece in pieces)


def holds_key(text: str, key: str) -> bool:
    """Whether a text that is kept holds the whole key. A piece of it may be a word, such as
    “sk-proj-”, and so may a short one: servers that want none get “EMPTY” or “ollama”."""
    return len(key) >= LEAST_SECRET and key in text


def _said(body: bytes) -> tuple[str, str]:
    """(code, message) of an error as such servers write it; empty where they do not."""
    try:
        value: Any = loads(body, storable=False)
    except DomainError:
        return "", ""
    error = value.get("error", value) if isinstance(value, dict) else None
    if isinstance(error, str):
        return "", _one_line(error)
    if not isinstance(error, dict):
        return "", ""
    code, message = error.get("code") or error.get("type"), error.get("message")
    return (
        code if isinstance(code, str) else "",
        _one_line(message) if isinstance(message, str) else "",
    )


def _one_line(text: str) -> str:
    line = " ".join(reveal_invisible(text[:LONGEST_SAID]).split())
    return line if unstorable_at(line) is None else ""


def retry_after(header: str) -> float | None:
    """Seconds to wait: written as a number or as a date. None where it says neither."""
    text = header.strip()
    if re.fullmatch(r"[0-9]{1,12}(\.[0-9]{1,6})?", text):
        return float(text)
    try:
        return max(0.0, parsedate_to_datetime(text).timestamp() - time.time())
    except (ValueError, TypeError, OverflowError, IndexError):
        return None
