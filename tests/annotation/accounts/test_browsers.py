"""What a browser calls itself, in words that its user knows."""

import pytest
from django.urls import reverse
from django.utils import translation

from annotation.accounts.browsers import browser_name
from tests.factories import make_user

WEBKIT = "AppleWebKit/537.36 (KHTML, like Gecko)"
LINUX_FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
AGENTS = {
    LINUX_FIREFOX: "Firefox on Linux",
    f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) {WEBKIT} Chrome/141.0 Safari/537.36": (
        "Chrome on Windows"
    ),
    f"Mozilla/5.0 (Windows NT 10.0) {WEBKIT} Chrome/141.0 Safari/537.36 Edg/141.0": (
        "Edge on Windows"
    ),
    f"Mozilla/5.0 (X11; CrOS x86_64) {WEBKIT} Chrome/141.0 Safari/537.36": "Chrome on ChromeOS",
    f"Mozilla/5.0 (Linux; Android 16; K) {WEBKIT} Chrome/141.0 Mobile Safari/537.36": (
        "Chrome on Android"
    ),
    f"Mozilla/5.0 (Linux; Android 15) {WEBKIT} SamsungBrowser/28.0 Chrome/130.0 Safari/537.36": (
        "Samsung Internet on Android"
    ),
    f"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) {WEBKIT} Version/26.0 Safari/605.1": (
        "Safari on macOS"
    ),
    f"Mozilla/5.0 (iPhone; CPU iPhone OS 26_0 like Mac OS X) {WEBKIT} CriOS/141.0 Safari/604.1": (
        "Chrome on iPhone"
    ),
    "Mozilla/5.0 (iPad; CPU OS 18_0 like Mac OS X) Version/18.0 Safari/604.1": "Safari on iPad",
    "curl/8.14.1": "curl",
    "Mozilla/5.0 (Windows NT 10.0) Something": "A browser on Windows",
    "MyTool/1.0 (own)": "MyTool",
    "": "An unknown browser",
    " / ": "An unknown browser",
    "x" * 200: "x" * 40,
}


@pytest.mark.parametrize(("agent", "name"), AGENTS.items(), ids=AGENTS.values())
def test_a_browser_is_named_as_its_user_knows_it(agent, name):
    with translation.override("en"):
        assert browser_name(agent) == name


@pytest.mark.django_db
def test_the_list_of_sessions_names_the_browser_and_keeps_what_it_said(client):
    client.force_login(make_user("vera"))
    client.get(reverse("accounts:list-sessions"))
    session = client.session
    session.agent = LINUX_FIREFOX
    type(session).get_model_class().objects.update(agent=LINUX_FIREFOX + " <b>")

    shown = client.get(reverse("accounts:list-sessions")).content.decode()
    assert "<summary>Firefox on Linux</summary>" in shown
    assert "Firefox/140.0 &lt;b&gt;" in shown
