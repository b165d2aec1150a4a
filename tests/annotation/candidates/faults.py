"""What endpoints do in the world, one name each: the answer, and the fault that it must be.

`Case(answer, fault, said)`: `said` must be in the sentence. A `fault` of "" is an answer that is
kept although something about it is odd; `kept` then says what is known of it.
"""

import gzip
import json
import socket
import struct
import time
from dataclasses import dataclass, field
from email.utils import formatdate
from typing import Any

from tests.annotation.candidates.fake_openai import (
    choosing,
    completion,
    raw,
    refusing,
    saying,
    send,
)

MEGABYTE = 1024 * 1024
ECHOED = "sk-never-to-be-seen-4711"


@dataclass
class Case:
    answer: Any
    fault: str = ""
    said: str = ""
    kept: dict = field(default_factory=dict)


def resets(stream, request):
    stream.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def hangs_up(stream, request):
    """Nothing said, and gone."""


def hangs(stream, request):
    time.sleep(0.6)


def drips(stream, request):
    stream.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n")
    for byte in json.dumps(completion(request)).encode():
        stream.sendall(bytes([byte]))
        time.sleep(0.02)


def drips_headers(stream, request):
    stream.sendall(b"HTTP/1.1 200 OK\r\nX-Slow: ")
    for _ in range(100):
        stream.sendall(b"x")
        time.sleep(0.02)


def ten_gigabytes(stream, request):
    stream.sendall(
        b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 10737418240\r\n\r\n"
    )
    while True:
        stream.sendall(b"1" * MEGABYTE)


def chunks_without_end(stream, request):
    stream.sendall(
        b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
    )
    while True:
        stream.sendall(b"100000\r\n" + b"1" * MEGABYTE + b"\r\n")


def closes_in_a_chunk(stream, request):
    stream.sendall(
        b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
        b"Transfer-Encoding: chunked\r\n\r\n40\r\n" + json.dumps(completion(request)).encode()[:20]
    )


def promises_more(stream, request):
    send(stream, completion(request), Content_Length=100_000)


