"""What the environment may say about signing in."""

import pytest
from environ import Env, ImproperlyConfigured

from annotation.core.sign_on import mail, second_factor, single_sign_on, single_sign_on_origins

OIDC = {
    "CONCORD_OIDC_ISSUER": "https://id.example/realm/",
    "CONCORD_OIDC_CLIENT_ID": "concord",
    "CONCORD_OIDC_SECRET": "s3cret",
}


@pytest.fixture
def environment(monkeypatch):
    def say(**variables):
        monkeypatch.setattr(Env, "ENVIRON", variables)
        return Env()

    return say


@pytest.mark.parametrize(
    ("is_demo", "is_loopback", "expected"),
    [(True, True, "nobody"), (False, True, "staff"), (False, False, "staff")],
)
def test_who_needs_a_second_factor_unless_it_is_said(environment, is_demo, is_loopback, expected):
    assert second_factor(environment(), is_demo=is_demo, is_loopback=is_loopback) == expected


def test_nobody_is_for_this_machine_only(environment):
    env = environment(CONCORD_SECOND_FACTOR="nobody")
    assert second_factor(env, is_demo=False, is_loopback=True) == "nobody"
    with pytest.raises(ImproperlyConfigured, match="this machine only"):
        second_factor(env, is_demo=False, is_loopback=False)
    with pytest.raises(ImproperlyConfigured, match="not “all”"):
        second_factor(environment(CONCORD_SECOND_FACTOR="all"), is_demo=False, is_loopback=True)


def test_single_sign_on_is_off_or_whole(environment):
    assert single_sign_on(environment()) == {}
    (app,) = single_sign_on(environment(**OIDC))["openid_connect"]["APPS"]
    assert (app["client_id"], app["secret"]) == ("concord", "s3cret")
    assert app["settings"]["server_url"] == "https://id.example/realm"
    with pytest.raises(ImproperlyConfigured, match="CONCORD_OIDC_SECRET"):
        single_sign_on(environment(**{**OIDC, "CONCORD_OIDC_SECRET": ""}))


def test_a_form_may_lead_to_the_provider_and_nowhere_else(environment):
    assert single_sign_on_origins(environment()) == []
    env = environment(**OIDC, CONCORD_OIDC_ORIGINS="https://login.example/x,https://id.example")
    assert single_sign_on_origins(env) == ["https://id.example", "https://login.example"]


def test_mail_is_printed_on_this_machine_and_sent_elsewhere(environment):
    assert mail(environment(), is_loopback=True)["EMAIL_BACKEND"].endswith("console.EmailBackend")
    assert mail(environment(), is_loopback=False)["EMAIL_HOST"] == "localhost"
    sent = mail(environment(CONCORD_EMAIL_URL="smtp+tls://u:p@mx.example:587"), is_loopback=False)
    assert (sent["EMAIL_HOST"], sent["EMAIL_USE_TLS"]) == ("mx.example", True)
