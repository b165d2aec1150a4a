"""An invited person comes in by single sign-on, with an address that both sides have proven."""

from urllib.parse import parse_qs, urlsplit

import pytest
from allauth.account.models import EmailAddress
from allauth.socialaccount.models import SocialAccount
from django.urls import reverse

from annotation.accounts.models import User
from annotation.accounts.services import confirm_address
from annotation.projects.invitations import services
from annotation.projects.models import Invitation, Membership
from tests.annotation.accounts.provider import running_provider, set_up
from tests.annotation.accounts.sign_on import is_in, make_person
from tests.annotation.projects.inviting import mailed
from tests.factories import make_member, make_project, make_user

pytestmark = pytest.mark.django_db
Role = Membership.Role
START, BACK = "/sign-on/company/", "/sign-on/company/back/"
ADA = "ada@example.com"


@pytest.fixture(scope="module")
def one_provider():
    with running_provider() as provider:
        yield provider


@pytest.fixture
def provider(one_provider, settings):
    set_up(one_provider, settings)
    return one_provider


@pytest.fixture
def project():
    return make_project("shop", name="Shop")


@pytest.fixture
def lead(project):
    return make_member(project, Role.LEAD, username="grace")


@pytest.fixture
def page(project, lead):
    """The page of an invitation that left by mail."""
    return f"/invitation/{mailed(project, lead, ADA)[1]}/"


def sign_on(client, page):
    """From that page to the provider and back, as a browser goes."""
    there = urlsplit(client.post(START, {"next": page})["Location"])
    (state,) = parse_qs(there.query)["state"]
    return client.get(BACK, {"code": "c", "state": state})


def test_in_the_project_without_a_password(client, provider, project, page):
    shown = client.get(page).content.decode()
    assert "Join with Example Ltd" in shown
    assert f'action="{START}"' in shown

    answer = sign_on(client, page)

    assert answer["Location"] == reverse("labeling:home")
    assert "Welcome to" in client.get("/").content.decode()
    ada = User.objects.get(username="ada")
    assert client.session["_auth_user_id"] == str(ada.pk)
    assert not ada.has_usable_password()
    assert project.memberships.get(user=ada).role == Role.LABELER
    assert EmailAddress.objects.get(user=ada, verified=True).email == ADA
    assert SocialAccount.objects.get(user=ada).uid == "u-1"
    assert Invitation.objects.get().accepted_by == ada
    assert client.get(page).status_code == 410

    client.post("/sign-out/")
    sign_on(client, "/")
    assert client.session["_auth_user_id"] == str(ada.pk), "the second time as the same person"


@pytest.mark.parametrize(
    "claims", [{"email": "eve@example.com"}, {"email_verified": False}, {"email_verified": "true"}]
)
def test_an_address_that_is_not_proven_by_both_opens_nothing(client, provider, page, claims):
    provider.claims |= claims

    answer = sign_on(client, page)

    assert answer["Location"] == page
    assert "mailed to another address" in client.get(page).content.decode()
    assert not is_in(client)
    assert not User.objects.filter(username="ada").exists()
    assert not SocialAccount.objects.exists()
    assert Invitation.objects.get().is_open


def test_a_link_that_was_handed_over_proves_no_address(client, provider, project, lead):
    invitation, token = services.make_link(project=project, actor=lead)
    page = f"/invitation/{token}/"
    assert START not in client.get(page).content.decode()

    assert sign_on(client, page)["Location"] == page

    assert not is_in(client)
    assert not SocialAccount.objects.exists()
    invitation.refresh_from_db()
    assert invitation.is_open


def test_a_used_or_revoked_link_makes_no_account(client, provider, project, lead, page):
    services.revoke(invitation=Invitation.objects.get(), actor=lead)
    assert "By invitation only" in sign_on(client, page).content.decode()
    assert not is_in(client)
    assert not SocialAccount.objects.exists()


@pytest.mark.parametrize("page", ["", "/", "/invitation/none/", "//evil.example/", "\x00"])
def test_whoever_comes_from_elsewhere_is_not_invited(client, provider, project, lead, page):
    mailed(project, lead, ADA)
    assert "By invitation only" in sign_on(client, page).content.decode()
    assert not User.objects.exclude(pk=lead.pk).exists()


def test_an_account_with_this_address_is_signed_in_and_joins_by_the_button(
    client, provider, project, page
):
    bob = make_person("bob", email=ADA)
    confirm_address(user=bob, email=ADA)

    assert sign_on(client, page)["Location"] == page
    assert client.session["_auth_user_id"] == str(bob.pk)
    assert not project.memberships.filter(user=bob).exists()

    client.post(page)
    assert project.memberships.filter(user=bob).exists()
    assert not User.objects.filter(username="ada").exists()


def test_a_taken_name_gets_a_number(client, provider, page):
    for name in ("ada", "ADA-2"):
        make_user(name)
    sign_on(client, page)
    assert User.objects.get(pk=client.session["_auth_user_id"]).username == "ada-3"


def test_without_a_provider_the_page_offers_none(client, page):
    shown = client.get(page).content.decode()
    assert "Create the account and join" in shown
    assert "Join with" not in shown
