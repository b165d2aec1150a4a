"""Step-up: what is asked again after a while."""

from datetime import timedelta
from urllib.parse import quote

import pytest
from django.db.models import F
from django.test import Client

from annotation.accounts.models import ApiToken, Session
from annotation.projects.invitations.accepting import invitation_behind
from annotation.projects.invitations.services import make_link
from annotation.projects.services import add_member
from tests.annotation.accounts.sign_on import (
    PASSWORD,
    app_code,
    give_app,
    make_person,
    sign_in,
)
from tests.annotation.projects.matrix.caller import body_of
from tests.factories import make_key, make_member, make_project, make_user

pytestmark = pytest.mark.django_db
TOKEN = {"name": "laptop", "scope": "all", "rights": ["read", "import"], "days": "30"}


def twenty_minutes_later(client):
    later(client, minutes=20)


def later(client, *, minutes):
    """The session is old, and so are its records of who proved what."""
    session = client.session
    for record in session.get("account_authentication_methods", []):
        record["at"] -= 60 * minutes
    session.modified = True
    session.save()
    Session.objects.update(began_at=F("began_at") - timedelta(minutes=minutes))


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


# What takes personal data out, or gives rights, wants the last hour.
EXPORTS = [
    "/projects/shop/judgments.jsonl",
    "/projects/shop/judgments.csv",
    "/projects/shop/audit.jsonl",
    "/projects/shop/audit.csv",
    "/projects/shop/costs/export/",
    "/projects/shop/review/adjudications.jsonl",
]


@pytest.fixture
def lead(client, user):
    project = make_project("shop")
    user.membership = add_member(project=project, user=user, role="lead")
    return user


def fetch(client, path):
    answer = client.get(path)
    body_of(answer)
    return answer


@pytest.mark.parametrize("path", EXPORTS)
def test_an_export_wants_a_sign_in_of_the_last_hour(client, lead, path):
    later(client, minutes=50)
    assert fetch(client, path).status_code == 200
    later(client, minutes=20)
    asked = fetch(client, path)
    assert asked["Location"] == f"/sign-in/again/?next={quote(path, safe='')}"

    done = client.post(asked["Location"], {"password": PASSWORD})

    assert done["Location"] == path
    assert fetch(client, path).status_code == 200


@pytest.mark.parametrize("export", ["judgments", "adjudications"])
def test_a_browser_finds_no_way_around_it_through_the_api(client, lead, export):
    path = f"/api/projects/shop/{export}/"
    assert fetch(client, path).status_code == 200
    later(client, minutes=70)
    refused = client.get(path)
    assert refused.status_code == 403
    assert "/sign-in/again/" in refused.json()["detail"]
    by_token = {"Authorization": f"Bearer {make_key(lead)}"}
    answer = Client().get(path, headers=by_token)
    assert (answer.status_code, body_of(answer)) == (200, b"")


def test_a_role_is_changed_shortly_after_a_sign_in(client, lead):
    member = make_member(lead.membership.project).membership
    path = f"/projects/shop/people/{member.pk}/"
    later(client, minutes=70)

    asked = client.post(path, {"do": "change", "role": "lead"})

    member.refresh_from_db()
    assert member.role == "labeler"
    client.post(asked["Location"], {"password": PASSWORD})
    member.refresh_from_db()
    assert member.role == "lead"


def test_an_invitation_with_rights_is_no_way_around_it(client, lead):
    later(client, minutes=70)
    asked = client.post(
        "/projects/shop/people/invite/link/", {"link_role": "lead", "handle": "guest"}
    )
    assert asked["Location"].startswith("/sign-in/again/")
    assert not lead.membership.project.invitations.exists()


def test_nobody_chooses_a_file_that_a_question_would_lose(client, lead):
    """A form that was kept comes back without its file: the page itself asks first."""
    page = "/projects/shop/people/invite/"
    assert client.get(page).status_code == 200
    later(client, minutes=70)
    assert client.get(page)["Location"].startswith("/sign-in/again/")


def test_a_link_of_an_invitation_is_shown_shortly_after_a_sign_in(client, lead):
    invitation, token = make_link(project=lead.membership.project, actor=lead)
    page = f"/projects/shop/people/invitations/{invitation.pk}/"
    later(client, minutes=70)
    assert client.post(page, {"do": "link"})["Location"].startswith("/sign-in/again/")
    assert invitation_behind(token) == invitation
