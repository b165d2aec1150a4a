"""Making projects, their rubric, and jobs seen from outside."""

import io

import pytest
from django.core.management import CommandError, call_command
from django.urls import reverse
from rest_framework.test import APIClient

from annotation.accounts.models import User
from annotation.accounts.services import allow_projects
from annotation.core import jobs
from annotation.core.errors import Conflict, DomainError
from annotation.core.models import Job
from annotation.projects import services
from annotation.projects.models import Membership, Project
from tests.factories import make_key, make_member, make_project, make_user

pytestmark = pytest.mark.django_db


def api(user):
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {make_key(user)}")
    return client


def test_a_new_project_has_a_published_rubric():
    project = make_project("shop")
    rubric = services.current_rubric(project)
    assert rubric.number == 1
    assert [c.key for c in rubric.criteria_list] == ["helpfulness", "truthfulness", "clarity"]


def test_the_rubric_in_force_is_the_newest_one_and_older_ones_stay():
    project = make_project("shop")
    services.publish_rubric(
        project=project, guideline="New.", criteria=[services.CriterionSpec("tone", "Tone")]
    )
    assert services.current_rubric(project).number == 2
    assert project.rubric_versions.get(number=1).criteria.count() == 3


@pytest.mark.parametrize(
    "slug", ["", "Shop", "a b", "-a", "a-", "x" * 61, "../etc", "ä", "shop\n"]
)
def test_a_slug_that_cannot_be_an_address_is_refused(slug):
    with pytest.raises(DomainError, match="lower-case"):
        services.create_project(slug=slug)
    assert not Project.objects.exists()


@pytest.mark.parametrize("overlap", [0, -1, 51, 100_000])
def test_an_overlap_out_of_range_is_a_sentence(overlap):
    with pytest.raises(DomainError, match="1 to 50 judgments"):
        services.create_project(slug="slug", overlap=overlap)
    assert not Project.objects.exists()


def test_a_slug_is_given_once():
    make_project("shop")
    with pytest.raises(Conflict, match="already"):
        services.create_project(slug="shop")


@pytest.mark.parametrize("name", ["a\x00b", "\ud800"])
def test_a_name_that_cannot_be_stored_is_refused(name):
    with pytest.raises(DomainError):
        services.create_project(slug="shop", name=name)
    assert not Project.objects.exists()


def test_imported_labelers_cannot_sign_in():
    project = make_project("shop")
    made = services.create_imported_labelers(project=project, handles=["w1", "w2", "w1"])
    again = services.create_imported_labelers(project=project, handles=["w2", "w3"])
    assert set(made) == {"w1", "w2"}
    assert made["w2"] == again["w2"]
    user = made["w1"].user
    assert not user.is_active
    assert not user.has_usable_password()


def test_whoever_may_make_projects_makes_one_by_the_api_and_leads_it():
    engineer = make_member(make_project("old"), Membership.Role.ENGINEER)
    allow_projects(user=engineer, is_allowed=True, actor=None)
    answer = api(engineer).post("/api/projects/", {"slug": "fresh", "overlap": 2}, format="json")
    assert answer.status_code == 201, answer.json()
    assert Membership.objects.get(project__slug="fresh").role == "lead"


def test_a_lead_who_was_not_allowed_to_makes_none():
    lead = make_member(make_project("old"), Membership.Role.LEAD)
    assert api(lead).post("/api/projects/", {"slug": "fresh"}, format="json").status_code == 404
    assert Project.objects.count() == 1


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"slug": 5.5},
        {"slug": "A B"},
        {"slug": "new", "overlap": 0},
        {"slug": "new", "overlap": 10**30},
    ],
)
def test_a_bad_project_is_a_400(body):
    admin = make_user(is_superuser=True)
    assert api(admin).post("/api/projects/", body, format="json").status_code == 400
    assert not Project.objects.exists()


def add_member(monkeypatch, *arguments, password="seven green teapots"):
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{password}\n"))
    call_command("add_member", "shop", *arguments)


