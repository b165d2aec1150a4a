"""Runs through pages, the API and the command: ordered after an estimate, watched, taken up."""

import json
import re

import pytest
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from annotation.candidates.endpoints import asking, services
from annotation.candidates.models import GenerationOrder, GenerationRun
from annotation.core import jobs
from annotation.core.addresses import Origins
from annotation.core.errors import DomainError, NotFound
from annotation.core.models import Event
from annotation.labeling.models import ItemResponse
from annotation.projects.models import Membership
from annotation.prompts.models import Generator, Prompt
from tests.annotation.candidates.fake_openai import completion, honest, refusing, send, speaking
from tests.factories import make_item, make_key, make_member, make_project, make_prompt

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
        concurrency=1,  # answers come, and are stored, in the order of the prompts
        price_in="3",
        price_out="15",
    )


@pytest.fixture
def call(client, project):
    """A program's request: (status, JSON)."""
    key = make_key(make_member(project, Membership.Role.ENGINEER))

    def call(method, path, body=None):
        headers = {"Authorization": f"Bearer {key}"}
        answer = client.generic(
            method, f"/api/{path}", json.dumps(body or {}), "application/json", headers=headers
        )
        return answer.status_code, answer.json()

    return call


def url(name, *args):
    return reverse(f"candidates:{name}", args=[SLUG, *args])


def text(response):
    return re.sub(r"\s+", " ", response.content.decode())


def order(endpoint, *sets, **changes):
    """What the form sends: two responses of 50 tokens, but for what is said, in each set."""
    said = {"endpoints": [endpoint.pk], "which": "all", "set-INITIAL_FORMS": 0}
    sets = sets or ({},)
    for at, one in enumerate(sets):
        for name, value in ({"n": 2, "max_tokens": 50} | one).items():
            said[f"set-{at}-{name}"] = value
    return said | {"set-TOTAL_FORMS": len(sets)} | changes


def test_an_order_that_asks_nobody_is_refused_before_it_has_a_price(client, engineer, endpoint):
    answer = client.post(url("new-run"), order(endpoint, endpoints=[], do="estimate"))
    assert answer.status_code == 422
    said = text(answer)
    assert "Choose who is asked." in said
    assert "What it costs" not in said
    assert 'value="start"' not in said


def test_a_set_left_as_it_opens_is_a_set(client, engineer, endpoint):
    opened = client.get(url("new-run")).context["sets"].forms[0]
    untouched = {name: field.initial or "" for name, field in opened.fields.items()}
    said = order(endpoint, untouched, do="estimate")
    answer = client.post(url("new-run"), said)
    assert answer.status_code == 200
    assert 'value="start"' in text(answer)
    nobody = text(client.post(url("new-run"), said | {"endpoints": []}))
    assert "Choose who is asked." in nobody
    none = client.post(url("new-run"), order(endpoint, do="estimate") | {"set-TOTAL_FORMS": 0})
    assert none.status_code == 422
    assert "Say at least one set of parameters." in text(none)


def test_an_estimate_starts_nothing_and_says_what_it_costs(client, engineer, endpoint, server):
    said = text(client.post(url("new-run"), order(endpoint, do="estimate")))
    assert "What it costs for 3 prompts" in said
    assert "300" in said  # 3 prompts, 2 responses, 50 tokens
    assert 'value="start"' in said
    assert server.asked == []
    assert not GenerationRun.objects.exists()


def test_an_estimate_refuses_what_the_start_would_refuse(client, engineer, endpoint, project):
    own = Generator.objects.create(project=project, name="Own", artifact="models/own")
    far = order(endpoint, endpoints=[], models=[own.pk])
    said = {}
    for tokens in ("100", "40000"):
        for do in ("estimate", "start"):
            answer = client.post(url("new-run"), far | {"set-0-max_tokens": tokens, "do": do})
            said[tokens, do] = answer.status_code
            if tokens == "40000":
                assert "max_new_tokens must be at most 32768." in text(answer)
    assert list(said.values()) == [200, 302, 422, 422]
    Prompt.objects.filter(project=project).update(project=make_project("other"))
    for do in ("estimate", "start"):
        answer = client.post(url("new-run"), order(endpoint, do=do))
        assert answer.status_code == 422
        assert "There is no prompt to respond to." in text(answer)


def test_an_order_is_started_watched_and_done(client, engineer, endpoint):
    started = client.post(url("new-run"), order(endpoint, {"temperature": "0.5"}, do="start"))
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


