"""The way out: what is refused is never connected to, and what is allowed is bounded."""

import gzip
import json
import socket
import ssl
import subprocess
import sys
import time
from ipaddress import ip_address

import pytest
from django.core.exceptions import ImproperlyConfigured

from annotation.core import egress
from annotation.core.addresses import ANY_PUBLIC, NOT_ALLOWED, NOT_PUBLIC, Origins, Refused, parse
from tests.annotation.core.listening import dripping, listening, saying
from tests.data import shared

PUBLIC = "93.184.216.34"
URL_INSIDE = "https://llm.internal.example"


@pytest.fixture
def canary():
    """Whoever dials, dials here: a guard that lets something through is seen."""
    with listening(saying()) as server:
        yield server


def network(canary, addresses=None, dialled=None):
    """Resolves numbers as libc does, names to `addresses`; every connection ends at the canary."""

    def resolve(host, port):
        try:
            rows = socket.getaddrinfo(host, port, flags=socket.AI_NUMERICHOST)
            return [row[4][0] for row in rows]
        except (OSError, UnicodeError):
            return list(addresses or [PUBLIC]) if "example.com" in host else ["127.0.0.1"]

    def dial(address, port, seconds):
        if dialled is not None:
            dialled.append((str(address), port))
        return socket.create_connection(("127.0.0.1", canary.port), timeout=seconds)

    return egress.Network(resolve=resolve, dial=dial, tls=NoTLS)


class NoTLS:
    """In place of a TLS context: remembers the name that would be asked for."""

    names = []  # noqa: RUF012  one test reads it

    def wrap_socket(self, stream, server_hostname):
        self.names.append(server_hostname)
        return stream


def corpus():
    return json.loads(shared("security/ssrf_urls.json").read_text())


def test_no_url_of_the_corpus_that_must_be_blocked_is_ever_connected_to(canary):
    blocked = [row["url"] for row in corpus() if row["verdict"] == "block"]
    assert len(blocked) >= 40
    # Over TLS as well, where the scheme is no reason to refuse it.
    blocked += [url.replace("http:", "https:") for url in blocked if "//example.com:" not in url]
    let_through = []
    for url in blocked:
        try:
            egress.send(url, origins=Origins([ANY_PUBLIC]), network=network(canary))
            let_through.append(url)
        except Refused:
            pass
    assert let_through == []
    assert canary.connections == 0


def test_the_urls_of_the_corpus_that_are_fine_are_reached(canary):
    allowed = [row["url"] for row in corpus() if row["verdict"].startswith("allow")]
    assert len(allowed) == 4
    for url in allowed:
        answer = egress.send(url, origins=Origins([ANY_PUBLIC]), network=network(canary))
        assert answer.status == 200
    assert canary.connections == len(allowed)


@pytest.mark.parametrize(
    "address",
    ["127.0.0.1", "10.0.0.5", "169.254.169.254", "100.100.100.200", "192.0.0.192", "224.0.0.1"]
    + ["::1", "::ffff:127.0.0.1", "::127.0.0.1", "64:ff9b::7f00:1", "2002:7f00:1::", "fec0::1"]
    + ["fc00::1", "fe80::1", "2001:0:0:0:0:0:80ff:fffe", "2001:db8::1", "3fff::1", "ff02::1"],
)
def test_a_name_that_resolves_to_an_address_of_ours_is_refused(canary, address):
    with pytest.raises(Refused, match="not public"):
        egress.send(
            "https://hooks.example.com/",
            origins=Origins([ANY_PUBLIC]),
            network=network(canary, [address]),
        )
    with pytest.raises(Refused, match="not public"):  # a public one before it is no excuse
        egress.send(
            "https://hooks.example.com/",
            origins=Origins(["https://hooks.example.com"]),
            network=network(canary, [PUBLIC, address]),
        )
    assert canary.connections == 0


