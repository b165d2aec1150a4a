"""Roles change and people go by the people page; the last lead stays."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import connection
from django.urls import reverse

from annotation.accounts.models import User
from annotation.core.errors import Conflict
from annotation.core.models import Event
from annotation.projects import members, services
from annotation.projects.models import Membership
from tests.factories import make_member, make_project

Role = Membership.Role


@pytest.fixture
def project(db):
    return make_project("shop")


@pytest.fixture
def lead(project, client):
    lead = make_member(project, Role.LEAD)
    client.force_login(lead)
    return lead


def change(client, member, do, role=Role.LABELER):
    url = reverse("projects:change-member", args=["shop", member.membership.pk])
    return client.post(url, {"do": do, "role": role})


def place(member):
    found = Membership.objects.get(user=member)
    return found.role, found.is_active


def test_a_changed_role_counts_on_the_next_request(client, project, lead):
    labeler = make_member(project)
    url = reverse("projects:list-people", args=["shop"])
    client.force_login(labeler)
    assert client.get(url).status_code == 404
    client.force_login(lead)
    assert change(client, labeler, "change", Role.REVIEWER).status_code == 302
    client.force_login(labeler)
    assert client.get(url).status_code == 200
    event = Event.objects.get(kind="member.changed")
    assert (event.actor, event.target) == (lead, f"user:{labeler.pk}")
    assert event.payload == {"role": "reviewer"}


def test_somebody_is_removed_and_taken_back_as_what_they_were(client, project, lead):
    reviewer = make_member(project, Role.REVIEWER)
    change(client, reviewer, "remove")
    assert place(reviewer) == (Role.REVIEWER, False)
    change(client, reviewer, "take_back")
    assert place(reviewer) == (Role.REVIEWER, True)
    kinds = Event.objects.filter(target=f"user:{reviewer.pk}").order_by("id")
    assert list(kinds.values_list("kind", flat=True))[1:] == ["member.removed", "member.restored"]


@pytest.mark.parametrize("do", ["remove", "change"])
def test_the_last_lead_stays_and_a_second_one_may_go(client, project, lead, do):
    answer = change(client, lead, do)
    assert answer.status_code == 409
    assert "A project needs a lead" in answer.content.decode()
    assert place(lead) == (Role.LEAD, True)
    make_member(project, Role.LEAD)
    assert change(client, lead, do).status_code == 302
    assert place(lead) != (Role.LEAD, True)


def test_the_command_line_cannot_demote_the_last_lead_either(project, lead):
    with pytest.raises(Conflict):
        services.add_member(project=project, user=lead, role=Role.LABELER)
    assert place(lead) == (Role.LEAD, True)


@pytest.mark.parametrize("role", [Role.LABELER, Role.REVIEWER, Role.ENGINEER])
def test_only_who_manages_changes_people(client, project, lead, role):
    labeler, other = make_member(project), make_member(project, role)
    client.force_login(other)
    assert change(client, labeler, "remove").status_code == 404
    assert place(labeler) == (Role.LABELER, True)
    client.force_login(lead)
    assert change(client, labeler, "remove").status_code == 302


def test_a_member_of_another_project_is_absent(client, project, lead):
    stranger = make_member(make_project("other"))
    assert change(client, stranger, "remove").status_code == 404
    assert place(stranger) == (Role.LABELER, True)


def test_nonsense_is_told_and_changes_nothing(client, project, lead):
    labeler = make_member(project)
    assert change(client, labeler, "change", "emperor").status_code == 422
    assert change(client, labeler, "explode").status_code == 422
    assert place(labeler) == (Role.LABELER, True)


@pytest.mark.django_db(transaction=True)
def test_two_leads_who_remove_each_other_at_once_leave_one():
    project = make_project()
    leads = [make_member(project, Role.LEAD) for _ in range(2)]
    barrier = Barrier(2)

    def leave(lead):
        barrier.wait(timeout=30)
        try:
            members.remove(membership=lead.membership, actor=None)
            return "gone"
        except Conflict:
            return "kept"
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(leave, leads)) == ["gone", "kept"]
    assert project.memberships.active().filter(role=Role.LEAD).count() == 1


def test_among_two_hundred_somebody_is_found_by_handle_and_role(
    client, project, lead, django_assert_max_num_queries
):
    users = User.objects.bulk_create(User(username=f"labeler-{n:03}") for n in range(200))
    Membership.objects.bulk_create(
        Membership(project=project, user=user, handle=user.username) for user in users
    )
    make_member(project, Role.REVIEWER, handle="<b>labeler</b>")
    url = reverse("projects:list-people", args=["shop"])
    with django_assert_max_num_queries(12):
        page = client.get(url).content.decode()
    assert "202 people" in page
    assert "1 to 50 of 202" in page
    page = client.get(url, {"q": "LABELER-19", "role": "labeler"}).content.decode()
    assert "10 people" in page
    assert ">labeler-190<" in page
    page = client.get(url, {"q": "labeler", "role": "reviewer"}).content.decode()
    assert "1 person" in page
    assert "&lt;b&gt;labeler" in page
    assert "Nobody found" in client.get(url, {"q": '"><script>'}).content.decode()
    for nonsense in ({"q": "\0"}, {"role": "emperor"}, {"page": "x"}, {"page": "99"}):
        assert "202 people" in client.get(url, nonsense).content.decode()


def test_after_a_change_the_search_is_still_there(client, project, lead):
    labeler = make_member(project, handle="ada & bob")
    url = reverse("projects:list-people", args=["shop"])
    page = client.get(url, {"q": "ada & bob", "page": "1"}).content.decode()
    path = reverse("projects:change-member", args=["shop", labeler.membership.pk])
    shown = "page=1&q=ada+%26+bob"
    assert f'action="{path}?{shown.replace("&", "&amp;")}"' in page
    answer = client.post(f"{path}?{shown}", {"do": "remove", "role": "labeler"})
    assert answer.headers["Location"] == f"{url}?{shown}"
