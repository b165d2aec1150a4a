"""The HTTP side: who may ask, how much, how many at a time, and errors in OpenAI's shape.

Every connection is closed after its answer. A body must say that it is JSON: a foreign page in
somebody's browser cannot send such a one here without being let (CORS), and nobody is let.
"""

import hmac
import select
import socket
import socketserver
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

from training.errors import of_machine
from training.events import strict_json
from training.serving.asked import Refused, read_object
from training.serving.models import Served

MOST_BYTES = 1024 * 1024
MOST_CONNECTIONS = 64
SILENCE_SECONDS = 30  # of somebody who connected
LOCAL = {"127.0.0.1", "localhost", "::1"}


class Gate:
    """One at a time; so many may wait; who comes beyond that is sent away."""

    def __init__(self, waiting: int):
        self._turn = threading.Lock()
        self._places = threading.BoundedSemaphore(1 + waiting)
        self._seconds = 1.0  # what the last one took

    @contextmanager
    def turn(self) -> Iterator[None]:
        if not self._places.acquire(blocking=False):
            raise Refused(
                "The model is busy and its queue is full.",
                status=429,
                kind="rate_limit_error",
                code="rate_limit_exceeded",
                headers={"Retry-After": str(max(1, round(self._seconds)))},
            )
        try:
            with self._turn:
                started = time.monotonic()
                yield
                self._seconds = time.monotonic() - started
        finally:
            self._places.release()

    def settle(self, seconds: float) -> None:
        """Wait until nobody has the turn, and let nobody have it again."""
        self._turn.acquire(timeout=seconds)


class Server(ThreadingHTTPServer):
    """Serves one model under one name."""

    daemon_threads = True
    request_queue_size = 32

    def __init__(
        self,
        place: tuple[str, int],
        model: Served,
        *,
        name: str,
        revision: str = "",
        key: str = "",
        waiting: int = 8,
    ):
        self.address_family = socket.AF_INET6 if ":" in place[0] else socket.AF_INET
        self.model, self.name, self.revision, self.key = model, name, revision, key
        self.gate = Gate(waiting)
        self.is_stopping = threading.Event()
        self.started_at = int(time.time())
        self._connections = threading.BoundedSemaphore(MOST_CONNECTIONS)
        super().__init__(place, Handler)

    def server_bind(self) -> None:
        # HTTPServer asks the DNS for our own name here, which can take long and serves nothing.
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = str(self.server_address[0]), self.server_address[1]

    @property
    def url(self) -> str:
        host = f"[{self.server_name}]" if ":" in self.server_name else self.server_name
        return f"http://{host}:{self.server_port}/v1"

    def process_request(self, request: Any, client_address: Any) -> None:
        if not self._connections.acquire(blocking=False):
            self.shutdown_request(request)
            return
        super().process_request(request, client_address)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._connections.release()

    def handle_error(self, request: Any, client_address: Any) -> None:
        error = sys.exc_info()[1]
        if not isinstance(error, OSError):  # who hung up is no news
            traceback.print_exc()

    def stop(self, seconds: float = 10.0) -> None:
        """End what is being written at its next token, then close."""
        self.is_stopping.set()
        self.gate.settle(seconds)
        self.server_close()