def test_the_connection_goes_to_the_address_that_was_checked(canary):
    """Rebinding: a name that is public when asked first and ours when asked again."""
    asked, dialled = [], []
    base = network(canary, dialled=dialled)

    def resolve(host, port):
        asked.append(host)
        return [PUBLIC] if len(asked) == 1 else ["127.0.0.1"]

    NoTLS.names.clear()
    egress.send(
        "https://hooks.example.com/in?x=1",
        origins=Origins([ANY_PUBLIC]),
        network=egress.Network(resolve=resolve, dial=base.dial, tls=NoTLS),
    )
    assert asked == ["hooks.example.com"]
    assert dialled == [(PUBLIC, 443)]
    assert NoTLS.names == ["hooks.example.com"]
    assert canary.requests[0].startswith(b"GET /in?x=1 HTTP/1.1\r\nHost: hooks.example.com\r\n")


@pytest.mark.parametrize("found", [[], ["no address"]])
def test_a_name_that_cannot_be_resolved_is_refused(canary, found):
    broken = egress.Network(resolve=lambda host, port: found, dial=network(canary).dial)
    with pytest.raises(Refused, match="could not be resolved"):
        egress.send("https://hooks.example.com/", origins=Origins([ANY_PUBLIC]), network=broken)
    assert canary.connections == 0


def test_without_a_list_nothing_leaves(canary, settings):
    settings.EGRESS_ORIGINS = Origins([])
    assert not settings.EGRESS_ORIGINS
    with pytest.raises(Refused, match="operator"):
        egress.send("https://hooks.example.com/", network=network(canary))
    with pytest.raises(Refused, match="operator"):
        egress.check_url("https://hooks.example.com/")
    assert canary.connections == 0


def test_a_listed_host_and_port_of_this_machine_is_reached_and_no_other(canary):
    """The positive control: with nothing faked the guard opens exactly what was listed."""
    with listening(saying(body=b"here")) as server:
        origins = Origins([server.origin])
        answer = egress.send(f"{server.origin}/in", method="POST", body=b"{}", origins=origins)
        assert (answer.status, answer.body, answer.is_success) == (200, b"here", True)
        assert server.requests[0].endswith(b"\r\n\r\n{}")
        with pytest.raises(Refused):  # one local address listed opens no second one
            egress.send(f"{canary.origin}/", origins=origins)
        with pytest.raises(Refused):  # nor the same one by another name
            egress.send(f"http://localhost:{server.port}/", origins=origins)
        with pytest.raises(Refused):
            egress.send(f"http://[::1]:{server.port}/", origins=origins)
        assert server.connections == 1
    assert canary.connections == 0


def test_a_listed_name_opens_no_private_address(canary):
    url = f"http://hooks.example.com:{canary.port}/"
    origins = Origins([url])
    with pytest.raises(Refused, match="not public"):
        egress.send(url, origins=origins, network=network(canary, ["127.0.0.1"]))
    assert canary.connections == 0
    egress.send(url, origins=origins, network=network(canary, [PUBLIC]))
    assert canary.connections == 1


@pytest.mark.parametrize("metadata", ["100.100.100.200", "fd00:ec2::254", "169.254.169.254"])
def test_no_metadata_of_a_cloud_is_of_the_own_network(canary, metadata):
    origins = Origins([URL_INSIDE], opens_internal=True)
    with pytest.raises(Refused, match="not public"):
        egress.send(URL_INSIDE, origins=origins, network=network(canary, [metadata]))
    assert canary.connections == 0
    origins.check_address(parse(URL_INSIDE), ip_address("100.100.100.201"))


def test_a_file_is_sent_piece_by_piece_from_where_it_shall_begin(canary, tmp_path):
    path = tmp_path / "large"
    path.write_bytes(bytes(range(256)) * 200)
    origins = Origins([canary.origin])
    body = egress.FileBody(path, 40_000, start=256)
    egress.send(f"{canary.origin}/", method="PUT", body=body, origins=origins)
    head, _, sent = canary.requests[0].partition(b"\r\n\r\n")
    assert b"Content-Length: 40000" in head
    assert sent == path.read_bytes()[256:40_256]


