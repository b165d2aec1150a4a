"""A server that speaks the OpenAI protocol, or lies in it: what tests ask in place of a model.

It counts what it was asked. `answers` are used up first, one per request; then `answer`.
An answer is a function of the connection and the request's JSON.
"""

import json
import socket
import threading
from contextlib import contextmanager

from tests.annotation.core.listening import Listener


class FakeOpenAI:
    """Takes each connection in a thread of its own: a model answers many at a time."""

    def __init__(self, answer, *, wrap=None):
        self.answer = answer
        self.answers = []
        self.asked = []  # the JSON of each request, in the order of their arrival
        self.heads = []
        self.connections = 0
        self.at_once = self.most_at_once = 0
        self.wrap = wrap
        self.lock = threading.Lock()
        self.is_over = threading.Event()
        self.socket = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.port = self.socket.getsockname()[1]
        self.threads = []
        self.thread = threading.Thread(target=self.serve, daemon=True)
        self.thread.start()

    @property
    def origin(self):
        return f"http://127.0.0.1:{self.port}"

    @property
    def base_url(self):
        return f"{self.origin}/v1"

    def serve(self):
        while True:
            try:
                stream, _ = self.socket.accept()
            except OSError:
                return  # closed: the test is over
            self.connections += 1
            thread = threading.Thread(target=self.take, args=(stream,), daemon=True)
            self.threads.append(thread)
            thread.start()

    def take(self, stream):
        with stream:
            stream.settimeout(10)
            try:
                if self.wrap is not None:
                    stream = self.wrap(stream)
                head, _, body = Listener.read(stream).partition(b"\r\n\r\n")
                if not head:
                    return
                request = json.loads(body)
                with self.lock:
                    self.heads.append(head.decode())
                    self.asked.append(request)
                    answer = self.answers.pop(0) if self.answers else self.answer
                    self.at_once += 1
                    self.most_at_once = max(self.most_at_once, self.at_once)
                try:
                    answer(stream, request)
                finally:
                    with self.lock:
                        self.at_once -= 1
            except (OSError, ValueError):
                pass  # the other side went away, or spoke another language

    def close(self):
        self.is_over.set()
        self.socket.shutdown(socket.SHUT_RDWR)  # a thread in accept() is not woken by close()
        self.socket.close()
        self.thread.join(6)
        for thread in self.threads:
            thread.join(6)


@contextmanager
def speaking(answer=None, **more):
    server = FakeOpenAI(answer or honest, **more)
    try:
        yield server
    finally:
        server.close()


def completion(request, *, texts=None, **changes):
    """The value that an honest server would send."""
    count = request.get("n", 1)
    last = request["messages"][-1]["content"]
    texts = texts or [f"{last} answer {at + 1}." for at in range(count)]
    return {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "model": request["model"],
        "system_fingerprint": "fp_1",
        "choices": [
            {
                "index": at,
                "message": {"role": "assistant", "content": text},
                "finish_reason": "stop",
            }
            for at, text in enumerate(texts)
        ],
        "usage": {"prompt_tokens": 11, "completion_tokens": 7 * len(texts), "total_tokens": 0},
    } | changes


def send(stream, body, *, status="200 OK", content_type="application/json", **headers):
    body = body if isinstance(body, bytes) else json.dumps(body).encode()
    named = {"Content-Type": content_type, "Content-Length": len(body)} | {
        name.replace("_", "-"): value for name, value in headers.items()
    }
    lines = [f"HTTP/1.1 {status}", *(f"{name}: {value}" for name, value in named.items())]
    stream.sendall("\r\n".join(lines).encode() + b"\r\n\r\n" + body)


def honest(stream, request):
    send(stream, completion(request))


def saying(**changes):
    """Honest but for these fields of the answer."""
    return lambda stream, request: send(stream, completion(request, **changes))


def choosing(change):
    """Honest but for what `change` does to the first choice."""

    def answer(stream, request):
        value = completion(request)
        change(value["choices"][0])
        send(stream, value)

    return answer


def refusing(status, body=b"", **headers):
    return lambda stream, request: send(stream, body, status=status, **headers)


def raw(body, **more):
    """These very bytes as the body."""
    return lambda stream, request: send(stream, body, **more)