def test_a_run_that_has_ended_leads_on(client, engineer, endpoint, project):
    made = client.post(url("new-run"), order(endpoint, {"n": 8, "temperature": "0.5"}, do="start"))
    run = GenerationRun.objects.get()
    assert "What next" not in text(client.get(made.url))
    jobs.run(run.job_id)
    page = client.get(made.url)
    assert len(page.context["samples"]) == 20
    second = client.get(made.url, {"page": "2"})
    assert len(second.context["samples"]) == 4, "all 24 can be read"
    assert client.get(made.url, {"page": "x"}).status_code == 200

    writer = Generator.objects.get()
    build = f"{reverse('quality:build-items', args=[SLUG])}?generators={writer.pk}"
    assert build in page.content.decode()
    assert client.get(build).context["form"]["generators"].value() == [str(writer.pk)]
    again = f"{url('new-run')}?like={run.pk}"
    assert again in page.content.decode()
    form = client.get(again)
    assert form.context["form"]["endpoints"].value() == [endpoint.pk]
    (said,) = form.context["sets"]
    assert (said["n"].value(), said["temperature"].value()) == (8, 0.5)
    for wrong in ("999999", "x", "²"):
        assert client.get(f"{url('new-run')}?like={wrong}").status_code == 404


def test_a_run_says_how_many_of_its_responses_stand_in_items(client, engineer, endpoint, project):
    made = client.post(url("new-run"), order(endpoint, {"n": 2}, do="start"))
    jobs.run(GenerationRun.objects.get().job_id)
    assert "Nobody judges these responses until they stand in items." in text(client.get(made.url))

    def place(prompt):
        first, second = prompt.responses.order_by("pk")
        item = make_item(project, (), prompt=prompt)
        for position, response in enumerate((first, second), start=1):
            ItemResponse.objects.create(
                item=item, response=response, position=position, key=str(position)
            )

    one, *others = project.prompts.order_by("pk")
    place(one)
    said = text(client.get(made.url))
    assert "2 of 6 responses stand in items. Nobody judges the rest until they do too." in said
    assert "Build items from them" in said
    for prompt in others:
        place(prompt)
    said = text(client.get(made.url))
    assert "All 6 responses stand in items." in said
    assert "Build items from them" not in said
    assert "Nobody judges" not in said


def test_a_double_click_on_start_orders_once(client, engineer, endpoint):
    page = client.post(url("new-run"), order(endpoint, do="estimate")).content.decode()
    key = re.search(r'name="key" value="([^"]+)"', page).group(1)
    said = order(endpoint, do="start", key=key)
    first, second = (client.post(url("new-run"), said) for _ in range(2))
    assert first.headers["Location"] == second.headers["Location"]
    assert GenerationRun.objects.count() == 1
    # Gone back and changed, or estimated once more, it is another order.
    changed = order(endpoint, {"n": 3}, do="start", key=key)
    assert client.post(url("new-run"), changed).headers["Location"] != first.headers["Location"]
    assert key not in client.post(url("new-run"), said | {"do": "estimate"}).content.decode()


def test_a_program_that_repeats_its_order_gets_the_same(call, project, endpoint):
    key = "0b4bd1b4-5f0f-4a0b-8a4c-7b4b7bb6a0f1"
    said = {"endpoints": [endpoint.pk], "sets": [{"n": 1}]}
    path = f"projects/{SLUG}/generation-orders/"
    made, again = (call("POST", path, said | {"key": key})[1]["id"] for _ in range(2))
    assert made == again
    assert call("POST", path, said)[1]["id"] != made
    assert GenerationRun.objects.count() == 2


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


TWO = ({"temperature": "0.2"}, {"temperature": "0.9", "template": "Translate: {prompt}"})


def test_a_second_set_begins_like_the_first_and_can_go_again(client, engineer, endpoint):
    more = text(client.post(url("new-run"), order(endpoint, TWO[0], do="add_set")))
    assert more.count('value="0.2"') == 2
    assert 'name="set-TOTAL_FORMS" value="2"' in more
    fewer = text(client.post(url("new-run"), order(endpoint, *TWO, do="drop_set:1")))
    assert 'value="0.9"' in fewer
    assert 'value="0.2"' not in fewer
    assert not GenerationRun.objects.exists()


def test_the_estimate_counts_all_sets_and_fills_the_template(client, engineer, endpoint):
    said = text(client.post(url("new-run"), order(endpoint, *TWO, do="estimate")))
    assert "2 runs" in said
    assert "600" in said  # 3 prompts, 2 responses, 50 tokens, twice
    assert "Translate: Question 2" in said


def test_each_set_is_a_run_whose_responses_keep_its_parameters(client, engineer, endpoint, server):
    started = client.post(url("new-run"), order(endpoint, *TWO, do="start"))
    ordered = GenerationOrder.objects.get()
    page = url("show-order", ordered.pk)
    assert started.headers["Location"] == page
    first, second = ordered.runs.order_by("pk")
    jobs.run(first.job_id)
    assert "6 / 6" in text(client.get(page))
    client.post(url("cancel-order", ordered.pk))
    assert b"hx-trigger" not in client.get(page).content
    client.post(url("resume-order", ordered.pk))
    first.job.refresh_from_db()
    assert first.job.state == "done"  # it lacks nothing
    jobs.run(GenerationRun.objects.get(pk=second.pk).job_id)
    for run, sent in ((first, "Question 0"), (second, "Translate: Question 0")):
        response = run.generated.order_by("prompt", "index").first().response
        assert response.text == f"{sent} answer 1."
        assert response.params["temperature"] == run.params["temperature"]
        assert response.params.get("template") == run.params.get("template")
    said = text(client.get(page))
    assert "Go on with what is missing" not in said
    assert "of 12" in said
    assert "set 2" in text(client.get(url("list-runs")))


