"""Runs through pages, the API and the command: ordered after an estimate, watched, taken up."""

import json
import re

import pytest
from django.core.management import call_command
from django.urls import reverse

from annotation.candidates.endpoints import asking, services
from annotation.candidates.models import GenerationRun
from annotation.core import jobs
from annotation.core.addresses import Origins
from annotation.core.errors import DomainError, NotFound
from annotation.core.models import Event
from annotation.projects.models import Membership
from annotation.prompts.models import Generator
from tests.annotation.candidates.fake_openai import completion, honest, refusing, send, speaking
from tests.factories import make_key, make_member, make_project, make_prompt

pytestmark = pytest.mark.django_db
SLUG = "shop"


@pytest.fixture(scope="module")
def server():
    with speaking() as server:
        yield server


@pytest.fixture
def project(server, settings, monkeypatch):
    settings.EGRESS_ORIGINS = Origins([server.origin])
    monkeypatch.setattr(asking, "FIRST_PAUSE", 0.005)
    server.answer, server.answers, server.asked = honest, [], []
    project = make_project(SLUG)
    for number in range(3):
        make_prompt(project, f"Question {number}")
    return project


@pytest.fixture
def engineer(project, client):
    engineer = make_member(project, Membership.Role.ENGINEER)
    client.force_login(engineer)
    return engineer


@pytest.fixture
def endpoint(project, server):
    return services.add_endpoint(
        project=project,
        name="fake",
        base_url=server.base_url,
        model="m-7b",
        price_in="3",
        price_out="15",
    )


def url(name, *args):
    return reverse(f"candidates:{name}", args=[SLUG, *args])


def text(response):
    return re.sub(r"\s+", " ", response.content.decode())


def order(endpoint, **changes):
    return {"endpoints": [endpoint.pk], "which": "all", "n": 2, "max_tokens": 50} | changes


def test_an_order_that_asks_nobody_is_refused_before_it_has_a_price(client, engineer, endpoint):
    answer = client.post(url("new-run"), order(endpoint, endpoints=[], do="estimate"))
    assert answer.status_code == 422
    said = text(answer)
    assert "Choose who is asked." in said
    assert "What it costs" not in said
    assert 'value="start"' not in said


def test_an_estimate_starts_nothing_and_says_what_it_costs(client, engineer, endpoint, server):
    said = text(client.post(url("new-run"), order(endpoint, do="estimate")))
    assert "What it costs for 3 prompts" in said
    assert "300" in said  # 3 prompts, 2 responses, 50 tokens
    assert 'value="start"' in said
    assert server.asked == []
    assert not GenerationRun.objects.exists()


def test_an_order_is_started_watched_and_done(client, engineer, endpoint):
    started = client.post(url("new-run"), order(endpoint, do="start", temperature="0.5"))
    run = GenerationRun.objects.get()
    page = url("show-run", run.pk)
    assert started.headers["Location"] == page
    waiting = text(client.get(page))
    assert "Waiting for a worker." in waiting
    assert 'hx-trigger="every 1500ms"' in waiting
    jobs.run(run.job_id)
    done = text(client.get(page))
    assert "hx-trigger" not in done
    for words in ("of 6", "Question 2 answer 1.", "complete", "0.5", "0.0007"):
        assert words in done
    live = client.get(page, headers={"HX-Request": "true"})
    assert b"<html" not in live.content
    assert "6 / 6" in text(client.get(url("list-runs")))


def test_two_that_are_asked_are_two_runs(client, engineer, endpoint, server):
    other = services.add_endpoint(
        project=endpoint.project, name="other", base_url=server.base_url, model="m-8b"
    )
    ours = Generator.objects.create(project=endpoint.project, name="own", artifact="models/own")
    both = order(endpoint, do="start", endpoints=[endpoint.pk, other.pk], models=[ours.pk])
    assert client.post(url("new-run"), both, follow=True).status_code == 200
    runs = GenerationRun.objects.order_by("pk")
    assert [run.asked_name for run in runs] == ["fake", "other", "own"]
    assert runs[2].params == {"n": 2, "max_new_tokens": 50, "seed": 11}
    assert runs[2].job.queue == "train"
    page = text(client.get(url("show-run", runs[2].pk)))
    assert "Candidates by own" in page
    assert "Cost so far" not in page


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"endpoints": []}, "Choose who is asked."),
        ({"n": 0}, "greater than or equal to 1"),
        ({"temperature": "hot"}, "Enter a number"),
        ({"endpoints": [10**6]}, "not one of the available choices"),
    ],
)
def test_an_order_that_cannot_be_is_refused_with_its_reason(
    client, engineer, endpoint, change, reason
):
    refused = client.post(url("new-run"), order(endpoint, do="start") | change)
    assert refused.status_code == 422
    assert reason in text(refused)
    assert not GenerationRun.objects.exists()