def test_an_operator_puts_people_into_a_project(monkeypatch, client):
    project = make_project("shop")
    add_member(monkeypatch, "ada", "--create")
    assert client.login(username="ada", password="seven green teapots")
    assert project.memberships.get().role == "labeler"

    add_member(monkeypatch, "ada", "--role", "lead")
    assert project.memberships.get().role == "lead"


def test_nobody_is_made_without_being_asked_for_or_with_a_bad_password(monkeypatch):
    make_project("shop")
    with pytest.raises(DomainError, match="--create"):
        add_member(monkeypatch, "ada")
    for name, password in (("ada", "short"), ("a b", "seven green teapots")):
        with pytest.raises(CommandError):
            add_member(monkeypatch, name, "--create", password=password)
    assert not User.objects.exists()


def test_a_handle_in_use_is_a_sentence(monkeypatch):
    project = make_project("shop")
    services.create_imported_labelers(project=project, handles=["ada"])
    with pytest.raises(Conflict, match="called “ada”"):
        add_member(monkeypatch, "ada", "--create")
    assert not User.objects.filter(username="ada").exists()


@pytest.fixture
def job(monkeypatch):
    monkeypatch.setitem(jobs.KINDS, "toy", jobs.Kind(name="toy", run=lambda claim: None))
    project = make_project("shop")
    lead = make_member(project, Membership.Role.LEAD)
    made, _ = jobs.enqueue(kind="toy", project=project, actor=lead)
    return made


def test_a_job_is_seen_by_the_staff_of_its_project(client, job):
    client.force_login(job.created_by)
    assert client.get(reverse("projects:show-job", args=[job.pk])).status_code == 200
    assert api(job.created_by).get(f"/api/jobs/{job.pk}/").json()["state"] == "queued"

    assert (
        api(make_member(job.project, Membership.Role.REVIEWER))
        .get(f"/api/jobs/{job.pk}/")
        .status_code
        == 200
    )


@pytest.mark.parametrize("is_stranger", [True, False])
def test_a_job_is_absent_for_strangers_and_labelers(client, job, is_stranger):
    stranger = (
        make_member(make_project("other"), Membership.Role.ADMIN)
        if is_stranger
        else make_member(job.project)
    )
    client.force_login(stranger)
    assert client.get(reverse("projects:show-job", args=[job.pk])).status_code == 404
    assert api(stranger).get(f"/api/jobs/{job.pk}/").status_code == 404


def test_a_polled_job_is_a_fragment_that_stops_asking_when_it_is_over(client, job):
    client.force_login(job.created_by)
    url = reverse("projects:show-job", args=[job.pk])
    active = client.get(url, headers={"HX-Request": "true"}).content.decode()
    jobs.run(job.pk)
    over = client.get(url, headers={"HX-Request": "true"}).content.decode()
    assert "<html" not in active
    assert "hx-trigger" in active
    assert "hx-trigger" not in over


@pytest.mark.parametrize("role", [Membership.Role.LABELER, Membership.Role.REVIEWER])
def test_a_lead_cancels_a_job_and_others_do_not(client, job, role):
    url = reverse("projects:cancel-job", args=[job.pk])
    client.force_login(make_member(job.project, role))
    assert client.post(url).status_code == 404
    job.refresh_from_db()
    assert job.state == Job.State.QUEUED

    client.force_login(make_member(job.project, Membership.Role.LEAD))
    client.post(url)
    job.refresh_from_db()
    assert job.state == Job.State.CANCELLED


def test_the_schema_is_valid_and_says_so_without_warnings(tmp_path):
    call_command("spectacular", "--validate", "--fail-on-warn", "--file", str(tmp_path / "s.yml"))
    assert "/api/projects/" in (tmp_path / "s.yml").read_text()


def test_the_schema_is_read_by_people_too(client):
    page = client.get("/api/docs/").content.decode()
    assert "/api/projects/{slug}/next/" in page
    assert "Idempotency-Key" in page
    assert client.get("/api/schema/?format=json").json()["openapi"].startswith("3")
