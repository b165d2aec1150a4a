"""Signing in, tokens, and the demo's links."""

import io
import re

import pytest
from django.core.management import CommandError, call_command
from django.urls import URLPattern, URLResolver, get_resolver

from annotation.accounts.models import User
from annotation.accounts.services import demo_sign_in_links
from annotation.projects.models import Membership
from tests.factories import make_member, make_project, make_user

pytestmark = pytest.mark.django_db

PUBLIC = {
    "health",
    "accounts:sign-in",
    "accounts:demo-sign-in",
    "account_login",
    "account_signup",  # closed
    "account_inactive",
    "account_confirm_email",  # a key that nobody was sent is a sentence
    "account_email_verification_sent",  # tells nothing: look into your mail
    "account_reset_password",
    "account_reset_password_done",
    "account_reset_password_from_key",
    "account_reset_password_from_key_done",
    "mfa_login_webauthn",
    "openid_connect_login",  # absent where no provider is configured
    "openid_connect_callback",
    "socialaccount_login_cancelled",
    "socialaccount_login_error",
    "api-schema",
    "api-docs",
    "set-theme",
    "set-language",
    "projects:accept-invitation",  # for whoever has its link; any other is not found
}


def routes(patterns=None, prefix="", namespace=""):
    """(full name, example path) of every route of the site."""
    for pattern in get_resolver().url_patterns if patterns is None else patterns:
        path = prefix + re.sub(r"^\^|\$$", "", str(pattern.pattern))
        path = path.replace(r"(?P<slug>[-\w]+)", "shop")
        path = path.replace("(?P<sha256>[0-9a-f]{64})", "a" * 64)
        path = re.sub(r"\(\?P<slug>([\w-]+)\)", r"\1", path)
        path = path.replace(r"(?P<slug>[-\w]+)", "shop")
        path = path.replace("(?P<sha256>[0-9a-f]{64})", "a" * 64)
        if isinstance(pattern, URLResolver):
            inner = f"{namespace}{pattern.namespace}:" if pattern.namespace else namespace
            yield from routes(pattern.url_patterns, path, inner)
        elif isinstance(pattern, URLPattern):
            for converter, value in (
                ("<slug:slug>", "shop"), ("<str:signed>", "x"), ("<str:hash>", "a" * 64),
            ):  # fmt: skip
                path = path.replace(converter, value)
            path = re.sub(r"<int:\w+>", "1", path)
            path = re.sub(r"<(?:\w+:)?\w+>", "x", path)
            yield namespace + (pattern.name or ""), "/" + path


def test_every_page_but_the_public_ones_wants_a_sign_in(client):
    checked = 0
    for name, path in routes():
        if name in PUBLIC:
            continue
        answer = client.get(path)
        if answer.status_code == 405:
            answer = client.post(path)
        checked += 1
        if path.startswith("/api/"):
            assert answer.status_code == 401, (name, path, answer.status_code)
        else:
            assert answer.status_code == 302, (name, path, answer.status_code)
            assert answer["Location"].startswith("/sign-in/"), name
    assert checked > 10


def test_signing_in_with_a_password(client):
    make_user("ada", password="a long pass phrase")

    answer = client.post("/sign-in/", {"login": "ada", "password": "a long pass phrase"})

    assert answer.status_code == 302
    assert client.session["_auth_user_id"]


@pytest.mark.parametrize("name", ["ada", "nobody"])
def test_a_wrong_password_and_an_unknown_user_look_the_same(client, name):
    make_user("ada", password="a long pass phrase")
    answer = client.post("/sign-in/", {"login": name, "password": "wrong"})
    assert "_auth_user_id" not in client.session
    assert "correct name and password" in answer.content.decode()


@pytest.fixture
def demo_lead(settings):
    settings.DEMO = True
    return make_member(make_project("shop"), Membership.Role.LEAD, username="demo-lead")


def test_a_demo_link_signs_in_with_one_click(client, demo_lead):
    ((role, url),) = demo_sign_in_links("http://127.0.0.1:8000")
    assert role == "lead"
    client.get(url.removeprefix("http://127.0.0.1:8000"))
    assert client.session["_auth_user_id"] == str(demo_lead.pk)


def test_a_demo_link_works_only_in_the_demo_and_only_from_this_machine(
    client, demo_lead, settings
):
    ((_, url),) = demo_sign_in_links("")
    assert client.get(url, REMOTE_ADDR="10.0.0.7").status_code == 404
    assert client.get(url[:-3] + "xx/").status_code == 404
    settings.DEMO = False
    assert client.get(url).status_code == 404
    assert demo_sign_in_links("") == []
    assert "_auth_user_id" not in client.session


def test_the_first_admin_needs_a_password_worth_the_name(monkeypatch):
    monkeypatch.setattr("sys.stdin", io.StringIO("short\n"))
    with pytest.raises(CommandError, match="short"):
        call_command("create_admin", "root")
    assert not User.objects.exists()
    monkeypatch.setattr("sys.stdin", io.StringIO("a long pass phrase\n"))
    call_command("create_admin", "root")
    assert User.objects.get().is_superuser


def test_a_second_admin_is_made_only_when_asked_for(monkeypatch):
    User.objects.create_superuser("root", password="a long pass phrase")
    monkeypatch.setattr("sys.stdin", io.StringIO("another long phrase\n"))
    with pytest.raises(CommandError, match="--another"):
        call_command("create_admin", "second")
    assert User.objects.count() == 1
    call_command("create_admin", "second", "--another", "--email", "second@example.com")
    assert User.objects.get(username="second").email == "second@example.com"
