"""Judges by the API and by commands, as by the pages."""

import json
from io import StringIO

import pytest
from django.core.management import call_command
from django.urls import reverse

from annotation.core import jobs
from annotation.core.addresses import Origins
from annotation.core.errors import NotFound
from annotation.projects.models import Membership
from annotation.quality.judges.models import Judge, JudgeRun
from tests.annotation.candidates.fake_openai import speaking
from tests.annotation.quality.judges.world import longer, make_judge, saying
from tests.factories import make_item, make_judgment, make_member, make_project

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def server():
    with speaking() as server:
        yield server


@pytest.fixture
def project(server, settings, client):
    settings.EGRESS_ORIGINS = Origins([server.origin])
    server.answer, server.answers, server.asked = saying(longer), [], []
    project = make_project("shop")
    client.force_login(make_member(project, Membership.Role.ENGINEER))
    item = make_item(project, ("No.", "Yes, of course."))
    make_judgment(item, make_member(project), (2, 1))
    make_judge(project, server, name="first")
    return project


def url(name, *args):
    return reverse(f"quality-api:{name}", args=args)


def test_a_judge_is_added_asked_and_read(client, project):
    given = {"name": "strict", "endpoint": "server of first", "instructions": "Be strict."}
    made = client.post(url("judges", "shop"), given, content_type="application/json")
    assert made.status_code == 201, made.content
    assert [one["name"] for one in client.get(url("judges", "shop")).json()] == ["first", "strict"]
    runs = url("judge-runs", "shop", made.json()["id"])
    takes = client.post(runs, {"estimate": True}, content_type="application/json")
    assert (takes.status_code, takes.json()["questions"]) == (200, 2)
    assert not JudgeRun.objects.exists()
    started = client.post(runs, {}, content_type="application/json")
    assert started.status_code == 201
    run = url("judge-run", started.json()["id"])
    assert "findings" not in client.get(run).json()
    jobs.run(JudgeRun.objects.get().job_id)
    found = client.get(run).json()
    assert (found["state"], found["answered"]) == ("done", 2)
    assert found["findings"]["raw"]["value"] == 1.0
    over = client.post(url("cancel-judge-run", started.json()["id"]))
    assert over.status_code == 409


def test_what_is_wrong_is_named_and_nothing_made(client, project):
    for given in ({"name": "x", "endpoint": "none"}, {"name": "x"}, {"endpoint": "x"}):
        answer = client.post(url("judges", "shop"), given, content_type="application/json")
        assert answer.status_code == 400
    runs = url("judge-runs", "shop", Judge.objects.get().pk)
    answer = client.post(runs, {"items": 0}, content_type="application/json")
    assert answer.status_code == 400
    assert (Judge.objects.count(), JudgeRun.objects.count()) == (1, 0)


def test_commands_add_a_judge_and_print_what_a_run_found(project, tmp_path):
    words = tmp_path / "words.txt"
    words.write_text("Be kind.")
    call_command("add_judge", "shop", "kind", "server of first", instructions=words)
    assert Judge.objects.get(name="kind").instructions == "Be kind."
    call_command("ask_judge", "shop", "kind", "--now", stdout=StringIO(), stderr=StringIO())
    out = StringIO()
    call_command("judge_findings", JudgeRun.objects.get().pk, stdout=out)
    assert json.loads(out.getvalue())["findings"]["raw"]["value"] == 1.0
    with pytest.raises(NotFound, match="no endpoint"):
        call_command("add_judge", "shop", "other", "none")
    with pytest.raises(NotFound, match="no judge run"):
        call_command("judge_findings", 10**9)