def promises_less(stream, request):
    body = json.dumps(completion(request)).encode()
    send(stream, body, Content_Length=len(body) // 2)


def is_no_http(stream, request):
    stream.sendall(b"SSH-2.0-OpenSSH_9.6\r\n")


def headers_without_end(stream, request):
    stream.sendall(b"HTTP/1.1 200 OK\r\n" + b"X-More: and more\r\n" * 5000 + b"\r\n")


BOMB = gzip.compress(b"1" * 12 * MEGABYTE, compresslevel=1)


def bomb(stream, request):
    send(stream, BOMB, Content_Encoding="gzip")


def half_a_gzip(stream, request):
    send(stream, gzip.compress(json.dumps(completion(request)).encode())[:-20],
         Content_Encoding="gzip")  # fmt: skip


def honest_gzip(stream, request):
    packed = gzip.compress(json.dumps(completion(request)).encode())
    send(stream, packed, Content_Encoding="gzip")


def nan(stream, request):
    text = json.dumps(completion(request)).replace('"prompt_tokens": 11', '"prompt_tokens": NaN')
    send(stream, text.encode())


def twice(stream, request):
    text = json.dumps(completion(request)).replace('"choices":', '"choices": [], "choices":')
    send(stream, text.encode())


def written(text):
    """This JSON text in place of the response's."""

    def answer(stream, request):
        value = json.dumps(completion(request, texts=["HERE"])).replace('"HERE"', text)
        send(stream, value.encode())

    return answer


def fewer(stream, request):
    send(stream, completion({**request, "n": 1}))


def more(stream, request):
    send(stream, completion({**request, "n": request.get("n", 1) + 1}))


def echo_of_key(stream, request):
    send(stream, completion(request, texts=[f"You sent {ECHOED}."]))


def error(code, message):
    return json.dumps({"error": {"code": code, "message": message}}).encode()


def without(name):
    return lambda choice: choice["message"].pop(name)


CASES: dict[str, Case] = {
    # No answer, or none to its end.
    "hangs up": Case(hangs_up, "unreachable", "hung up"),
    "resets": Case(resets, "unreachable", "hung up"),
    "hangs": Case(hangs, "slow", "0.25 seconds"),
    "drips a byte now and then": Case(drips, "slow", "in full"),
    "drips its headers": Case(drips_headers, "slow", "in full"),
    "closes in the middle": Case(promises_more, "cut", "broke off"),
    "closes in a chunk": Case(closes_in_a_chunk, "cut", "broke off"),
    "half a gzip": Case(half_a_gzip, "cut", "broke off"),
    "a wrong length": Case(promises_less, "bad_json", "cannot be read"),
    "is no HTTP": Case(is_no_http, "not_http", "not HTTP"),
    "headers without end": Case(headers_without_end, "not_http", "not HTTP"),
    "10 GB": Case(ten_gigabytes, "too_large", "10 MB"),
    "chunks without end": Case(chunks_without_end, "too_large", "10 MB"),
    "a gzip bomb": Case(bomb, "too_large", "10 MB"),
    "broken gzip": Case(raw(b"\x1f\x8b no", Content_Encoding="gzip"), "not_http", "not HTTP"),
    # Refusals.
    "400": Case(
        refusing("400 Bad", error("context_length_exceeded", "Too long: 9000 tokens")),
        "rejected",
        "status 400: Too long: 9000 tokens",
    ),
    "401": Case(refusing("401 No", error("invalid_api_key", "Wrong")), "wrong_key", "401"),
    "401 that quotes the key": Case(
        refusing("401 No", error("invalid_api_key", f"Incorrect key {ECHOED[:14]}***")),
        "wrong_key",
        "(status 401).",
    ),
    "402": Case(refusing("402 Pay"), "unpaid", "credit"),
    "403": Case(refusing("403 No", b"<h1>no</h1>", content_type="text/html"), "forbidden", "403"),
    "404": Case(refusing("404 No", error(None, "no model m")), "absent", "no model m"),
    "429": Case(refusing("429 Slow"), "busy", "asked too much"),
    "429 for good": Case(
        refusing("429 Slow", error("insufficient_quota", "Pay first")), "unpaid", "Pay first"
    ),
    "500": Case(refusing("500 Oh"), "broken", "status 500"),
    "502 by a proxy": Case(refusing("502 Bad", b"<html>", content_type="text/html"), "broken"),
    "503": Case(refusing("503 Busy", error("overloaded", "Overloaded")), "broken", "Overloaded"),
    "a redirect inside": Case(
        refusing("307 Go", Location="http://169.254.169.254/latest/meta-data/"), "elsewhere", "307"
    ),
    # An answer that lies about its type.
    "a web page": Case(raw(b"<html>", content_type="text/html"), "not_json", "text/html"),
    "no type": Case(raw(b"{}", content_type=""), "not_json", "an unnamed type"),
    "an event stream": Case(
        raw(b"data: {}\n\n", content_type="text/event-stream"), "not_json", "event-stream"
    ),
    "half a JSON": Case(raw(b'{"choices": [{"mess'), "bad_json", "cannot be read"),
    "no body": Case(raw(b""), "bad_json", "cannot be read"),
    "NaN": Case(nan, "bad_json", "NaN"),
    "a key twice": Case(twice, "bad_json", "choices"),
    "brackets without end": Case(raw(b"[" * 100_000), "bad_json", "cannot be read"),
    "a NUL": Case(written('"a\\u0000b"'), "bad_json", "NUL"),
    "half a surrogate": Case(written('"\\ud800"'), "bad_json", "surrogate"),
    "no UTF-8": Case(raw(b'{"choices": "\xff\xfe"}'), "bad_json", "UTF-8"),
    "a list": Case(raw(b"[]"), "shape", "no object"),
    # The protocol's words with another meaning.
    "no choices": Case(saying(choices=[]), "no_choices", "without a single"),
    "choices are a text": Case(saying(choices="none"), "shape", "“choices” is no list"),
    "choices are texts": Case(saying(choices=["a"]), "shape", "choices[0].message"),
    "text is a number": Case(written("7"), "shape", "choices[0].message.content"),
    "text is parts": Case(written('[{"type": "text"}]'), "shape", "content"),
    "text is null": Case(written("null"), "no_text", "stop"),
    "no text at all": Case(choosing(without("content")), "no_text", "stop"),
    "reason is a number": Case(choosing(lambda c: c.update(finish_reason=3)), "shape", "reason"),
    "a text too long": Case(written(json.dumps("x" * 600_000)), "long_text", "600,000"),
    "model is a number": Case(saying(model=7), "shape", "“model”"),
    "more than asked": Case(more, "too_many", "3 > 2"),
    "the key in the text": Case(echo_of_key, "echo", "contains the key"),
    # Odd, and kept.
    "fewer than asked": Case(fewer, kept={"count": 1}),
    "honest gzip": Case(honest_gzip),
    "reason unknown": Case(
        choosing(lambda c: c.update(finish_reason="gremlin")), kept={"reason": ""}
    ),  # fmt: skip
    "reason null": Case(choosing(lambda c: c.update(finish_reason=None)), kept={"reason": ""}),
    "cut at the limit": Case(
        choosing(lambda c: c.update(finish_reason="length")), kept={"reason": "length"}
    ),  # fmt: skip
    "filtered, null": Case(
        choosing(lambda c: c.update(finish_reason="content_filter", message={"content": None})),
        kept={"reason": "content_filter", "text": ""},
    ),
    "declines": Case(
        choosing(lambda c: c.update(message={"content": None, "refusal": "I will not."})),
        kept={"text": "I will not."},
    ),
    "an empty text": Case(saying(texts=[""]), kept={"text": "", "count": 1}),
    "usage missing": Case(saying(usage=None), kept={"tokens": (None, None)}),
    "usage negative": Case(
        saying(usage={"prompt_tokens": -4, "completion_tokens": 1.5}),
        kept={"tokens": (None, None)},
    ),
    "usage beyond reason": Case(
        saying(usage={"prompt_tokens": 2**40, "completion_tokens": 3}), kept={"tokens": (None, 3)}
    ),
    "another model": Case(saying(model="other-13b"), kept={"model": "other-13b"}),
    "no model": Case(saying(model=None), kept={"model": ""}),
}

WAITS = {
    "seconds": ("7", 7.0),
    "a fraction": ("0.5", 0.5),
    "a date gone by": (formatdate(time.time() - 90, usegmt=True), 0.0),
    "for ever": ("999999999", 999999999.0),
    "nonsense": ("soon", None),
    "negative": ("-3", None),
    "not a number": ("nan", None),
    "nothing": ("", None),
}
