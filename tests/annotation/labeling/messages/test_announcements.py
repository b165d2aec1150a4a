"""Announcements: told once to each person, pinned or until a day, seen by nobody outside."""

from datetime import timedelta

import pytest
from django.core.exceptions import ObjectDoesNotExist
from django.utils import timezone

from annotation.core.errors import DomainError
from annotation.core.models import Event
from annotation.labeling.messages.services import announce, announcements_for
from annotation.labeling.models import Announcement, AnnouncementRead
from annotation.projects.models import Membership
from tests.annotation.labeling.test_views import url
from tests.factories import make_member, make_project

pytestmark = pytest.mark.django_db
Role = Membership.Role


@pytest.fixture
def project():
    return make_project("shop", name="The shop")


@pytest.fixture
def lead(project):
    return make_member(project, Role.LEAD)


@pytest.fixture
def labeler(project):
    return make_member(project)


def home(client, user):
    client.force_login(user)
    return client.get("/").content.decode()


def test_told_by_a_lead_read_once_by_each_and_counted(client, project, lead, labeler):
    other = make_member(project)
    client.force_login(lead)
    said = {"text": "From **today** on: <b>no</b> emoji."}
    client.post(url("list-announcements", "shop"), said)
    made = Announcement.objects.get()
    assert "From <strong>today</strong> on" in home(client, labeler)
    assert "<b>no</b>" not in home(client, labeler), "Markdown of a person, no markup"
    client.post(url("read-announcement", made.pk))
    client.post(url("read-announcement", made.pk))
    assert "today" not in home(client, labeler)
    assert "today" in home(client, other)
    assert AnnouncementRead.objects.count() == 1
    client.force_login(lead)
    assert "read by 1 of 3" in client.get(url("list-announcements", "shop")).content.decode()
    client.force_login(labeler)
    listed = client.get(url("list-announcements", "shop")).content.decode()
    assert "today" in listed, "the list keeps it"
    assert "read by" not in listed


def test_pinned_it_stays_until_it_is_withdrawn(client, project, lead, labeler):
    made = announce(project=project, author=lead, text="Be kind.", is_pinned=True)
    client.force_login(labeler)
    client.post(url("read-announcement", made.pk))
    shown = home(client, labeler)
    assert "Be kind." in shown
    assert url("read-announcement", made.pk) not in shown
    client.force_login(lead)
    for _ in range(2):
        client.post(url("withdraw-announcement", "shop", made.pk))
    assert Event.objects.filter(kind="announcement.withdrawn").count() == 1
    assert "Be kind." not in home(client, labeler)
    assert "Be kind." not in client.get(url("list-announcements", "shop")).content.decode()


def test_after_its_last_day_nobody_is_told(project, lead, labeler):
    today = timezone.localdate()
    made = announce(project=project, author=lead, text="Today only.", until=today)
    assert made in announcements_for(labeler)
    assert made in Announcement.objects.shown(on=today)
    assert made not in Announcement.objects.shown(on=today + timedelta(days=1))
    with pytest.raises(DomainError, match="is over"):
        announce(project=project, author=lead, text="Late.", until=today - timedelta(days=1))


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({"text": " "}, "Write what everybody"),
        ({"text": "x" * 4_001}, "at most 4,000"),
        ({"text": "x", "until": "tomorrow"}, "is a date"),
        ({"text": "x", "until": "2001-01-01"}, "is over"),
    ],
)
def test_what_cannot_be_told_comes_back_in_words(client, project, lead, said, words):
    client.force_login(lead)
    answer = client.post(url("list-announcements", "shop"), said)
    assert answer.status_code == 422
    assert words in answer.content.decode()
    assert not Announcement.objects.exists()


def test_nobody_outside_reads_or_marks_it(client, project, lead):
    made = announce(project=project, author=lead, text="Inside.")
    stranger = make_member(make_project("other"), Role.ADMIN)
    assert "Inside." not in home(client, stranger)
    assert client.post(url("read-announcement", made.pk)).status_code == 404
    assert client.get(url("list-announcements", "shop")).status_code == 404
    assert not AnnouncementRead.objects.exists()
    removed = make_member(project)
    Membership.objects.filter(user=removed).update(is_active=False)
    assert "Inside." not in home(client, removed)


def test_a_labeler_announces_nothing(client, project, labeler):
    client.force_login(labeler)
    assert client.post(url("list-announcements", "shop"), {"text": "x"}).status_code == 404
    with pytest.raises(ObjectDoesNotExist):
        Announcement.objects.get()


def test_the_name_of_the_project_leads_each_where_they_may_go(client, project, lead, labeler):
    for user in (lead, labeler):
        client.force_login(user)
        page = client.get(url("list-announcements", "shop")).content.decode()
        address = page.split('<nav aria-label="Concord"><a href="')[1].split('"')[0]
        assert client.get(address, follow=True).status_code == 200, address