def test_two_sets_that_are_the_same_are_refused(client, engineer, endpoint):
    refused = client.post(url("new-run"), order(endpoint, {}, {}, do="start"))
    assert refused.status_code == 422
    assert "Set 1 and set 2 are the same." in text(refused)
    assert not GenerationRun.objects.exists()


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"endpoints": []}, "Choose who is asked."),
        ({"set-0-n": 0}, "It is 1 or more."),
        ({"set-0-temperature": "hot"}, "Write a number."),
        ({"endpoints": [10**6]}, "That is not to choose here"),
        ({"set-0-template": "Say it."}, "A template has {prompt} where"),
        ({"set-TOTAL_FORMS": 0}, "at least one set"),
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


def test_a_program_estimates_orders_and_reads(call, project, endpoint):
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


@pytest.mark.parametrize("asked", ["endpoint", "model"])
def test_prompts_of_others_are_neither_estimated_shown_nor_asked(call, project, endpoint, asked):
    Generator.objects.create(project=project, name="own", artifact="models/own")
    own = make_prompt(project, "Our own question")
    foreign = make_prompt(make_project(), "The secret of others")
    pictured = make_prompt(project, "A picture")
    pictured.messages[0]["attachments"] = [{"sha256": "0" * 64}]
    pictured.save()
    who = {"endpoint": endpoint.pk, "model": "own"}[asked]
    one = {asked: who, "options": {"system": "Be brief."}}
    several = {f"{asked}s": [who], "sets": [{"system": "Be brief."}]}
    for kind, said in (("generations", one), ("generation-orders", several)):
        path = f"projects/{SLUG}/{kind}/"
        for wrong in ([own.pk, foreign.pk], [own.pk, pictured.pk], [own.pk, 10**9]):
            for end in ("estimate/", ""):
                status, told = call("POST", path + end, said | {"prompts": wrong})
                assert status == 400
                assert "A prompt belongs to another project" in json.dumps(told)
        assert not GenerationOrder.objects.exists()
        assert call("POST", f"{path}estimate/", said | {"prompts": [own.pk]})[0] == 200


def test_a_program_orders_sets(call, project, endpoint):
    sets = [{"n": 1, "seed": 1}, {"n": 3, "system": "Be brief."}]
    said = {"endpoints": [endpoint.pk], "sets": sets}
    status, told = call("POST", f"projects/{SLUG}/generation-orders/estimate/", said)
    assert (status, [line["estimate"]["responses"] for line in told["lines"]]) == (200, [3, 9])
    assert [one["role"] for one in told["examples"][0]["messages"]] == ["system", "user"]
    status, made = call("POST", f"projects/{SLUG}/generation-orders/", said)
    assert (status, [run["wanted"] for run in made["runs"]]) == (201, [3, 9])
    path = f"generation-orders/{made['id']}/"
    assert call("POST", f"{path}resume/")[0] == 409
    status, over = call("POST", f"{path}cancel/")
    assert (status, {run["state"] for run in over["runs"]}) == (202, {"cancelled"})
    assert call("POST", f"{path}cancel/")[0] == 409
    assert {run["state"] for run in call("GET", path)[1]["runs"]} == {"cancelled"}
    bad = said | {"sets": [{}, {"temprature": 1}]}
    status, refused = call("POST", f"projects/{SLUG}/generation-orders/", bad)
    assert status == 400
    assert "Set 2: There is no option" in json.dumps(refused)


def test_many_runs_of_an_order_are_told_in_as_many_statements_as_one(
    call, endpoint, django_assert_num_queries
):
    path = f"projects/{SLUG}/generation-orders/"
    one, many = (
        call("POST", path, {"endpoints": [endpoint.pk], "sets": sets})[1]
        for sets in ([{"n": 1}], [{"n": n} for n in range(1, 7)])
    )
    with CaptureQueriesContext(connection) as captured:
        call("GET", f"generation-orders/{one['id']}/")
    with django_assert_num_queries(len(captured)):
        assert len(call("GET", f"generation-orders/{many['id']}/")[1]["runs"]) == 6


def test_the_command_asks_and_tells(endpoint, server, capsys):
    call_command("generate", SLUG, "--endpoint", "fake", "--set", "n=2", "--estimate")
    told = capsys.readouterr().out
    assert "fake, set 1: 6 responses to 3 prompts" in told
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
