"""Pools: who is in them, for which projects they work, and who may see and change that."""

import pytest
from django.urls import reverse

from annotation.core.errors import Conflict
from annotation.projects.models import Membership, Pool, PoolMember, ProjectPool
from annotation.projects.pools import services
from annotation.projects.services import add_member
from tests.factories import make_member, make_project, make_user

pytestmark = pytest.mark.django_db
Role = Membership.Role


@pytest.fixture
def project():
    return make_project("shop")


@pytest.fixture
def lead(project):
    return make_member(project, Role.LEAD)


@pytest.fixture
def pool(lead):
    return services.save_pool(name="German", kind="language", description="", actor=lead)


def page(pool, slug="shop"):
    return reverse("projects:show-pool", args=[slug, pool.pk])


def test_a_lead_makes_a_pool_puts_people_in_and_lets_it_work(client, project, lead):
    labeler = make_member(project)
    client.force_login(lead)

    made = client.post(
        reverse("projects:list-pools", args=["shop"]), {"name": "Law", "kind": "domain"}
    )
    pool = Pool.objects.get()
    assert made.url == page(pool)
    client.post(page(pool), {"do": "add", "user": [labeler.pk]})
    client.post(page(pool), {"do": "assign"})

    assert pool.members.get().user == labeler
    assert ProjectPool.objects.get().project == project
    listed = client.get(reverse("projects:list-pools", args=["shop"])).content.decode()
    assert "Works for it" in listed
    assert labeler.username in client.get(page(pool)).content.decode()


def test_whoever_joins_a_pool_joins_its_projects(project, lead, pool):
    other = make_project("other", actor=lead)
    services.assign_pool(pool=pool, project=other, actor=lead)
    labeler = make_member(project)

    assert services.add_people(pool=pool, users=[labeler], actor=lead) == 1

    assert other.memberships.get(user=labeler).role == Role.LABELER
    assert services.add_people(pool=pool, users=[labeler], actor=lead) == 0


def test_a_pool_is_no_way_into_another_leads_project(client, project, lead, pool):
    other = make_project("other")
    services.assign_pool(pool=pool, project=other, actor=make_user(is_superuser=True))
    services.assign_pool(pool=pool, project=project, actor=lead)
    client.force_login(lead)

    client.post(page(pool), {"do": "add", "user": [lead.pk]})

    assert pool.members.get().user == lead
    assert not other.memberships.exists()


def test_a_pool_that_begins_to_work_brings_its_people_as_labelers(project, lead, pool):
    reviewer = make_member(project, Role.REVIEWER)
    other = make_project("other")
    newcomer = make_member(other)
    services.add_people(pool=pool, users=[reviewer, newcomer], actor=lead)

    assert services.assign_pool(pool=pool, project=project, actor=lead) == 1

    assert project.memberships.get(user=newcomer).role == Role.LABELER
    assert project.memberships.get(user=reviewer).role == Role.REVIEWER


def test_whoever_was_removed_stays_removed(project, lead, pool):
    gone = make_member(project)
    Membership.objects.filter(user=gone).update(is_active=False)
    services.add_people(pool=pool, users=[gone], actor=lead)

    services.assign_pool(pool=pool, project=project, actor=lead)

    assert not project.memberships.get(user=gone).is_active


def test_a_handle_that_is_taken_gets_a_number(project, lead, pool):
    make_member(project, handle="ann")
    ann = make_user("ann")
    services.add_people(pool=pool, users=[ann], actor=lead)

    services.assign_pool(pool=pool, project=project, actor=lead)

    assert project.memberships.get(user=ann).handle == f"ann-{ann.pk}"


def test_leaving_a_pool_leaves_the_place_in_the_project(client, project, lead, pool):
    labeler = make_member(project)
    services.add_people(pool=pool, users=[labeler], actor=lead)
    client.force_login(lead)

    client.post(page(pool), {"do": "take_out", "user": labeler.pk})

    assert not PoolMember.objects.exists()
    assert project.memberships.get(user=labeler).is_active


