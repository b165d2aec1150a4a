"""Passkeys in Chromium, on an authenticator that it plays itself."""

from contextlib import contextmanager

import pytest
from allauth.mfa.models import Authenticator
from playwright.sync_api import expect

from annotation.accounts import second_factor
from annotation.projects.models import Membership
from tests.annotation.accounts.sign_on import PASSWORD, make_person
from tests.factories import make_project

DEVICE = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


@pytest.fixture(autouse=True)
def required(settings):
    settings.SECOND_FACTOR = second_factor.STAFF


@pytest.fixture
def lead(visit):
    user = make_person("lead")
    from annotation.projects.services import add_member

    add_member(project=make_project("shop"), user=user, role=Membership.Role.LEAD)
    return user


@contextmanager
def device(at):
    """A device with a fingerprint sensor that always agrees."""
    cdp = at.page.context.new_cdp_session(at.page)
    cdp.send("WebAuthn.enable")
    made = cdp.send("WebAuthn.addVirtualAuthenticator", {"options": DEVICE})

    def agrees(does):
        values = {"authenticatorId": made["authenticatorId"], "isUserVerified": does}
        cdp.send("WebAuthn.setUserVerified", values)

    yield agrees
    cdp.detach()


def open_at_localhost(at, path):
    """Passkeys belong to a name: an address of numbers has none."""
    at.page.goto(at.server.url.replace("127.0.0.1", "localhost") + path)


def sign_in_by_password(at):
    open_at_localhost(at, "/sign-in/")
    at.page.get_by_label("User name").fill("lead")
    at.page.get_by_label("Password").fill(PASSWORD)
    at.page.get_by_role("button", name="Sign in", exact=True).click()


def test_a_lead_adds_a_passkey_and_signs_in_by_it_alone(visit, lead):
    at = visit()
    with device(at) as agrees:
        sign_in_by_password(at)
        expect(at.page.get_by_text("Set up a second factor first.")).to_be_visible()
        assert at.violations()[0] == []
        at.page.get_by_role("link", name="Add a passkey").click()
        at.page.get_by_label("What you call it").fill("my laptop")
        at.page.get_by_role("button", name="Add a passkey").click()
        expect(at.page.get_by_role("heading", name="Recovery codes")).to_be_visible()
        assert at.page.locator(".codes code").count() == 10
        assert at.violations()[0] == []
        at.page.get_by_role("link", name="Done").click()
        expect(at.page.get_by_role("link", name="Rename my laptop")).to_be_visible()

        at.page.get_by_role("button", name="Sign out").click()
        at.page.get_by_role("button", name="Use a passkey").click()
        expect(at.page.get_by_role("heading", name="Nothing waits for you")).to_be_visible()

        at.page.get_by_role("button", name="Sign out").click()
        agrees(False)
        at.allow("")  # Chromium may report the refusal
        at.page.get_by_role("button", name="Use a passkey").click()
        expect(at.page.get_by_role("alert")).to_contain_text("did not work")
        agrees(True)
        sign_in_by_password(at)
        expect(at.page.get_by_role("heading", name="Second factor")).to_be_visible()
        at.page.get_by_role("button", name="Use a passkey").click()
        expect(at.page.get_by_role("heading", name="Nothing waits for you")).to_be_visible()
    assert Authenticator.objects.filter(user=lead, type="webauthn").count() == 1


def test_without_script_a_password_signs_in_and_nothing_offers_a_passkey(visit, lead):
    at = visit(java_script_enabled=False)
    open_at_localhost(at, "/sign-in/")
    expect(at.page.get_by_role("button", name="Use a passkey")).to_be_hidden()
    sign_in_by_password(at)
    at.page.get_by_role("link", name="Add a passkey").click()
    expect(at.page.get_by_text("Passkeys need JavaScript")).to_be_visible()
    expect(at.page.get_by_role("button", name="Add a passkey")).to_be_hidden()
