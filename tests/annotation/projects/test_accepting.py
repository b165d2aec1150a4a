"""Accepting: once, by whoever has the link, and never more than was given."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
from allauth.account.models import EmailAddress
from django.db import connection
from django.test import Client
from django.utils import timezone

from annotation.accounts.models import Limit, User
from annotation.core.errors import Conflict
from annotation.projects import members
from annotation.projects.invitations import accepting, services
from annotation.projects.models import Invitation, Membership
from annotation.projects.pools.services import save_pool
from tests.annotation.accounts.sign_on import give_app, is_in
from tests.annotation.projects.inviting import BASE, mailed
from tests.factories import make_member, make_project, make_user

Role = Membership.Role
PASSWORD = "seven purple umbrellas"
ACCOUNT = {"username": "ada", "password": PASSWORD, "again": PASSWORD}


@pytest.fixture
def project(db):
    return make_project("shop", name="Shop <b>replies</b>")


@pytest.fixture
def lead(project):
    return make_member(project, Role.LEAD, username="grace")


@pytest.fixture
def invited(project, lead):
    """An invitation that left by mail, and the address of its page."""
    invitation, token = mailed(project, lead)
    return invitation, f"/invitation/{token}/"


def path_of_link(project, lead, **options):
    invitation, token = services.make_link(project=project, actor=lead, **options)
    return invitation, f"/invitation/{token}/"


def test_somebody_new_makes_an_account_and_is_in_the_project(client, project, lead, invited):
    invitation, path = invited
    page = client.get(path)
    assert page.status_code == 200
    text = page.content.decode()
    assert "grace invites you to the project “Shop &lt;b&gt;replies&lt;/b&gt;”, as Labeler" in text
    assert "ada@example.org" not in text
    assert "no-store" in page.headers["Cache-Control"]

    answer = client.post(path, ACCOUNT)

    assert answer.headers["Location"] == "/"
    ada = User.objects.get(username="ada")
    assert ada.check_password(PASSWORD)
    membership = project.memberships.get(user=ada)
    assert (membership.role, membership.handle) == (Role.LABELER, "ada")
    assert is_in(client)
    assert "Welcome to" in client.get("/").content.decode()
    invitation.refresh_from_db()
    assert (invitation.state, invitation.accepted_by) == (Invitation.State.ACCEPTED, ada)
    assert ada.email == "ada@example.org"
    assert EmailAddress.objects.get(user=ada).verified
    assert project.events.get(kind="invitation.accepted").actor == ada


def test_looking_at_the_page_uses_nothing_up(client, invited):
    """Mail servers open links before people do."""
    _invitation, path = invited
    for method in (client.get, client.head, client.get):
        assert method(path).status_code == 200
    assert client.post(path, ACCOUNT).status_code == 302


def test_a_link_works_once(client, invited):
    _invitation, path = invited
    assert client.post(path, ACCOUNT).status_code == 302
    late = Client()
    for answer in (late.get(path), late.post(path, ACCOUNT | {"username": "eve"})):
        assert answer.status_code == 410
        assert "This invitation was used" in answer.content.decode()
    assert not User.objects.filter(username="eve").exists()


def test_with_an_account_one_button_joins(client, project, lead, invited):
    _invitation, path = invited
    bob = make_user("bob", password=PASSWORD)
    assert "/sign-in/?next=%2Finvitation%2F" in client.get(path).content.decode()
    client.force_login(bob)
    page = client.get(path).content.decode()
    assert "Join as bob" in page
    assert 'name="password"' not in page
    assert client.post(path).status_code == 302
    assert project.memberships.get(user=bob).role == Role.LABELER
    assert EmailAddress.objects.get(user=bob, verified=True).email == "ada@example.org"


def test_signing_in_on_the_way_leads_back_to_the_invitation(client, project, lead, invited):
    _invitation, path = invited
    make_user("bob", password=PASSWORD)
    answer = client.post("/sign-in/", {"login": "bob", "password": PASSWORD, "next": path})
    assert answer.headers["Location"] == path


@pytest.mark.parametrize("role", [Role.LEAD, Role.ENGINEER, Role.ADMIN])
def test_who_gets_rights_sets_up_a_second_factor_first(client, project, lead, settings, role):
    settings.SECOND_FACTOR = "staff"
    give_app(lead)
    _invitation, path = path_of_link(project, lead, role=role)
    assert "second factor" in client.get(path).content.decode()
    assert client.post(path, ACCOUNT).headers["Location"] == "/projects/shop/"
    assert client.get("/projects/shop/").headers["Location"] == "/security/"
    give_app(User.objects.get(username="ada"))
    assert client.get("/projects/shop/").status_code == 200


def test_an_accepted_role_gives_an_old_session_a_new_key(client, project, lead, invited):
    bob = make_user("bob")
    client.force_login(bob)
    before = client.session.session_key
    client.post(invited[1])
    client.get("/")
    assert client.session.session_key != before


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"username": ""}, "This field is required."),
        ({"username": "grace"}, "This user name is taken."),
        ({"username": "GRACE"}, "This user name is taken."),
        ({"username": "a b"}, "Enter a valid username."),
        ({"username": "grace@example.org"}, "has no @"),
        ({"username": "shop/ada"}, "Enter a valid username."),
        ({"username": "a" * 151}, "at most 150 characters"),
        ({"username": "a\0b"}, "Null characters are not allowed."),
        ({"password": "short", "again": "short"}, "too short"),
        ({"password": "password123", "again": "password123"}, "too common"),
        (
            {"username": "umbrellas9", "password": "umbrellas9x", "again": "umbrellas9x"},
            "too similar to the username",
        ),
        ({"again": "something else"}, "The two passwords differ."),
        ({"password": "", "again": ""}, "This field is required."),
    ],
)
def test_bad_input_is_told_and_uses_nothing_up(client, invited, fields, sentence):
    invitation, path = invited
    people = User.objects.count()
    answer = client.post(path, ACCOUNT | fields)
    assert answer.status_code == 422
    assert sentence in answer.content.decode()
    assert PASSWORD not in answer.content.decode()
    assert User.objects.count() == people
    invitation.refresh_from_db()
    assert invitation.accepted_at is None


def closed(kind, project, lead):
    invitation, token = mailed(project, lead)
    if kind == "expired":
        past = timezone.now() - timedelta(days=20)
        Invitation.objects.update(created_at=past, expires_at=past + timedelta(days=14))
    elif kind == "revoked":
        services.revoke(invitation=invitation, actor=lead)
    elif kind == "renewed":
        services.resend(invitation=invitation, actor=lead, base_url=BASE)
    else:
        token = token[:-1] + ("a" if token[-1] != "a" else "b")
    return f"/invitation/{token}/"


@pytest.mark.parametrize(
    ("kind", "status", "sentence"),
    [
        ("expired", 410, "too old"),
        ("revoked", 410, "was revoked"),
        ("renewed", 404, "opens nothing"),
        ("mistyped", 404, "opens nothing"),
    ],
)
def test_what_is_closed_says_so_and_opens_nothing(client, project, lead, kind, status, sentence):
    path = closed(kind, project, lead)
    bob = make_user("bob")
    for visitor in (None, bob):
        if visitor:
            client.force_login(visitor)
        for answer in (client.get(path), client.post(path, ACCOUNT)):
            assert answer.status_code == status
            assert sentence in answer.content.decode()
            assert "Shop" not in answer.content.decode()
    assert not User.objects.filter(username="ada").exists()
    assert not project.memberships.filter(user=bob).exists()


def test_a_link_that_a_lead_has_seen_proves_no_address(client, project, lead, invited):
    """Else a lead could make an account that opens by somebody else's single sign-on."""
    invitation, _path = invited
    token = services.renew_link(invitation=invitation, actor=lead)
    assert client.post(f"/invitation/{token}/", ACCOUNT).status_code == 302
    assert not EmailAddress.objects.exists()
    assert User.objects.get(username="ada").email == ""


