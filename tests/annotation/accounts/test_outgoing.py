"""Single sign-on leaves by the door that everything leaves by; what is refused gets nothing."""

import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address

import environ
import pytest
import requests

from annotation.accounts.adapters import SingleSignOnAdapter
from annotation.core.addresses import ANY_PUBLIC, Origins, Refused, parse
from annotation.core.sign_on import reachable_origins


@contextmanager
def running(location=""):
    """A server on this machine that notes what it was asked, and may lead elsewhere."""
    asked = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            length = int(self.headers.get("Content-Length", 0))
            asked.append((self.command, self.path, self.rfile.read(length)))
            self.send_response(302 if location else 200)
            self.send_header("Content-Type", "application/json")
            if location:
                self.send_header("Location", location)
            self.end_headers()
            self.wfile.write(b'{"issuer": "here"}')

        do_POST = do_GET

        def log_message(self, *args):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}", asked
    finally:
        server.shutdown()
        server.server_close()


@pytest.fixture
def session():
    with SingleSignOnAdapter().get_requests_session() as made:
        yield made


def test_a_listed_provider_is_asked_and_read(session, settings):
    with running() as (url, asked):
        settings.SIGN_ON_ORIGINS = Origins([url])
        assert session.get(f"{url}/keys").json() == {"issuer": "here"}
        assert session.post(f"{url}/token", data={"code": "c"}).status_code == 200
    assert asked == [("GET", "/keys", b""), ("POST", "/token", b"code=c")]


def test_what_is_not_listed_gets_no_connection(session, settings):
    with running() as (url, asked):
        settings.SIGN_ON_ORIGINS = Origins([ANY_PUBLIC])
        with pytest.raises(requests.ConnectionError):
            session.get(f"{url}/latest/meta-data/")
    assert asked == []


def test_a_redirect_is_checked_as_the_first_address_was(session, settings):
    with running() as (inside, asked), running(f"{inside}/admin") as (url, first):
        settings.SIGN_ON_ORIGINS = Origins([ANY_PUBLIC, url])
        with pytest.raises(requests.ConnectionError):
            session.get(f"{url}/keys")
        assert len(first) == 1
        assert asked == []
        settings.SIGN_ON_ORIGINS = Origins([url, inside])
        assert session.get(f"{url}/keys").status_code == 200
        assert [path for _method, path, _body in asked] == ["/admin"]


def test_a_session_asks_the_environment_for_no_proxy(session, settings, monkeypatch):
    with running() as (proxy, asked), running() as (url, direct):
        monkeypatch.setenv("HTTP_PROXY", proxy)
        settings.SIGN_ON_ORIGINS = Origins([url])
        session.get(url)
    assert (len(asked), len(direct)) == (0, 1)


def test_no_other_scheme_has_a_way_out(session):
    with pytest.raises(requests.exceptions.InvalidSchema):
        session.get("file:///etc/passwd")


@pytest.mark.parametrize(
    ("internal", "address", "is_open"),
    [
        (False, "10.0.0.5", False),
        (True, "10.0.0.5", True),
        (True, "fd00::5", True),
        (True, "127.0.0.1", False),
        (True, "169.254.169.254", False),
        (False, "93.184.216.34", True),
    ],
)
def test_a_listed_name_opens_the_network_inside_only_by_the_operators_word(
    internal, address, is_open, monkeypatch
):
    monkeypatch.setenv("CONCORD_OIDC_ISSUER", "https://sso.example.org/realms/main")
    monkeypatch.setenv("CONCORD_OIDC_INTERNAL", "on" if internal else "off")
    origins = reachable_origins(environ.Env())
    target = parse("https://sso.example.org/realms/main/keys")
    origins.check(target)
    if is_open:
        origins.check_address(target, ip_address(address))
    else:
        with pytest.raises(Refused):
            origins.check_address(target, ip_address(address))


def test_a_name_that_is_not_listed_never_opens_the_network_inside(monkeypatch):
    monkeypatch.setenv("CONCORD_OIDC_ISSUER", "https://sso.example.org")
    monkeypatch.setenv("CONCORD_OIDC_INTERNAL", "on")
    origins = reachable_origins(environ.Env())
    with pytest.raises(Refused):
        origins.check_address(parse("https://wiki.example.org/"), ip_address("10.0.0.5"))


def test_without_single_sign_on_nothing_is_reachable(monkeypatch):
    monkeypatch.delenv("CONCORD_OIDC_ISSUER", raising=False)
    assert not reachable_origins(environ.Env())