def test_what_failed_is_listed_and_tried_again(client, engineer, endpoint, server):
    def answer(stream, request):
        if request["messages"][-1]["content"] == "Question 1":
            return send(stream, completion(request, choices=[]))
        return honest(stream, request)

    server.answer = answer
    client.post(url("new-run"), order(endpoint, do="start"))
    run = GenerationRun.objects.get()
    jobs.run(run.job_id)
    said = text(client.get(url("show-run", run.pk)))
    assert "Question 1" in said
    assert "answered without a single response" in said
    assert "Try the failed again" in said
    assert "1 prompt failed" in text(client.get(url("list-runs")))
    server.answer = honest
    client.post(url("resume-run", run.pk))
    run.refresh_from_db()
    jobs.run(run.job_id)
    assert "Try the failed again" not in text(client.get(url("show-run", run.pk)))
    assert Event.objects.filter(kind="generation.resumed", actor=engineer).exists()


def test_a_run_that_stopped_says_why_in_the_readers_language(client, engineer, endpoint, server):
    server.answer = refusing("401 No", json.dumps({"error": {"message": "Wrong"}}).encode())
    client.post(url("new-run"), order(endpoint, do="start"))
    run = GenerationRun.objects.get()
    jobs.run(run.job_id)
    page = url("show-run", run.pk)
    assert "does not accept the key (status 401). Wrong" in text(client.get(page))
    german = text(client.get(page, headers={"Accept-Language": "de"}))
    assert "nimmt den Schlüssel nicht an (Status 401). Wrong" in german


def test_a_run_that_waits_is_cancelled_at_once_and_goes_on(client, engineer, endpoint):
    client.post(url("new-run"), order(endpoint, do="start"))
    run = GenerationRun.objects.get()
    client.post(url("cancel-run", run.pk))
    assert "Cancelled." in text(client.get(url("show-run", run.pk)))
    client.post(url("resume-run", run.pk))
    run.refresh_from_db()
    jobs.run(run.job_id)
    run.job.refresh_from_db()
    assert run.job.state == "done"


def test_a_program_estimates_orders_and_reads(client, project, endpoint):
    key = make_key(make_member(project, Membership.Role.ENGINEER))

    def call(method, path, body=None):
        answer = client.generic(
            method,
            f"/api/{path}",
            json.dumps(body or {}),
            "application/json",
            headers={"Authorization": f"Bearer {key}"},
        )
        return answer.status_code, answer.json()

    ids = [prompt.pk for prompt in project.prompts.order_by("pk")[:2]]
    said = {"endpoint": endpoint.pk, "prompts": ids, "options": {"n": 3, "max_tokens": 10}}
    status, told = call("POST", f"projects/{SLUG}/generations/estimate/", said)
    assert (status, told["responses"], told["tokens_out_most"]) == (200, 6, 60)
    status, made = call("POST", f"projects/{SLUG}/generations/", said)
    assert (status, made["wanted"], made["state"]) == (201, 6, "queued")
    assert call("POST", f"generations/{made['id']}/resume/")[0] == 409
    jobs.run(made["job"])
    status, done = call("GET", f"generations/{made['id']}/")
    assert (done["state"], done["stored"], done["finish_reasons"]) == ("done", 6, {"stop": 6})
    assert (done["models"], done["tokens_in"], done["tokens_out"]) == ({"m-7b": 2}, 22, 42)
    assert done["cost"] == "0.000696"
    assert call("POST", f"generations/{made['id']}/cancel/")[0] == 409
    assert call("POST", f"projects/{SLUG}/generations/", {"endpoint": 10**6})[0] == 400


def test_the_command_asks_and_tells(endpoint, server, capsys):
    call_command("generate", SLUG, "--endpoint", "fake", "--set", "n=2", "--estimate")
    told = capsys.readouterr().out
    assert "6 responses to 3 prompts" in told
    assert "USD" in told
    assert server.asked == []
    call_command("generate", SLUG, "--endpoint", "fake", "--set", "n=2", "--most", "2", "--local")
    assert "done, 4 of 4 responses (4 stop)" in capsys.readouterr().out


def test_the_command_fails_where_a_prompt_came_to_nothing(endpoint, server, capsys):
    server.answers = [refusing("400 Bad")]
    with pytest.raises(DomainError, match="Not all came"):
        call_command("generate", SLUG, "--endpoint", "fake", "--set", "n=1", "--local")
    assert "rejects the request (status 400)" in capsys.readouterr().err
    with pytest.raises(NotFound, match="no “ghost”"):
        call_command("generate", SLUG, "--endpoint", "ghost")
