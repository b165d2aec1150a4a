"""A site admin says who may make projects."""

import pytest

from annotation.accounts.models import User
from annotation.core.models import Event
from tests.factories import make_member, make_project, make_user

pytestmark = pytest.mark.django_db

PAGE = "/site/people/"


@pytest.fixture
def admin(client):
    admin = make_user("root", is_superuser=True)
    client.force_login(admin)
    return admin


def test_it_is_allowed_and_withdrawn(client, admin):
    ada = make_user("ada")
    for do, is_allowed in [("allow", True), ("withdraw", False)]:
        assert client.post(f"{PAGE}{ada.pk}/", {"do": do}).status_code == 302
        ada.refresh_from_db()
        assert ada.may_create_projects is is_allowed
    kinds = Event.objects.filter(target=f"user:{ada.pk}").order_by("id")
    assert list(kinds.values_list("kind", "actor")) == [
        ("user.may_create_projects", admin.pk),
        ("user.may_not_create_projects", admin.pk),
    ]


def test_the_same_twice_is_one_event(client, admin):
    ada = make_user("ada")
    for _ in range(2):
        client.post(f"{PAGE}{ada.pk}/", {"do": "allow"})
    assert Event.objects.filter(target=f"user:{ada.pk}").count() == 1


def test_it_counts_on_the_next_request(client, admin):
    ada = make_user("ada")
    client.force_login(ada)
    assert client.get("/projects/new/").status_code == 404
    User.objects.filter(pk=ada.pk).update(may_create_projects=True)
    assert client.get("/projects/new/").status_code == 200


def test_who_may_make_projects_needs_a_second_factor(client, settings):
    settings.SECOND_FACTOR = "staff"
    ada = make_user("ada", may_create_projects=True)
    client.force_login(ada)
    assert client.get("/projects/new/").headers["Location"] == "/security/"
    User.objects.filter(pk=ada.pk).update(may_create_projects=False)
    assert client.get("/").status_code == 200


@pytest.mark.parametrize("role", ["labeler", "lead", "engineer", "admin"])
def test_it_is_for_site_admins_only(client, role):
    ada = make_user("ada")
    client.force_login(make_member(make_project(), role))
    assert client.get(PAGE).status_code == 404
    assert client.post(f"{PAGE}{ada.pk}/", {"do": "allow"}).status_code == 404
    ada.refresh_from_db()
    assert not ada.may_create_projects


def test_people_are_found_by_name_and_address(client, admin):
    make_user("ada", email="countess@example.org")
    make_user("<b>bob</b>")
    assert "countess@example.org" in client.get(PAGE).content.decode()
    page = client.get(PAGE, {"q": "countess"}).content.decode()
    assert "ada" in page
    assert "bob" not in page
    page = client.get(PAGE, {"q": "\0<b>bob"}).content.decode()
    assert "<b>bob" not in page
    assert "&lt;b&gt;bob&lt;/b&gt;" in page
    assert "Nobody found" in client.get(PAGE, {"q": "zzz"}).content.decode()


def test_who_is_no_person_or_was_disabled_is_absent(client, admin):
    gone = make_user("gone", is_active=False)
    program = make_user("program", kind=User.Kind.SIMULATED)
    for user in (gone, program):
        assert client.post(f"{PAGE}{user.pk}/", {"do": "allow"}).status_code == 404
        user.refresh_from_db()
        assert not user.may_create_projects
