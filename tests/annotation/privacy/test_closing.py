"""A site admin closes an account, and opens it again."""

import threading

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse

from annotation.core.errors import Conflict
from annotation.core.models import Event
from annotation.labeling.models import Assignment
from annotation.labeling.services import lend_next_item
from annotation.privacy.closing import close_account, open_account
from annotation.privacy.erasing import erase_person
from annotation.projects.models import Membership
from tests.factories import make_item, make_key, make_member, make_project, make_user

pytestmark = pytest.mark.django_db
Role = Membership.Role
PEOPLE = "/people/"


@pytest.fixture
def admin(client):
    admin = make_user("root", is_superuser=True)
    client.force_login(admin)
    return admin


@pytest.fixture
def project():
    return make_project("shop")


def change(client, person, do):
    address = reverse("privacy:change-account", args=[person.pk])
    return client.post(address, {"do": do, "q": person.username}, follow=True)


def kinds_about(person):
    events = Event.objects.filter(target=f"user:{person.pk}", kind__startswith="user.")
    return list(events.order_by("pk").values_list("kind", flat=True))


def is_in(browser):
    return browser.get("/profile/").status_code == 200


def test_closed_and_opened_again_on_the_page(client, admin, project):
    ada = make_member(project, username="ada")
    key, browser = make_key(ada), Client()
    browser.force_login(ada)
    assert is_in(browser)

    page = change(client, ada, "close")

    assert "The account of ada is closed." in page.content.decode()
    assert page.context["query"] == "ada"
    assert not is_in(browser)
    api = reverse("projects-api:projects")
    assert Client().get(api, headers={"Authorization": f"Bearer {key}"}).status_code == 401

    assert "is open again." in change(client, ada, "open").content.decode()
    assert not is_in(browser), "what was ended stays ended"
    assert not ada.api_tokens.usable().exists()
    ada.refresh_from_db()
    browser.force_login(ada)
    assert is_in(browser)
    assert browser.get(reverse("labeling:judge", args=["shop"])).status_code == 200
    assert kinds_about(ada) == ["user.disabled", "user.enabled"]


def test_twice_is_once(admin):
    ada = make_user("ada")
    for act in (close_account, close_account, open_account, open_account):
        act(user=ada, actor=admin)
    assert kinds_about(ada) == ["user.disabled", "user.enabled"]


def test_what_is_on_their_desk_goes_to_others(admin, project):
    item, ada = make_item(project, overlap=1), make_member(project)
    lend_next_item(project=project, labeler=ada)
    item.refresh_from_db()
    assert item.taken == 1

    close_account(user=ada, actor=admin)

    item.refresh_from_db()
    assert item.taken == 0
    assert not Assignment.objects.filter(state="live").exists()
    assert lend_next_item(project=project, labeler=make_member(project)).item_id == item.pk


def test_the_last_lead_of_a_project_stays(client, admin, project):
    lead = make_member(project, Role.LEAD, username="lena")
    assert "A project needs a lead" in change(client, lead, "close").content.decode()
    lead.refresh_from_db()
    assert lead.is_active

    make_member(project, Role.LEAD)
    change(client, lead, "close")
    lead.refresh_from_db()
    assert not lead.is_active
    assert kinds_about(lead) == ["user.disabled"]


def test_nobody_closes_their_own_account_nor_the_last_admins(client, admin):
    assert "another admin has to close it" in change(client, admin, "close").content.decode()
    with pytest.raises(Conflict, match="last admin"):
        close_account(user=admin, actor=None)
    admin.refresh_from_db()
    assert admin.is_active
    other = make_user(is_superuser=True)
    close_account(user=other, actor=admin)
    assert kinds_about(other) == ["user.disabled"]


def test_who_was_erased_has_no_account_to_open(client, admin, settings, tmp_path):
    settings.DATA_DIR = tmp_path
    ada = make_user("ada")
    erase_person(user=ada, actor=admin)
    ada.refresh_from_db()
    assert "was erased" in change(client, ada, "open").content.decode()
    ada.refresh_from_db()
    assert not ada.is_active
    assert (
        reverse("privacy:change-account", args=[ada.pk]) not in client.get(PEOPLE).content.decode()
    )


def test_an_account_is_the_site_admins_to_close(client, project):
    ada = make_user("ada")
    client.force_login(make_member(project, Role.LEAD))
    assert change(client, ada, "close").status_code == 404
    ada.refresh_from_db()
    assert ada.is_active


@pytest.mark.django_db(transaction=True)
def test_two_admins_who_close_each_other_leave_one():
    admins = [make_user(is_superuser=True) for _ in range(2)]
    start, refused = threading.Barrier(2), []

    def close(actor, user):
        start.wait()
        try:
            close_account(user=user, actor=actor)
        except Conflict as error:
            refused.append(str(error))
        finally:
            connection.close()

    pairs = (admins, admins[::-1])
    threads = [threading.Thread(target=close, args=pair) for pair in pairs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    for admin in admins:
        admin.refresh_from_db()
    assert sorted(admin.is_active for admin in admins) == [False, True]
    assert len(refused) == 1
