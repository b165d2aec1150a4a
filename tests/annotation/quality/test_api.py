"""Agreement through the API."""

import json
from io import StringIO

import pytest
from django.core.management import call_command

from annotation.core import jobs
from annotation.core.models import Job
from annotation.projects.models import Membership
from annotation.quality import services
from annotation.quality.analyses import ANALYSES
from tests.factories import make_item, make_judgment, make_member, make_project

pytestmark = pytest.mark.django_db


def refuse(constant):
    raise ValueError(f"{constant} is no JSON")


def body_of(response):
    return json.loads(response.content, parse_constant=refuse)


@pytest.fixture
def project(client):
    project = make_project("judged")
    client.force_login(make_member(project, Membership.Role.ENGINEER))
    return project


URL = "/api/projects/judged/agreement/"


def judge(project, *verdicts):
    labelers = [make_member(project, handle=f"w{n}") for n in range(1, len(verdicts) + 1)]
    item = make_item(project)
    for labeler, ranks in zip(labelers, verdicts, strict=True):
        make_judgment(item, labeler, ranks)


def test_a_project_without_judgments_answers_null_with_the_reason(client, project):
    response = client.get(URL)
    assert response.status_code == 200
    body = body_of(response)
    assert body["pairs"]["raw"] == {
        "value": None,
        "reason": "no_data",
        "ci": None,
        "n_items": 0,
        "n_pairable": 0,
        "n_ratings": 0,
    }
    assert body["pairs"]["cohen_kappa"] == {}


@pytest.mark.parametrize(
    ("verdicts", "key", "value", "reason"),
    [
        ([[1, 2]], "raw", None, "no_pairable"),
        ([[1, 2], [1, 2]], "raw", 1.0, None),
        ([[1, 2], [1, 2]], "alpha_nominal", None, "no_variation"),
        ([[1, 1], [1, 1]], "fleiss_kappa", None, "no_variation"),
        ([["x", "x"], ["x", "x"]], "gwet_ac1", 1.0, None),
        ([[1, 2], [2, 1]], "alpha_ordinal", 0.0, None),
    ],
)
def test_edges_are_200_with_a_number_or_a_reason(client, project, verdicts, key, value, reason):
    judge(project, *verdicts)
    response = client.get(URL)
    assert response.status_code == 200
    estimate = body_of(response)["pairs"][key]
    assert estimate["reason"] == reason
    assert estimate["value"] == (None if value is None else pytest.approx(value))


def test_the_answer_is_never_stale_in_a_small_project(client, project):
    judge(project, [1, 2], [1, 2])
    assert body_of(client.get(URL))["pairs"]["raw"]["value"] == 1.0
    make_judgment(project.items.get(), make_member(project, handle="w9"), [2, 1])
    body = body_of(client.get(URL))
    assert body["pairs"]["raw"]["value"] == pytest.approx(1 / 3)
    assert (body["is_stale"], body["job"]) == (False, None)


def test_a_large_project_answers_with_a_job_and_then_with_the_figures(
    client, project, monkeypatch
):
    judge(project, [1, 2], [1, 2])
    monkeypatch.setattr(services, "SMALL", 1)

    first = client.get(URL)

    assert first.status_code == 202
    job = Job.objects.get()
    assert body_of(first)["job"] == job.pk
    assert client.get(URL).status_code == 202  # asking again starts no second one
    assert Job.objects.count() == 1
    jobs.run(job.pk)
    assert body_of(client.get(URL))["pairs"]["raw"]["value"] == 1.0

    make_judgment(project.items.get(), make_member(project, handle="w9"), [2, 1])
    body = body_of(client.get(URL))
    assert body["is_stale"] is True
    assert body["pairs"]["raw"]["value"] == 1.0
    assert body["job"] == Job.objects.latest("pk").pk


def test_posting_computes_anew(client, project):
    judge(project, [1, 2], [1, 2])
    answer = client.post(URL)
    assert answer.status_code == 202
    jobs.run(body_of(answer)["job"])
    assert services.latest_report(project).job_id == body_of(answer)["job"]


@pytest.mark.parametrize("role", [Membership.Role.LABELER, None])
def test_labelers_and_strangers_find_nothing(client, project, role):
    assert client.get(URL).status_code == 200
    where = project if role else make_project()
    client.force_login(make_member(where, role or Membership.Role.LEAD))
    assert client.get(URL).status_code == 404
    assert client.post(URL).status_code == 404
    client.logout()
    assert client.get(URL).status_code in (401, 403)


def test_an_unknown_project_is_404(client, project):
    assert client.get("/api/projects/nowhere/agreement/").status_code == 404


def test_the_schema_describes_the_answer(client, project):
    import yaml

    schema = yaml.safe_load(client.get("/api/schema/").content)
    get = schema["paths"]["/api/projects/{slug}/agreement/"]["get"]
    assert set(get["responses"]) == {"200", "202"}
    judge(project, [1, 2], [1, 2])
    properties = schema["components"]["schemas"]["Agreement"]["properties"]
    assert set(properties) == set(body_of(client.get(URL)))
    estimate = schema["components"]["schemas"]["Estimate"]["properties"]
    assert set(estimate) == set(body_of(client.get(URL))["pairs"]["raw"])


def test_the_figures_of_every_analysis_can_be_had(client, project):
    labelers = [make_member(project, handle=handle) for handle in ("w1", "w2")]
    item = make_item(project)
    for labeler in labelers:
        make_judgment(item, labeler, [1, 2])
    of_single_people = {kind for kind, one in ANALYSES.items() if one.right == "review"}
    assert of_single_people == {"labelers", "repeats"}
    for kind in of_single_people:  # an engineer has their counts in the report
        assert client.get(f"/api/projects/{project.slug}/figures/{kind}/").status_code == 404
    client.force_login(make_member(project, Membership.Role.REVIEWER))
    for kind in ANALYSES:
        answer = client.get(f"/api/projects/{project.slug}/figures/{kind}/")
        assert answer.status_code == 200
        body = answer.json()
        assert body["kind"] == kind
        assert body["code_version"] == ANALYSES[kind].version
        assert (body["is_stale"], body["job"]) == (False, None)
        assert body["labelers"][str(labelers[0].pk)] == "w1"
        out = StringIO()
        call_command("figures", project.slug, kind, stdout=out)
        assert json.loads(out.getvalue())["result"] == body["result"]
    nothing = client.get(f"/api/projects/{project.slug}/figures/horoscope/")
    assert nothing.status_code == 404
    assert "no analysis" in nothing.json()["detail"]
