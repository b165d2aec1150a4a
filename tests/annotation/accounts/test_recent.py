"""Step-up: what is asked again after a while."""

from datetime import timedelta
from urllib.parse import quote

import pytest
from django.db.models import F

from annotation.accounts.models import ApiToken, Session
from tests.annotation.accounts.sign_on import (
    PASSWORD,
    app_code,
    give_app,
    make_person,
    sign_in,
)
from tests.factories import make_user

pytestmark = pytest.mark.django_db
TOKEN = {"name": "laptop", "scope": "all", "rights": ["read", "import"], "days": "30"}


def twenty_minutes_later(client):
    """The session is old, and so are its records of who proved what."""
    session = client.session
    for record in session.get("account_authentication_methods", []):
        record["at"] -= 1200
    session.modified = True
    session.save()
    Session.objects.update(began_at=F("began_at") - timedelta(minutes=20))


@pytest.fixture
def user(client):
    user = make_person()
    sign_in(client)
    return user


def test_a_token_is_made_shortly_after_a_sign_in(client, user):
    assert client.post("/profile/", TOKEN).status_code == 200
    assert ApiToken.objects.count() == 1


def test_later_the_password_is_asked_for_and_the_form_goes_through(client, user):
    twenty_minutes_later(client)
    assert client.get("/profile/").status_code == 200

    asked = client.post("/profile/", TOKEN)
    assert asked["Location"] == "/sign-in/again/?next=%2Fprofile%2F"
    assert not ApiToken.objects.exists()

    wrong = client.post(asked["Location"], {"password": "wrong"})
    assert "Is it still you?" in wrong.content.decode()
    assert not ApiToken.objects.exists()
    done = client.post(asked["Location"], {"password": PASSWORD})
    assert "concord_" in done.content.decode()
    token = ApiToken.objects.get()
    assert (token.name, token.rights) == ("laptop", ["read", "import"])  # all that was sent

    assert client.post("/profile/", TOKEN | {"name": "second"}).status_code == 200
    assert ApiToken.objects.count() == 2


def test_a_code_of_the_app_will_do_as_well(client, user):
    twenty_minutes_later(client)
    give_app(user)
    client.post("/profile/", TOKEN)

    client.post("/sign-in/again/code/?next=/profile/", {"code": app_code()})

    assert ApiToken.objects.count() == 1


def test_whoever_has_nothing_to_prove_it_by_is_let_through(client):
    """The demo's people come by a link."""
    client.force_login(make_user())
    twenty_minutes_later(client)
    assert client.post("/profile/", TOKEN).status_code == 200
    assert ApiToken.objects.count() == 1


def test_a_second_factor_is_set_up_only_shortly_after_a_sign_in(client, user):
    assert client.get("/security/app/").status_code == 200
    twenty_minutes_later(client)
    for path in ("/security/app/", "/security/passkeys/new/"):
        assert client.get(path)["Location"] == f"/sign-in/again/?next={quote(path, safe='')}"
