"""Who may open what: one table, walked for every role; foreign and absent look the same."""

import pytest
from django.urls import reverse

from annotation.projects.models import Membership
from annotation.projects.permissions import ACTIONS
from tests.factories import make_member, make_project, make_user

pytestmark = pytest.mark.django_db

Role = Membership.Role
STAFF = {Role.REVIEWER, Role.LEAD, Role.ENGINEER, Role.ADMIN}
BUILDERS = {Role.LEAD, Role.ENGINEER, Role.ADMIN}

# URL name (with the project's slug) → the roles that get a page. Everybody else gets a 404.
PAGES = {
    "runs:show-project": STAFF,
    "labeling:list-items": STAFF,
    "labeling:import": BUILDERS,
    "prompts:list-attachments": BUILDERS,
    "labeling:export-judgments": BUILDERS,
    "labeling:export-judgments-csv": BUILDERS,
    "labeling:judge": set(Role),
    "projects:show-rubric": set(Role),
    "projects:edit-judging": {Role.LEAD, Role.ADMIN},
    "labeling:edit-rubric": {Role.LEAD, Role.ADMIN},
    "labeling:preview-rubric": {Role.LEAD, Role.ADMIN},
    "labeling:publish-rubric": {Role.LEAD, Role.ADMIN},
    "labeling:compare-rubrics": set(Role),
    "projects:list-people": STAFF,
    "projects:list-events": BUILDERS,
    "projects:export-events": BUILDERS,
    "projects:export-events-csv": BUILDERS,
    "quality:show-agreement": STAFF,
    "quality:show-rubric-history": STAFF,
    "oversight:list-webhooks": {Role.LEAD, Role.ADMIN},
    "datasets:list-datasets": STAFF,
    "runs:list-runs": STAFF,
}


@pytest.fixture
def project():
    return make_project("shop")


@pytest.mark.parametrize("role", list(Role))
@pytest.mark.parametrize("name", PAGES)
def test_a_page_opens_for_its_roles_and_is_absent_for_all_others(client, project, name, role):
    client.force_login(make_member(project, role))
    answer = client.get(reverse(name, args=["shop"]))
    assert answer.status_code == (200 if role in PAGES[name] else 404)


@pytest.mark.parametrize("name", PAGES)
def test_a_foreign_project_and_an_absent_one_answer_alike(client, project, name):
    client.force_login(make_member(make_project("other"), Role.ADMIN))
    foreign = client.get(reverse(name, args=["shop"]))
    absent = client.get(reverse(name, args=["nowhere"]))
    assert foreign.status_code == absent.status_code == 404
    assert client.get(reverse(name, args=["other"])).status_code == 200


@pytest.mark.parametrize("name", PAGES)
def test_a_removed_member_loses_the_page_on_the_next_request(client, project, name):
    user = make_member(project, Role.ADMIN)
    client.force_login(user)
    assert client.get(reverse(name, args=["shop"])).status_code == 200
    Membership.objects.filter(user=user).update(is_active=False)
    assert client.get(reverse(name, args=["shop"])).status_code == 404


def test_a_site_admin_opens_everything(client, project):
    client.force_login(make_user(is_superuser=True))
    for name in PAGES:
        assert client.get(reverse(name, args=["shop"])).status_code == 200, name


def test_every_tab_has_its_row_in_the_table():
    from annotation.projects.templatetags.project_tabs import TABS

    assert {name for _, name, _ in TABS} <= set(PAGES)
    for _, name, action in TABS:
        assert set(ACTIONS[action]) == PAGES[name], name
