"""Datasets through the API."""

import hashlib
import json

import pytest

from annotation.core import jobs
from annotation.datasets import services
from annotation.datasets.models import Dataset
from annotation.projects.models import Membership
from tests.annotation.datasets.world import make_world
from tests.data import shared
from tests.factories import make_member, make_project

pytestmark = pytest.mark.django_db

URL = "/api/projects/shop/datasets/"


@pytest.fixture
def project(client):
    project = make_world()
    client.force_login(make_member(project, Membership.Role.ENGINEER))
    return project


def post(client, body, url=URL):
    return client.post(url, json.dumps(body), content_type="application/json")


def status_of(client, path):
    """Read to the end, so that a file is closed again."""
    answer = client.get(path)
    b"".join(answer)
    return answer.status_code


def test_freezing_answers_the_dataset_and_again_200_with_the_same(client, project):
    first = post(client, {"name": "First", "split": [0.5, 0, 0.5]})
    assert first.status_code == 201, first.content
    body = first.json()
    assert body["name"] == "First"
    assert body["policy"]["split"] == [0.5, 0.0, 0.5]
    assert "files" not in body["counts"]
    again = post(client, {"split": [0.5, 0, 0.5]})
    assert (again.status_code, again.json()["hash"]) == (200, body["hash"])
    assert Dataset.objects.count() == 1
    shown = client.get(f"/api/datasets/{body['hash']}/")
    assert shown.json() == body


def test_every_listed_file_comes_with_the_listed_hash(client, project):
    files = post(client, {}).json()["files"]
    assert len(files) == 10
    for file in files:
        answer = client.get(file["url"], headers={"Accept": "application/x-ndjson"})
        assert answer.status_code == 200
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Content-Disposition"].startswith("attachment;")
        content = b"".join(answer.streaming_content)
        assert hashlib.sha256(content).hexdigest() == file["sha256"]
        assert len(content) == file["bytes"]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"labels": "loudest"}, "labels"),
        ({"lables": "soft"}, "lables"),
        ({"split": [0.8, 0.1]}, "split"),
        ({"split": [0.8, 0.1, True]}, "split"),
        ({"split": 1}, "split"),
        ({"min_votes": 1.5}, "min_votes"),
        ({"min_votes": True}, "min_votes"),
        ({"drop_empty": "yes"}, "drop_empty"),
        ({"batches": "import:1"}, "batches"),
        ({"batches": [1]}, "batches"),
        ({"origins": ["moon"]}, "origins"),
        ({"labels": ["soft"]}, "labels"),
        ({"labels": {}}, "labels"),
        ({"salt": 3}, "salt"),
        ({"salt": "x" * 101}, "salt"),
        ({"name": 3}, "name"),
        ({"name": "x" * 101}, "name"),
        ([], "policy"),
    ],
)
def test_a_policy_that_cannot_be_is_refused_by_its_field(client, project, body, field):
    answer = post(client, body)
    assert answer.status_code == 400
    assert answer.json()["field"] == field
    assert Dataset.objects.count() == 0


def test_many_judgments_answer_202_and_the_job_has_the_hash(client, project, monkeypatch):
    monkeypatch.setattr(services, "SMALL", 0)
    answer = post(client, {})
    assert answer.status_code == 202
    jobs.run(answer.json()["job"])
    job = client.get(f"/api/jobs/{answer.json()['job']}/").json()
    assert (job["state"], job["result"]["created"]) == ("done", True)
    assert client.get(f"/api/datasets/{job['result']['hash']}/").status_code == 200


def test_roles_and_strangers(client, project):
    digest = post(client, {}).json()["hash"]
    paths = [f"/api/datasets/{digest}/", f"/api/datasets/{digest}/files/manifest.json"]
    assert [status_of(client, path) for path in paths] == [200, 200]
    for role, sees in [("reviewer", 200), ("labeler", 404)]:
        client.force_login(make_member(project, role))
        assert [status_of(client, path) for path in paths] == [sees, sees]
        assert post(client, {"salt": "mine"}).status_code == 404
    client.force_login(make_member(make_project("other"), Membership.Role.ADMIN))
    assert [status_of(client, path) for path in paths] == [404, 404]
    assert post(client, {"salt": "mine"}).status_code == 404
    client.logout()
    assert [status_of(client, path) for path in paths] == [401, 401]
    assert post(client, {"salt": "mine"}).status_code == 401
    assert Dataset.objects.count() == 1


def test_a_dataset_that_two_projects_hold_opens_for_members_of_either(client, project):
    digest = post(client, {}).json()["hash"]
    twin = make_world("twin")
    client.force_login(make_member(twin, Membership.Role.LEAD))
    assert client.get(f"/api/datasets/{digest}/").status_code == 404
    answer = post(client, {}, url="/api/projects/twin/datasets/")
    assert (answer.status_code, answer.json()["hash"]) == (201, digest)
    assert client.get(f"/api/datasets/{digest}/").json()["project"] == "twin"


def test_no_name_reaches_a_file_outside(client, project, data_dir):
    digest = post(client, {}).json()["hash"]
    (data_dir / "datasets" / "secret.jsonl").write_text("canary-4711")
    inside = data_dir / "datasets" / digest / "extra.jsonl"
    inside.write_text("nor this")
    assert status_of(client, f"/api/datasets/{digest}/files/manifest.json") == 200
    names = json.loads(shared("security/path_traversal.json").read_text())
    names += ["../secret.jsonl", "..%2Fsecret.jsonl", "extra.jsonl", "manifest.json/", ""]
    assert len(names) > 20
    for name in names:
        answer = client.get(f"/api/datasets/{digest}/files/{name}")
        assert answer.status_code in (301, 400, 404), name
        assert b"canary-4711" not in b"".join(answer)


def test_a_link_in_the_place_of_a_file_is_not_followed(client, project, tmp_path):
    digest = post(client, {}).json()["hash"]
    (tmp_path / "outside").write_text("canary-4711")
    file = Dataset.objects.get().folder / "rankings.jsonl"
    file.unlink()
    file.symlink_to(tmp_path / "outside")
    assert client.get(f"/api/datasets/{digest}/files/rankings.jsonl").status_code == 404