def test_a_file_that_became_shorter_or_is_gone_is_a_failure_of_ours(canary, tmp_path):
    (tmp_path / "short").write_bytes(b"x")
    for name in ("short", "absent"):
        with pytest.raises(egress.Failed, match="cannot be read any more as it was"):
            egress.send(
                f"{canary.origin}/",
                method="PUT",
                body=egress.FileBody(tmp_path / name, 2),
                origins=Origins([canary.origin]),
            )


def test_a_long_address_that_a_server_gave_is_asked_and_never_kept(canary):
    long = f"{canary.origin}/{'a' * 3000}"
    assert egress.send(long, origins=Origins([canary.origin])).is_success
    with pytest.raises(Refused):
        parse(long)
    with pytest.raises(Refused):
        egress.send(long + "a" * 6000, origins=Origins([canary.origin]))


def test_a_redirect_is_not_followed(canary):
    with listening(saying("302 Found", Location=f"{canary.origin}/")) as server:
        answer = egress.send(server.origin, origins=Origins([server.origin, canary.origin]))
    assert (answer.status, answer.is_success) == (302, False)
    assert answer.headers["location"] == f"{canary.origin}/"
    assert canary.connections == 0


def test_proxies_of_the_environment_are_not_used(canary, monkeypatch):
    for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, canary.origin)
    with listening(saying()) as server:
        egress.send(server.origin, origins=Origins([server.origin]))
        assert server.connections == 1
    assert canary.connections == 0


def test_a_slow_drip_ends_at_the_total_time():
    with listening(dripping) as server:
        began = time.monotonic()
        with pytest.raises(egress.Failed, match="too long"):
            egress.send(server.origin, origins=Origins([server.origin]), seconds=0.3)
        assert time.monotonic() - began < 2


def test_a_large_answer_is_refused_and_one_at_the_limit_is_taken():
    for size, is_taken in ((1000, True), (1001, False)):
        with listening(saying(body=b"x" * size)) as server:
            origins = Origins([server.origin])
            if is_taken:
                answer = egress.send(server.origin, origins=origins, most_bytes=1000)
                assert len(answer.body) == size
            else:
                with pytest.raises(egress.Failed, match="too large"):
                    egress.send(server.origin, origins=origins, most_bytes=1000)


def test_a_gzip_bomb_is_refused_before_it_unfolds_and_honest_gzip_is_read():
    for size, is_taken in ((50_000, True), (64 * 1024 * 1024, False)):
        packed = gzip.compress(b"0" * size)
        assert len(packed) < 100_000
        with listening(saying(body=packed, Content_Encoding="gzip")) as server:
            origins = Origins([server.origin])
            if is_taken:
                answer = egress.send(server.origin, origins=origins, most_bytes=100_000)
                assert answer.body == b"0" * size
            else:
                with pytest.raises(egress.Failed, match="too large"):
                    egress.send(server.origin, origins=origins, most_bytes=100_000)


@pytest.mark.parametrize(
    "answer",
    [
        saying(body=b"\x1f\x8b broken", Content_Encoding="gzip"),
        # It has ended: what comes after it is no part of it, and might never end.
        saying(body=gzip.compress(b"0") + b"0" * 100_000, Content_Encoding="gzip"),
        saying(body=b"?", Content_Encoding="br"),
        lambda stream: stream.sendall(b"SSH-2.0-OpenSSH\r\n\r\n"),
        lambda stream: None,
    ],
)
def test_what_is_no_answer_in_http_is_a_failure_with_a_sentence(answer):
    with listening(answer) as server, pytest.raises(egress.Failed):
        egress.send(server.origin, origins=Origins([server.origin]))


def test_nobody_there_is_a_failure_with_a_sentence():
    with listening(saying()) as server:
        origin = server.origin
    with pytest.raises(egress.Failed, match="could not be reached"):
        egress.send(origin, origins=Origins([origin]))