def test_an_address_that_somebody_has_proven_stays_theirs(client, project, lead, invited):
    owner = make_user("owner")
    EmailAddress.objects.create(user=owner, email="ada@example.org", verified=True, primary=True)
    assert client.post(invited[1], ACCOUNT).status_code == 302
    assert EmailAddress.objects.get().user == owner
    assert User.objects.get(username="ada").email == ""


def test_who_is_in_the_project_stays_what_they_are(client, project, lead, invited):
    invitation, path = invited
    client.force_login(lead)
    page = client.get(path).content.decode()
    assert "You are in this project already" in page
    assert "Join as" not in page
    assert client.post(path).status_code == 409
    assert project.memberships.get(user=lead).role == Role.LEAD
    invitation.refresh_from_db()
    assert invitation.accepted_at is None


def test_who_was_removed_is_taken_back_by_a_person_not_by_a_link(client, project, lead, invited):
    bob = make_member(project, username="bob")
    members.remove(membership=bob.membership, actor=lead)
    client.force_login(bob)
    assert "A lead can take you back" in client.get(invited[1]).content.decode()
    assert client.post(invited[1]).status_code == 409
    assert not project.memberships.get(user=bob).is_active


@pytest.mark.parametrize("role", list(Role))
def test_a_removed_lead_does_not_come_back_by_a_link_of_their_own(client, project, lead, role):
    make_member(project, Role.LEAD)
    _invitation, path = path_of_link(project, lead, role=role)
    members.remove(membership=project.memberships.get(user=lead), actor=None)
    expected = 200 if role == Role.LABELER else 410
    assert client.get(path).status_code == expected
    client.post(path, ACCOUNT)
    assert User.objects.filter(username="ada").exists() is (role == Role.LABELER)


