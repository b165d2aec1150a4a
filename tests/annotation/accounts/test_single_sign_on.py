"""OpenID Connect against a provider on this machine."""

from urllib.parse import parse_qs, urlsplit

import pytest
from allauth.account.models import EmailAddress
from allauth.socialaccount.models import SocialAccount

from annotation.accounts.models import User
from annotation.accounts.services import confirm_address
from tests.annotation.accounts.provider import CLIENT, SECRET, running_provider, set_up
from tests.annotation.accounts.sign_on import give_app, is_in, make_person
from tests.factories import make_user

pytestmark = pytest.mark.django_db
START, BACK = "/sign-on/company/", "/sign-on/company/back/"


@pytest.fixture(scope="module")
def one_provider():
    with running_provider() as provider:
        yield provider


@pytest.fixture
def provider(one_provider, settings):
    set_up(one_provider, settings)
    return one_provider


def come_back(client, **changed):
    """To the provider and back, as a browser goes."""
    there = urlsplit(client.post(START)["Location"])
    sent = {name: values[0] for name, values in parse_qs(there.query).items()}
    return client.get(BACK, {"code": "c", "state": sent["state"]} | changed)


def test_an_invited_person_comes_in_and_has_proven_the_address(client, provider):
    user = make_user(email="Ada@example.com")

    assert come_back(client).status_code == 302

    assert client.session["_auth_user_id"] == str(user.pk)
    assert EmailAddress.objects.get(user=user, verified=True).email == "ada@example.com"
    assert SocialAccount.objects.get(user=user).uid == "u-1"
    assert not User.objects.exclude(pk=user.pk).exists()


def test_a_proven_address_links_an_account_that_has_a_password(client, provider):
    user = make_person(email="ada@example.com")
    confirm_address(user=user, email="ada@example.com")

    come_back(client)

    assert is_in(client)
    user.refresh_from_db()
    assert user.has_usable_password()


def test_an_address_that_is_only_written_there_links_nothing(client, provider):
    """Whoever wrote it beside an account of theirs would share the account of its owner."""
    make_person(email="ada@example.com")

    answer = come_back(client)

    assert "By invitation only" in answer.content.decode()
    assert not is_in(client)
    assert not SocialAccount.objects.exists()


@pytest.mark.parametrize("verified", [False, None, "true", 1])
def test_an_address_the_provider_has_not_proven_links_nothing(client, provider, verified):
    make_user(email="ada@example.com")
    provider.claims["email_verified"] = verified
    come_back(client)
    assert not is_in(client)

    provider.claims["email_verified"] = True
    come_back(client)
    assert is_in(client)


def test_nobody_signs_up(client, provider):
    answer = come_back(client)
    assert "By invitation only" in answer.content.decode()
    assert not User.objects.exists()


def test_the_second_time_the_provider_s_own_id_counts(client, provider):
    user = make_user(email="ada@example.com")
    come_back(client)
    client.post("/sign-out/")
    provider.claims |= {"email": "changed@example.com", "email_verified": False}

    come_back(client)

    assert client.session["_auth_user_id"] == str(user.pk)


def test_a_closed_account_stays_closed(client, provider):
    user = make_user(email="ada@example.com")
    come_back(client)
    client.post("/sign-out/")
    User.objects.update(is_active=False)

    come_back(client)
    assert not is_in(client)

    SocialAccount.objects.all().delete()
    come_back(client)
    assert not is_in(client)
    assert not SocialAccount.objects.filter(user=user).exists()


def test_two_invited_with_one_address_are_nobody(client, provider):
    make_user(email="ada@example.com")
    make_user(email="ADA@example.com")
    come_back(client)
    assert not is_in(client)


def test_our_second_factor_is_asked_for_as_well(client, provider):
    user = make_user(email="ada@example.com")
    give_app(user)
    assert come_back(client)["Location"] == "/sign-in/code/"
    assert not is_in(client)


def test_a_state_that_we_did_not_send_is_refused(client, provider):
    make_user(email="ada@example.com")
    answer = come_back(client, state="theirs")
    assert "Single sign-on failed" in answer.content.decode()
    assert not is_in(client)
    assert provider.asked == []


def test_a_token_for_another_client_is_refused(client, provider):
    make_user(email="ada@example.com")
    provider.audience = "somebody else"
    come_back(client)
    assert not is_in(client)


def test_the_code_is_bound_to_this_browser(client, provider):
    make_user(email="ada@example.com")
    come_back(client)
    (asked,) = provider.asked
    assert len(asked["code_verifier"]) >= 43
    assert (asked["client_id"], asked["client_secret"]) == (CLIENT, SECRET)


def test_the_sign_in_page_offers_it_by_a_form(client, provider):
    page = client.get("/sign-in/").content.decode()
    assert "Sign in with Example Ltd" in page
    assert f'action="{START}"' in page
    assert client.get(START).status_code == 200, "a link from elsewhere signs nobody in"


def test_without_a_provider_there_is_nothing(client):
    assert client.get(START).status_code == client.get(BACK).status_code == 404
    assert START not in client.get("/sign-in/").content.decode()
