"""The pages: a person's own, and the admins'."""

import pytest
from django.urls import reverse

from annotation.accounts.models import User
from annotation.core.models import Event
from annotation.labeling.models import Judgment
from annotation.privacy.models import Erasure, ErasureRequest
from annotation.projects.models import Membership
from tests.factories import make_item, make_judgment, make_member, make_project, make_user

pytestmark = pytest.mark.django_db

YOURS = "/profile/your-data/"


@pytest.fixture(autouse=True)
def data_folder(settings, tmp_path):
    settings.DATA_DIR = tmp_path


@pytest.fixture
def ada():
    project = make_project("shop", name="The shop")
    user = make_member(project, username="ada", handle="ada")
    make_judgment(make_item(project), user, [1, 2], rationale="Because.")
    return user


@pytest.fixture
def admin(client):
    admin = make_user("root", is_superuser=True, password="a long pass phrase")
    client.force_login(admin)
    return admin


def url_for(user):
    return reverse("privacy:erase-person", args=[user.pk])


def test_a_request_is_made_seen_and_taken_back(client, ada):
    client.force_login(ada)
    ask = reverse("privacy:ask-for-erasure")
    client.post(ask)
    client.post(ask)
    assert "You asked for it" in client.get(YOURS).content.decode()
    assert ErasureRequest.objects.count() == 1

    admin = make_user(is_superuser=True)
    client.force_login(admin)
    listed = client.get(reverse("privacy:list-people")).content.decode()
    assert "They ask to be erased" in listed

    client.force_login(ada)
    client.post(ask, {"withdraw": "1"})
    assert "You asked for it" not in client.get(YOURS).content.decode()
    kinds = Event.objects.filter(kind__startswith="erasure.").values_list("kind", flat=True)
    assert list(kinds.order_by("pk")) == ["erasure.asked", "erasure.withdrawn"]
    client.post(ask)
    assert ErasureRequest.objects.count() == 2, "another one may follow"


@pytest.mark.parametrize("role", list(Membership.Role))
def test_the_admins_pages_are_absent_for_every_role(client, ada, role):
    client.force_login(make_member(make_project(), role))
    assert client.get(reverse("privacy:list-people")).status_code == 404
    assert client.get(url_for(ada)).status_code == 404
    assert client.post(url_for(ada), {"name": "ada"}).status_code == 404
    assert User.objects.get(pk=ada.pk).username == "ada"


def test_the_preview_says_what_goes_and_what_stays(client, ada, admin):
    page = client.get(url_for(ada)).content.decode()
    assert "Erase ada" in page
    assert "The shop" in page
    assert "1 judgment" in page
    assert "Places in projects, under the pseudonym" in page
    assert User.objects.get(pk=ada.pk).username == "ada"
    assert not Erasure.objects.exists()


@pytest.mark.parametrize("name", ["", "Ada", "ada x", "root", "\x00"])
def test_without_the_very_name_nobody_is_erased(client, ada, admin, name):
    answer = client.post(url_for(ada), {"name": name})
    assert answer.status_code == 422
    assert User.objects.get(pk=ada.pk).username == "ada"
    assert not Erasure.objects.exists()


def test_with_the_name_they_are(client, ada, admin):
    assert client.post(url_for(ada), {"name": "ada"}).status_code == 302
    erasure = Erasure.objects.get()
    assert (erasure.user, erasure.actor, erasure.removes_texts) == (ada, admin, False)
    done = client.get(url_for(ada)).content.decode()
    assert erasure.pseudonym in done
    assert "Free texts of judgments were kept" in done
    assert client.post(url_for(ada), {"name": "ada"}).status_code == 422, "nobody's name any more"
    assert Erasure.objects.count() == 1


def test_texts_that_were_kept_go_later_from_the_page(client, ada, admin):
    assert Judgment.objects.get().rationale == "Because."
    client.post(url_for(ada), {"name": "ada"})
    pseudonym = Erasure.objects.get().pseudonym
    assert "Remove the free texts, too" in client.get(url_for(ada)).content.decode()

    assert client.post(url_for(ada), {"name": pseudonym}).status_code == 302

    assert Judgment.objects.get().rationale == ""
    assert list(Erasure.objects.values_list("pseudonym", "removes_texts").order_by("pk")) == [
        (pseudonym, False),
        (pseudonym, True),
    ]
    page = client.get(url_for(ada)).content.decode()
    assert "Free texts were removed, too." in page
    assert "Remove the free texts, too" not in page


def test_it_needs_a_recent_sign_in(client, ada, admin, settings):
    settings.ACCOUNT_REAUTHENTICATION_TIMEOUT = 0
    answer = client.post(url_for(ada), {"name": "ada"})
    assert answer.headers["Location"].startswith("/sign-in/again/")
    assert not Erasure.objects.exists()


def test_the_last_lead_is_a_sentence_on_the_page(client, admin):
    lead = make_member(make_project(), Membership.Role.LEAD, username="boss")
    assert "make somebody else one first" in client.get(url_for(lead)).content.decode()
    answer = client.post(url_for(lead), {"name": "boss"})
    assert answer.status_code == 422
    assert User.objects.get(pk=lead.pk).username == "boss"


def test_people_are_found_by_name_and_address(client, ada, admin):
    make_user("bob", email="robert@example.com")
    url = reverse("privacy:list-people")
    assert [user.username for user in client.get(url, {"q": "ROBERT@"}).context["people"]] == [
        "bob"
    ]
    assert list(client.get(url, {"q": "nobody\x00"}).context["people"]) == []


def test_a_simulated_labeler_is_nobodys_page(client, admin):
    machine = make_user(kind="simulated")
    assert client.get(url_for(machine)).status_code == 404
    assert client.get(reverse("privacy:erase-person", args=[10**12])).status_code == 404


def test_a_wish_that_the_texts_go_is_ticked_for_the_admin(client, ada, admin):
    assert "checked" not in client.get(url_for(ada)).content.decode()
    client.force_login(ada)
    client.post(reverse("privacy:ask-for-erasure"), {"removes_texts": "1"})
    client.force_login(admin)
    page = client.get(url_for(ada)).content.decode()
    assert "checked" in page
    assert "They wish their free texts to go, too." in page
