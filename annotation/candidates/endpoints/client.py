"""One question to an endpoint, and its answer: the OpenAI protocol's chat completions, and its
moderations.

The request goes through core/egress.py, the answer through core/strict_json.py; both are why
this is no library's work (docs/decisions/1210). Needs no database, so it may run in any thread.
Asks once: who wants patience has `asking.py`.
"""

import json
import time
from collections.abc import Mapping, Sequence
from typing import Any

from annotation.candidates.endpoints import reading
from annotation.candidates.endpoints.faults import EndpointFailed
from annotation.candidates.endpoints.reading import Completion
from annotation.candidates.endpoints.refusing import refusal
from annotation.candidates.models import Endpoint
from annotation.core import egress
from annotation.core.addresses import Refused
from annotation.core.sealed import CannotOpen, unseal

MOST_BYTES = 10 * 1024 * 1024
PATH = "/chat/completions"
MODERATIONS = "/moderations"


def complete(
    endpoint: Endpoint,
    messages: Sequence[Mapping[str, str]],
    *,
    n: int = 1,
    temperature: float | None = None,
    top_p: float | None = None,
    max_tokens: int | None = None,
    seed: int | None = None,
    stop: Sequence[str] | None = None,
    response_format: Mapping[str, Any] | None = None,
    idempotency_key: str = "",
) -> Completion:
    """Up to n answers to one conversation. What is None is left to the endpoint's own default.

    Raises EndpointFailed, whose `fault` says what it was and whether asking again may help.
    """
    asked = {
        "model": endpoint.model,
        "messages": [{"role": m["role"], "content": m["content"]} for m in messages],
        "n": n if n != 1 else None,  # some servers know no n at all
        "temperature": temperature,
        "top_p": top_p,
        "max_tokens": max_tokens,
        "seed": seed,
        "stop": list(stop) if stop else None,
        "response_format": response_format,
    }
    body = {name: value for name, value in asked.items() if value is not None}
    key = _key(endpoint)
    started = time.monotonic()
    answer = _ask(endpoint, PATH, body, key=key, idempotency_key=idempotency_key)
    latency = time.monotonic() - started
    return reading.read_completion(answer, asked_for=n, latency=latency, key=key)


def moderate(endpoint: Endpoint, text: str) -> frozenset[str]:
    """The categories in which the endpoint's moderation flags a text. Raises EndpointFailed."""
    key = _key(endpoint)
    body = {"model": endpoint.model, "input": text}
    return reading.read_moderation(_ask(endpoint, MODERATIONS, body, key=key), key=key)


def _ask(
    endpoint: Endpoint, path: str, body: dict, *, key: str, idempotency_key: str = ""
) -> egress.Answer:
    headers = {"Content-Type": "application/json", "Accept": "application/json"}
    if key:
        headers["Authorization"] = f"Bearer {key}"
    if idempotency_key:
        headers["Idempotency-Key"] = idempotency_key
    answer = _send(endpoint, path, headers, json.dumps(body).encode())
    if not answer.is_success:
        raise refusal(answer, key=key)
    return answer


def _key(endpoint: Endpoint) -> str:
    if not endpoint.sealed_key:
        return ""
    try:
        return unseal(endpoint.sealed_key, place=endpoint.place)
    except CannotOpen as error:
        raise EndpointFailed("lost_key") from error


FAILURES = {
    egress.UNREACHABLE: "unreachable",
    egress.BAD_TLS: "tls",
    egress.BAD_ANSWER: "not_http",
    egress.BROKEN_OFF: "cut",
}


def _send(endpoint: Endpoint, path: str, headers: dict[str, str], body: bytes) -> egress.Answer:
    try:
        return egress.send(
            endpoint.base_url + path,
            method="POST",
            headers=headers,
            body=body,
            seconds=endpoint.timeout_seconds,
            most_bytes=MOST_BYTES,
        )
    except egress.Unresolved as error:
        raise EndpointFailed("unresolved") from error
    except Refused as error:
        raise EndpointFailed("refused", str(error)) from error
    except egress.Failed as error:
        said = str(error)
        if said == egress.TOO_SLOW:
            raise EndpointFailed("slow", f"{endpoint.timeout_seconds:g}") from error
        if said == egress.TOO_LARGE:
            raise EndpointFailed("too_large", str(MOST_BYTES // 1024**2)) from error
        raise EndpointFailed(FAILURES[said]) from error
