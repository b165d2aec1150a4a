"""The only way out: every connection that Concord opens to somebody else's server.

Deny by default: `CONCORD_EGRESS_ORIGINS` lists what may be reached. The name is resolved once,
every address it has is checked, and the connection goes to a checked one with the name in SNI
and Host. No redirects, no proxies from the environment, bounds on time and size, and a name that
cannot be resolved is refused. docs/decisions/1040 says why.
"""

import http.client
import io
import socket
import ssl
import threading
import time
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path

from django.conf import settings
from django.utils.translation import gettext_noop

from annotation.core.addresses import LONGEST_REQUEST, Address, Origins, Refused, Target, parse
from annotation.core.errors import DomainError

CONNECT_SECONDS = 10.0
TOTAL_SECONDS = 120.0
MOST_SECONDS = 600.0  # for whoever asks for more than the usual
MOST_BYTES = 10 * 1024 * 1024
PIECE = 16 * 1024

UNRESOLVED = gettext_noop("The host's name could not be resolved.")
UNREACHABLE = gettext_noop("The server could not be reached.")
BAD_TLS = gettext_noop("The server's certificate does not prove who it is.")
TOO_SLOW = gettext_noop("The server took too long to answer.")
TOO_LARGE = gettext_noop("The server's answer is too large.")
BAD_ANSWER = gettext_noop("The server did not answer in HTTP that we can read.")
NO_FILE = gettext_noop("The file to be sent cannot be read any more as it was.")
BROKEN_OFF = gettext_noop("The server broke off in the middle of its answer.")


class Failed(DomainError):
    """It was allowed, but it did not work. The sentence is English; pages translate it."""

    status = 502


class Unresolved(Refused):
    """No address, so nothing to check: refused for now. It may be there at another time."""


@dataclass(frozen=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def is_success(self) -> bool:
        """2xx. A redirect is none: it is not followed."""
        return 200 <= self.status < 300


@dataclass(frozen=True)
class FileBody:
    """A file as the body of a request, read while it is sent: `size` bytes from `start`."""

    path: Path
    size: int
    start: int = 0

    def __len__(self) -> int:
        return self.size

    def __iter__(self) -> Iterator[bytes]:
        left = self.size
        try:
            with self.path.open("rb") as file:
                file.seek(self.start)
                while left and (piece := file.read(min(PIECE, left))):
                    left -= len(piece)
                    yield piece
        except OSError as error:
            raise Failed(NO_FILE) from error
        if left:
            raise Failed(NO_FILE)


def allowed_origins() -> Origins:
    """What the operator listed."""
    return settings.EGRESS_ORIGINS


def check_url(url: str) -> Target:
    """Refuse a URL we would never connect to, when it is set. Resolves nothing: what its name
    means is asked and checked each time."""
    target = parse(url)
    allowed_origins().check(target)
    return target


def resolve(host: str, port: int) -> list[str]:
    """The addresses of a host. The system's resolver knows no time limit, so it gets one."""
    found: list[str] = []

    def look_up() -> None:
        try:
            rows = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError):
            return
        found.extend(str(row[4][0]) for row in rows)

    thread = threading.Thread(target=look_up, daemon=True)
    thread.start()
    thread.join(CONNECT_SECONDS)
    return list(dict.fromkeys(found))


def dial(address: Address, port: int, seconds: float) -> socket.socket:
    """A connection to an address that was checked. Nothing is resolved any more."""
    family = socket.AF_INET6 if address.version == 6 else socket.AF_INET
    stream = socket.socket(family, socket.SOCK_STREAM)
    try:
        stream.settimeout(seconds)
        stream.connect((str(address), port))
    except OSError:
        stream.close()
        raise
    return stream


@dataclass(frozen=True)
class Network:
    """How names become addresses and addresses connections; tests have other ways."""

    resolve: Callable[[str, int], list[str]] = resolve
    dial: Callable[[Address, int, float], socket.socket] = dial
    tls: Callable[[], ssl.SSLContext] = ssl.create_default_context


def send(
    url: str,
    *,
    method: str = "GET",
    headers: Mapping[str, str] | None = None,
    body: bytes | FileBody = b"",
    origins: Origins | None = None,
    seconds: float = TOTAL_SECONDS,
    most_bytes: int = MOST_BYTES,
    network: Network | None = None,
) -> Answer:
    """One request and its answer. Raises Refused (we do not connect there) or Failed."""
    target = parse(url, longest=LONGEST_REQUEST)
    origins = allowed_origins() if origins is None else origins
    origins.check(target)
    network = network or Network()
    deadline = time.monotonic() + min(seconds, MOST_SECONDS)
    address = _checked_address(target, origins, network)
    try:
        stream = _connect(target, address, network, deadline)
        try:
            return _exchange(stream, target, method, headers or {}, body, most_bytes)
        finally:
            stream.end()
    except ssl.SSLCertVerificationError as error:
        raise Failed(BAD_TLS) from error
    except TimeoutError as error:
        raise Failed(TOO_SLOW) from error
    except http.client.RemoteDisconnected as error:  # an OSError and an HTTPException
        raise Failed(UNREACHABLE) from error
    except http.client.IncompleteRead as error:
        raise Failed(BROKEN_OFF) from error
    except (http.client.HTTPException, zlib.error, ValueError) as error:
        raise Failed(BAD_ANSWER) from error
    except OSError as error:
        raise Failed(UNREACHABLE) from error