def test_a_pool_at_work_is_not_deleted(client, project, lead, pool):
    services.assign_pool(pool=pool, project=project, actor=lead)
    client.force_login(lead)

    answer = client.post(page(pool), {"do": "delete"}, follow=True)
    assert "works for a project" in answer.content.decode()
    assert Pool.objects.exists()

    client.post(page(pool), {"do": "end"})
    client.post(page(pool), {"do": "delete"})
    assert not Pool.objects.exists()


@pytest.mark.parametrize(
    "fields",
    [{"name": " "}, {"kind": "magic"}, {"name": "x" * 81}, {"name": "German"}, {"name": "a\0b"}],
)
def test_a_pool_that_cannot_be_is_refused_in_words(client, project, lead, pool, fields):
    client.force_login(lead)
    answer = client.post(
        reverse("projects:list-pools", args=["shop"]), {"name": "New", "kind": "skill"} | fields
    )
    assert answer.status_code == 422
    assert "message bad" in answer.content.decode()
    assert Pool.objects.count() == 1


def test_a_lead_sees_own_pools_and_those_at_work_in_own_projects(client, project, lead, pool):
    other = make_project("other")
    stranger = make_member(other, Role.LEAD)
    client.force_login(stranger)
    assert client.get(page(pool, "other")).status_code == 404
    assert client.post(page(pool, "other"), {"do": "assign"}).status_code == 404
    assert not ProjectPool.objects.exists()

    services.assign_pool(pool=pool, project=other, actor=make_user(is_superuser=True))

    assert client.get(page(pool, "other")).status_code == 200


@pytest.mark.parametrize("change", [{"is_active": False}, {"role": Role.REVIEWER}])
def test_who_made_a_pool_keeps_no_right_to_it_without_the_role(
    client, project, lead, pool, change
):
    """They lead another project, which is where they would come from."""
    other = make_project("other")
    add_member(project=other, user=lead, role=Role.LEAD)
    make_member(project, Role.LEAD)
    services.assign_pool(pool=pool, project=project, actor=lead)
    client.force_login(lead)
    assert client.get(page(pool, "other")).status_code == 200

    Membership.objects.filter(project=project, user=lead).update(**change)

    assert client.get(page(pool, "other")).status_code == 404
    assert client.post(page(pool, "other"), {"do": "assign"}).status_code == 404
    assert (
        pool.name
        not in client.get(reverse("projects:list-pools", args=["other"])).content.decode()
    )
    assert not ProjectPool.objects.filter(project=other).exists()


def test_people_of_other_leads_are_counted_and_neither_named_nor_moved(
    client, project, lead, pool
):
    hidden = make_member(make_project("other"), username="secret-name")
    services.add_people(pool=pool, users=[hidden], actor=lead)
    client.force_login(lead)

    shown = client.get(page(pool)).content.decode()
    assert "secret-name" not in shown
    assert "and 1 person of other projects" in shown
    assert client.post(page(pool), {"do": "take_out", "user": hidden.pk}).status_code == 404
    assert pool.members.count() == 1


def test_only_people_of_own_projects_are_put_in(client, project, lead, pool):
    foreign = make_member(make_project("other"))
    client.force_login(lead)

    client.post(page(pool), {"do": "add", "user": [foreign.pk, "x", "9" * 40]})

    assert not pool.members.exists()


def test_a_name_tells_nothing_of_pools_of_other_leads(project, lead, pool):
    other = make_member(make_project(), Role.LEAD)
    theirs = services.save_pool(name="German", kind="skill", description="", actor=other)
    assert theirs.pk != pool.pk
    with pytest.raises(Conflict, match="German"):
        services.save_pool(name="German", kind="skill", description="", actor=lead)
    ProjectPool.objects.create(project=project, pool=theirs)
    law = services.save_pool(name="Law", kind="skill", description="", actor=lead)
    with pytest.raises(Conflict, match="German"):
        services.save_pool(name="German", kind="skill", description="", actor=lead, edited=law)