class Handler(BaseHTTPRequestHandler):
    server: Server
    protocol_version = "HTTP/1.1"
    server_version, sys_version = "concord", ""
    timeout = SILENCE_SECONDS

    def do_GET(self) -> None:
        self._serve(self._get)

    def do_POST(self) -> None:
        self._serve(self._post)

    def _serve(self, answer: Callable[[bytes], dict[str, Any]]) -> None:
        try:
            raw = self._body()  # before all else: a client that still writes hears no answer
            self._admit()
            self._send(200, answer(raw))
        except Refused as error:
            self._send(error.status, error.body(), error.headers)
        except ConnectionError:
            raise
        except Exception as error:
            traceback.print_exc()
            cause = of_machine(error)
            said = f"The machine gave out: {cause}." if cause else "The model failed to answer."
            failed = Refused(said, status=503 if cause else 500, kind="server_error")
            self._send(failed.status, failed.body())

    def _admit(self) -> None:
        if self.server.key:
            scheme, _, given = self.headers.get("Authorization", "").partition(" ")
            expected = self.server.key.encode()
            same = hmac.compare_digest(given.strip().encode("utf-8", "replace"), expected)
            if scheme.lower() != "bearer" or not same:
                raise Refused(
                    "A key is needed: Authorization: Bearer KEY.",
                    status=401,
                    code="invalid_api_key",
                    headers={"WWW-Authenticate": "Bearer"},
                )
            return
        # Without a key, a foreign page whose name was pointed at this address must not read here.
        try:
            host = urlsplit("//" + self.headers.get("Host", "")).hostname
        except ValueError:
            host = None
        if host not in LOCAL:
            raise Refused("This server does not go by that name.", status=421)

    def _body(self) -> bytes:
        if self.command != "POST":
            return b""
        length = self.headers.get("Content-Length", "")
        if "Transfer-Encoding" in self.headers or not (length.isascii() and length.isdigit()):
            raise Refused("The request must say its Content-Length.", status=411)
        if len(length) > 9 or int(length) > MOST_BYTES:
            raise Refused(f"The body has more than {MOST_BYTES:,} bytes.", status=413)
        raw = self.rfile.read(int(length))
        if len(raw) < int(length):
            raise ConnectionError("the client went away")
        return raw

    def _get(self, raw: bytes) -> dict[str, Any]:
        model = {
            "id": self.server.name,
            "object": "model",
            "created": self.server.started_at,
            "owned_by": "concord",
            "kind": self.server.model.kind,
            "revision": self.server.revision,
        }
        path = self._path()
        if path == "/v1/models":
            return {"object": "list", "data": [model]}
        raise self._elsewhere(path)

    def _post(self, raw: bytes) -> dict[str, Any]:
        model, path = self.server.model, self._path()
        if path != model.path:
            raise self._elsewhere(path)
        kind = self.headers.get("Content-Type", "").partition(";")[0].strip().lower()
        if kind != "application/json":
            raise Refused("The Content-Type must be application/json.", status=415)
        asked = model.read(read_object(raw), self.server.name)
        with self.server.gate.turn():
            if self._is_over():
                raise ConnectionError("the client went away")
            said = model.answer(asked, self._is_over)
        if self.server.is_stopping.is_set():
            raise Refused("The server is stopping.", status=503, kind="server_error")
        signed = {"system_fingerprint": self.server.revision} if self.server.revision else {}
        return {**said, "model": self.server.name, **signed}

    def _path(self) -> str:
        return self.path.partition("?")[0]

    def _elsewhere(self, path: str) -> Refused:
        ways = {"/v1/models": "GET", self.server.model.path: "POST"}
        if path in ways:
            headers = {"Allow": ways[path]}
            return Refused(f"{path} is asked by {ways[path]}.", status=405, headers=headers)
        sentence = (
            f"There is nothing at this path. The {self.server.model.kind} served here answers "
            f"POST {self.server.model.path} and GET /v1/models."
        )
        return Refused(sentence, status=404)

    def _is_over(self) -> bool:
        """Whether nobody waits for the answer any more."""
        if self.server.is_stopping.is_set():
            return True
        if not select.select([self.connection], [], [], 0)[0]:
            return False
        try:
            return self.connection.recv(1, socket.MSG_PEEK) == b""
        except OSError:
            return True

    def _send(
        self, status: int, value: dict[str, Any], headers: dict[str, str] | None = None
    ) -> None:
        body = strict_json(value).encode()
        self.send_response(status)
        sent = {"Content-Type": "application/json", "Content-Length": str(len(body))}
        sent |= {"Connection": "close", "Cache-Control": "no-store"}
        for name, text in {**sent, "X-Content-Type-Options": "nosniff", **(headers or {})}.items():
            self.send_header(name, text)
        self.end_headers()
        self.wfile.write(body)
        self.close_connection = True

    def send_error(
        self, code: int, message: str | None = None, explain: str | None = None
    ) -> None:
        """What the library refuses, such as a broken request line, in the same shape."""
        refused = Refused(f"{message or 'The request cannot be read'}.", status=code)
        self._send(code, refused.body())