def _checked_address(target: Target, origins: Origins, network: Network) -> Address:
    """Every address the host has must be allowed: of two, nobody knows which is meant."""
    if target.address is not None:
        origins.check_address(target, target.address)
        return target.address
    try:
        found = [ip_address(text) for text in network.resolve(target.host, target.port)]
    except (OSError, ValueError) as error:
        raise Unresolved(UNRESOLVED) from error
    if not found:
        raise Unresolved(UNRESOLVED)
    for address in found:
        origins.check_address(target, address)
    return found[0]


class _Stream:
    """A socket whose every wait ends at one deadline: a byte a second is no way around it. It is
    what http.client needs of a socket, and no more."""

    def __init__(self, stream: socket.socket, deadline: float):
        self.stream = stream
        self.deadline = deadline

    def hurry(self) -> socket.socket:
        left = self.deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError
        self.stream.settimeout(left)
        return self.stream

    def sendall(self, data: bytes) -> None:
        view = memoryview(data)
        while view:
            view = view[self.hurry().send(view) :]

    def makefile(self, mode: str) -> io.BufferedReader:
        return io.BufferedReader(_Reader(self))

    def close(self) -> None:
        """Nothing: http.client lets go of it before it has read the body. `send` ends it."""

    def end(self) -> None:
        self.stream.close()


class _Reader(io.RawIOBase):
    def __init__(self, stream: _Stream):
        self.stream = stream

    def readable(self) -> bool:
        return True

    def readinto(self, buffer) -> int:
        return self.stream.hurry().recv_into(buffer)


def _connect(target: Target, address: Address, network: Network, deadline: float) -> _Stream:
    seconds = min(CONNECT_SECONDS, deadline - time.monotonic())
    plain = network.dial(address, target.port, seconds)
    if target.scheme == "http":
        return _Stream(plain, deadline)
    try:
        # The timeout of the connection holds for the handshake, too.
        return _Stream(network.tls().wrap_socket(plain, server_hostname=target.host), deadline)
    except BaseException:
        plain.close()
        raise


def _exchange(
    stream: _Stream,
    target: Target,
    method: str,
    headers: Mapping[str, str],
    body: bytes | FileBody,
    most_bytes: int,
) -> Answer:
    connection = http.client.HTTPConnection(target.host, target.port)
    connection.auto_open = 0  # it speaks over our connection, and never opens one itself
    connection.sock = stream  # all of a socket that it uses
    connection.putrequest(method, target.path, skip_host=True, skip_accept_encoding=True)
    fixed = {
        "Host": target.host_header,
        "User-Agent": "Concord",
        "Accept-Encoding": "identity",
        "Content-Length": str(len(body)),
        "Connection": "close",
    }
    for name, value in {**headers, **fixed}.items():
        connection.putheader(name, value)
    connection.endheaders(body)
    answer = connection.getresponse()
    content = _read(answer, most_bytes)
    return Answer(answer.status, {key.lower(): text for key, text in answer.getheaders()}, content)


def _read(answer: http.client.HTTPResponse, most_bytes: int) -> bytes:
    """The body, unpacked; refused as soon as it is larger than allowed."""
    coding = (answer.getheader("Content-Encoding") or "identity").strip().lower()
    if coding not in ("identity", "gzip"):
        raise Failed(BAD_ANSWER)
    unpack = zlib.decompressobj(16 + zlib.MAX_WBITS) if coding == "gzip" else None
    content, is_begun = bytearray(), False
    while piece := answer.read(PIECE):
        room, is_begun = most_bytes + 1 - len(content), True
        content += unpack.decompress(piece, room) if unpack else piece
        if unpack and unpack.unused_data:  # it has ended, and would keep whatever comes after it
            raise Failed(BAD_ANSWER)
        if len(content) > most_bytes or (unpack and unpack.unconsumed_tail):
            raise Failed(TOO_LARGE)
    # `length` is what was announced and never came: `read` says nothing of it.
    if answer.length or (unpack and is_begun and not unpack.eof):
        raise Failed(BROKEN_OFF)
    return bytes(content)