def test_a_lead_removed_while_the_page_was_open_gives_no_rights_either(project, lead):
    make_member(project, Role.LEAD)
    invitation, _path = path_of_link(project, lead, role=Role.LEAD)
    members.remove(membership=project.memberships.get(user=lead), actor=None)
    with pytest.raises(Conflict):
        accepting.accept(invitation=invitation, user=make_user("bob"))
    assert not project.memberships.filter(user__username="bob").exists()
    invitation.refresh_from_db()
    assert invitation.accepted_at is None


def test_a_handle_is_the_one_that_was_given_or_the_next_that_is_free(client, project, lead):
    make_member(project, username="taken-user", handle="ada")
    _invitation, path = path_of_link(project, lead)
    client.post(path, ACCOUNT)
    assert project.memberships.get(user__username="ada").handle == "ada-2"
    _invitation, path = path_of_link(project, lead, handle="Countess")
    Client().post(path, ACCOUNT | {"username": "eve"})
    assert project.memberships.get(user__username="eve").handle == "Countess"


def test_the_way_in_leads_into_the_pools_that_were_named(client, project, lead):
    german = save_pool(name="German", kind="language", description="", actor=lead)
    foreign = save_pool(
        name="Law", kind="domain", description="", actor=make_member(make_project(), Role.LEAD)
    )
    _invitation, token = mailed(project, lead, "email,pools\nada@example.org,german|Law|gone")
    assert client.post(f"/invitation/{token}/", ACCOUNT).status_code == 302
    assert german.members.get().user.username == "ada"
    assert not foreign.members.exists()


def test_guessing_links_is_slowed_down_and_a_right_one_still_opens(client, invited):
    for _ in range(30):
        assert client.get("/invitation/nothing-here/").status_code == 404
    assert client.get("/invitation/nothing-here/").status_code == 429
    assert client.get(invited[1]).status_code == 200
    Limit.objects.all().delete()
    assert client.get("/invitation/nothing-here/").status_code == 404


def test_one_link_is_tried_twenty_times_at_most(client, project, lead, invited):
    for _ in range(20):
        assert client.post(invited[1], ACCOUNT | {"username": "grace"}).status_code == 422
    assert client.post(invited[1], ACCOUNT).status_code == 429
    assert not User.objects.filter(username="ada").exists()
    _invitation, path = path_of_link(project, lead)
    assert client.post(path, ACCOUNT).status_code == 302


@pytest.mark.parametrize("token", ["%00", "..", "a" * 5000, "☃", "'; DROP TABLE"])
def test_hostile_links_are_not_found(client, db, token):
    assert client.get(f"/invitation/{token}/").status_code in (302, 404)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("has_account", [False, True])
def test_of_two_who_accept_at_once_one_is_in(has_account):
    project = make_project()
    lead = make_member(project, Role.LEAD)
    _invitation, token = services.make_link(project=project, actor=lead)
    users = [make_user(f"user-{n}") for n in range(2)] if has_account else [None, None]
    people = User.objects.count()
    barrier = Barrier(2)

    def come(n):
        invitation = accepting.invitation_behind(token)
        barrier.wait(timeout=30)
        try:
            if has_account:
                accepting.accept(invitation=invitation, user=users[n])
            else:
                accepting.accept_as_new(
                    invitation=invitation, username=f"new-{n}", password=PASSWORD
                )
            return "in"
        except Conflict as error:
            return str(error)
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        results = sorted(pool.map(come, range(2)))
    assert results == ["This link was used, renewed or revoked just now.", "in"]
    assert project.memberships.filter(role=Role.LABELER).count() == 1
    assert User.objects.count() == people + (0 if has_account else 1)