def test_a_certificate_of_somebody_else_is_a_failure(canary):
    class Distrustful:
        def wrap_socket(self, stream, server_hostname):
            raise ssl.SSLCertVerificationError(1, "self-signed certificate")

    base = network(canary)
    with pytest.raises(egress.Failed, match="certificate"):
        egress.send(
            "https://hooks.example.com/",
            origins=Origins([ANY_PUBLIC]),
            network=egress.Network(resolve=base.resolve, dial=base.dial, tls=Distrustful),
        )
    assert canary.requests in ([], [b""])  # connected, but nothing was said
    assert ssl.create_default_context().verify_mode == ssl.CERT_REQUIRED
    assert egress.Network().tls is ssl.create_default_context


@pytest.mark.parametrize(
    "url",
    [
        "https://ex\u017fample.com/",  # a long s, which ignoring case makes an s
        "https://\u212aample.com/",  # the sign for kelvin, a k
        "https://a..example/",
        "https://-a.example/",
        "https://example.1com/",
        "https://example.com:0/",
        "https://example.com:65536/",
        "https://example.com:/",
        "https://example.com?x",
        "https://example.com/a b",
        "https://example.com/\n",
        "https://example.com/" + "a" * 500,
        " https://example.com/",
        "",
    ],
)
def test_what_is_not_surely_understood_is_refused(url):
    with pytest.raises(Refused):
        parse(url)


def test_a_url_is_read_into_its_parts():
    target = parse("HTTPS://Hooks.Example.com:8443/in/%C3%A4?a=b&c=[d]")
    assert (target.scheme, target.host, target.port) == ("https", "hooks.example.com", 8443)
    assert target.path == "/in/%C3%A4?a=b&c=[d]"
    assert target.origin == "https://hooks.example.com:8443"
    assert parse("https://[2606:4700:0:0::1111]").host_header == "[2606:4700::1111]"
    assert parse("https://a.example:443/").origin == "https://a.example"


def test_other_ports_and_plain_http_must_be_listed():
    origins = Origins([ANY_PUBLIC, "https://a.example:8443", "http://8.8.8.8:9000"])
    origins.check(parse("https://a.example:8443/x"))
    origins.check(parse("http://8.8.8.8:9000/x"))
    for url in ("https://b.example:8443/", "http://a.example/", "http://8.8.8.8/"):
        with pytest.raises(Refused) as refusal:
            origins.check(parse(url))
        assert str(refusal.value) == NOT_ALLOWED
    with pytest.raises(Refused) as refusal:
        origins.check(parse("https://127.0.0.1/"))
    assert str(refusal.value) == NOT_PUBLIC


@pytest.mark.parametrize("entry", ["example.com", "https://a.example/path", "https://", "*"])
def test_a_list_that_cannot_be_read_stops_the_start(entry):
    with pytest.raises(ImproperlyConfigured, match="CONCORD_EGRESS_ORIGINS"):
        Origins([entry])


WAYS_AROUND = [
    "import http.client",
    "from http.client import HTTPSConnection",
    "import urllib.request",
    "from urllib.request import urlopen",
    "from urllib import request",
    "import requests",
    "import httpx",
    "import urllib3",
    "import smtplib",
    "from socket import create_connection",
    "import socket\nsocket.create_connection(('a', 1))",
]


def lint(code, path):
    command = [sys.executable, "-m", "ruff", "check", "--select", "TID251", "--stdin-filename"]
    done = subprocess.run([*command, path, "-"], input=code, text=True, capture_output=True)
    assert done.returncode in (0, 1), done.stderr
    return "TID251" in done.stdout


@pytest.mark.parametrize("code", WAYS_AROUND)
def test_lint_refuses_other_ways_out(code):
    assert lint(code + "\n", "annotation/labeling/sample.py")


def test_lint_lets_the_one_way_out_pass():
    code = "from annotation.core import egress\nfrom http import HTTPStatus\n"
    assert not lint(code, "annotation/labeling/sample.py")
    assert not lint("import http.client\n", "annotation/core/egress.py")
