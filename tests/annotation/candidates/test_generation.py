"""Runs by endpoints: every response once, with what made it; what fails is named, and asked for
again."""

import threading
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction

from annotation.candidates.endpoints import asking, services, turns
from annotation.candidates.endpoints.asking import Ask
from annotation.candidates.endpoints.faults import EndpointFailed, Fault
from annotation.candidates.generation import prompts, running
from annotation.candidates.generation.detail import figures_of
from annotation.candidates.generation.estimate import estimate, estimate_local
from annotation.candidates.generation.ordering import Order
from annotation.candidates.generation.prompts import prompts_for
from annotation.candidates.generation.services import (
    cancel_generation,
    resume_generation,
    start_generation,
)
from annotation.candidates.models import GeneratedResponse, GenerationRequest, GenerationRun
from annotation.candidates.services import generate_responses
from annotation.core import jobs
from annotation.core.addresses import Origins
from annotation.core.errors import Conflict, DomainError
from annotation.core.hashing import sha256_of_text
from annotation.core.jobs import Cancelled
from annotation.core.models import Job
from annotation.prompts.models import Generator, Prompt, Response
from tests.annotation.candidates.fake_openai import (
    completion,
    honest,
    raw,
    refusing,
    saying,
    send,
    speaking,
)
from tests.factories import make_project, make_prompt

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def server():
    with speaking() as server:
        yield server


@pytest.fixture
def endpoint(server, settings, monkeypatch):
    settings.EGRESS_ORIGINS = Origins([server.origin])
    monkeypatch.setattr(asking, "FIRST_PAUSE", 0.005)
    server.answer, server.answers, server.asked = honest, [], []
    server.most_at_once = 0
    project = make_project()
    for number in range(6):
        make_prompt(project, f"Question {number}")
    yield services.add_endpoint(
        project=project,
        name="fake",
        base_url=server.base_url,
        model="m-7b",
        timeout_seconds=20,
        price_in=Decimal(2),
        price_out=Decimal(10),
    )
    for thread in threading.enumerate():  # what was called off would ask during the next test
        if thread.name.startswith("ask"):
            thread.join(30)


def start(endpoint, **params):
    ids = params.pop("prompt_ids", None) or prompts_for(endpoint.project)
    return start_generation(
        project=endpoint.project, endpoint=endpoint, prompt_ids=ids, **{"n": 2, **params}
    )


def work(run):
    """What a worker would do until it is over."""
    run.refresh_from_db()
    for _ in range(10):
        Job.objects.filter(pk=run.job_id).update(not_before=run.created_at)
        jobs.run(run.job_id)
        run.job.refresh_from_db()
        if not run.job.is_active:
            break
    return run.job


def test_every_response_is_kept_with_what_made_it(endpoint, server):
    run = start(endpoint, temperature=0.7, top_p=0.9, seed=5, max_tokens=99, system="Be brief.")
    job = work(run)
    assert (job.state, job.error) == ("done", "")
    assert job.result == {"generation_run": run.pk, "responses": 12, "failed": 0}
    assert (job.progress_done, job.progress_total) == (12, 12)
    assert len(server.asked) == 6
    assert server.asked[0] == {
        "model": "m-7b",
        "messages": [
            {"role": "system", "content": "Be brief."},
            {"role": "user", "content": server.asked[0]["messages"][1]["content"]},
        ],
        "n": 2,
        "temperature": 0.7,
        "top_p": 0.9,
        "max_tokens": 99,
        "seed": 5,
    }
    for row in GeneratedResponse.objects.select_related("response__prompt", "request"):
        response, request = row.response, row.request
        assert response.text == f"{response.prompt.last_message} answer {row.index + 1}."
        assert (response.generator.name, response.generator.revision) == ("m-7b", "")
        assert response.finish_reason == "stop"
        assert response.params == {
            "n": 2, "temperature": 0.7, "top_p": 0.9, "max_tokens": 99, "seed": 5,
            "system": "Be brief.",
        }  # fmt: skip
        assert (request.model, request.fingerprint, request.fault) == ("m-7b", "fp_1", "")
        assert (request.prompt_tokens, request.completion_tokens) == (11, 14)
        assert request.milliseconds >= 0


SHA256 = "0f3c9a7be21d" + "5" * 52
FOLDER = "models/p/dpo-1-0f3c9a7be21d"


@pytest.mark.parametrize(
    ("said", "is_ours"),
    [
        ({"system_fingerprint": SHA256[:12]}, True),  # as serve_model signs
        ({"model": "dpo-1-0f3c9a7be21d"}, True),  # as another server names the folder
        ({"system_fingerprint": "ffffffffffff"}, False),
        ({"model": "dpo-1-ffffffffffff"}, False),
        ({"model": "1-0f3c9a7be21d"}, False),
    ],
)
def test_a_model_of_ours_is_one_generator_behind_an_endpoint_too(endpoint, server, said, is_ours):
    ours = Generator.objects.create(
        project=endpoint.project,
        name="dpo-1",
        revision=SHA256[:12],
        artifact=FOLDER,
        artifact_sha256=SHA256,
    )
    elsewhere = {"artifact": FOLDER, "artifact_sha256": SHA256}
    Generator.objects.create(project=make_project(), name="dpo-1", **elsewhere)
    server.answer = saying(**said)

    work(start(endpoint))

    wrote = set(Response.objects.values_list("generator", flat=True))
    assert (wrote == {ours.pk}) is is_ours
    assert len(wrote) == 1


def test_as_many_are_asked_at_a_time_as_the_endpoint_takes(endpoint, server):
    services.change_endpoint(endpoint=endpoint, concurrency=3)
    together = threading.Barrier(3, timeout=20)

    def answer(stream, request):
        together.wait()  # nobody is answered before three are asking
        honest(stream, request)

    server.answer = answer
    assert work(start(endpoint)).state == "done"
    assert server.most_at_once == 3


def test_a_model_under_another_name_is_its_revision(endpoint, server):
    server.answer = saying(model="m-7b-2025-01-01")
    work(start(endpoint))
    generator = Response.objects.first().generator
    assert (generator.name, generator.revision) == ("m-7b", "m-7b-2025-01-01")


def test_a_server_that_gives_one_at_a_time_is_asked_for_the_rest(endpoint, server):
    server.answer = lambda stream, request: send(stream, completion({**request, "n": 1}))
    run = start(endpoint, n=3, seed=5, prompt_ids=prompts_for(endpoint.project, most=1))
    assert work(run).state == "done"
    assert [(asked.get("n", 1), asked["seed"]) for asked in server.asked] == [
        (3, 5),
        (2, 6),
        (1, 7),
    ]
    assert list(run.generated.order_by("index").values_list("index", flat=True)) == [0, 1, 2]
    assert {r.token_count for r in Response.objects.all()} == {7}


def test_what_may_pass_is_asked_again_and_kept_once(endpoint, server):
    server.answers = [
        refusing("503 Busy"),
        lambda stream, request: None,
        raw(b"{}", status="500 X"),
    ]
    server.answers += [refusing("429 Slow", Retry_After="0.01")]
    run = start(endpoint)
    assert work(run).state == "done"
    assert len(server.asked) == 6 + 4
    assert run.generated.count() == 12
    assert sum(run.requests.values_list("try_count", flat=True)) == 10


def test_a_prompt_that_fails_is_named_and_the_others_go_on(endpoint, server):
    def answer(stream, request):
        if request["messages"][-1]["content"] == "Question 3":
            return send(stream, b"<html>", content_type="text/html")
        return honest(stream, request)

    server.answer = answer
    run = start(endpoint)
    assert work(run).result["failed"] == 1
    failed = GenerationRequest.objects.exclude(fault="").get()
    assert (failed.fault, failed.detail, failed.answered_count) == ("not_json", "text/html", 0)
    assert failed.prompt.last_message == "Question 3"
    assert run.generated.count() == 10

    server.answer, server.asked = honest, []
    resume_generation(run=run)
    assert work(run).result == {"generation_run": run.pk, "responses": 12, "failed": 0}
    assert [asked["messages"][-1]["content"] for asked in server.asked] == ["Question 3"]
    assert not GenerationRequest.objects.exclude(fault="").exists()


def test_a_wrong_key_stops_at_once(endpoint, server):
    server.answer = refusing("401 No")
    job = work(start(endpoint))
    assert job.state == "failed"
    assert "does not accept the key" in job.error
    assert len(server.asked) <= endpoint.concurrency
    assert not Response.objects.exists()


def test_a_stop_leaves_no_rest_of_a_short_answer_to_wait_for(endpoint):
    """One question is refused for good while another is answered short."""
    services.change_endpoint(endpoint=endpoint, concurrency=2)
    is_refused, ticks = threading.Event(), []

    def call(_endpoint, messages):
        if messages == ["refused"]:
            raise EndpointFailed("wrong_key")
        assert is_refused.wait(20)
        return "short"

    def settle(ask, outcome, tries):
        if isinstance(outcome, Fault):
            is_refused.set()
            return []
        return [Ask("the rest", ["the rest"])]

    def tick():
        ticks.append(1)
        assert len(ticks) < 100, "it never ends"

    asks = [Ask(1, ["refused"]), Ask(2, ["answered"])]
    with pytest.raises(EndpointFailed, match="does not accept the key"):
        asking.ask_all(endpoint, asks, settle=settle, tick=tick, call=call)


def test_an_endpoint_that_is_busy_gets_no_new_questions_while_many_wait(endpoint, monkeypatch):
    monkeypatch.setattr(asking, "FIRST_PAUSE", 600.0)
    monkeypatch.setattr(asking, "TICK", 0.01)
    services.change_endpoint(endpoint=endpoint, concurrency=2)
    begun, ticks = [], []

    def call(_endpoint, messages):
        begun.append(messages)
        raise EndpointFailed("broken", "503")

    def tick():
        ticks.append(1)
        if len(ticks) > 30:
            raise Cancelled

    asks = [Ask(number, [number]) for number in range(30)]
    with pytest.raises(Cancelled):
        asking.ask_all(endpoint, asks, settle=lambda *_: None, tick=tick, call=call)
    # Twice as many as it takes at a time, and who was under way when so many waited.
    assert 4 <= len(begun) <= 5


@pytest.fixture
def meanwhile(monkeypatch):
    """Something that happens once, after the first answer."""
    monkeypatch.setattr(turns, "LOOK_EVERY", 0)
    real, doing = running._Turn.settle, []

    def settle(turn, *outcome):
        further = real(turn, *outcome)
        while doing:
            doing.pop()()
        return further

    monkeypatch.setattr(running._Turn, "settle", settle)
    return doing.append


def test_an_endpoint_that_is_removed_is_asked_no_more(endpoint, server, meanwhile):
    services.change_endpoint(endpoint=endpoint, concurrency=1)
    run = start(endpoint)
    meanwhile(lambda: services.remove_endpoint(endpoint=endpoint))
    assert work(run).error == "The endpoint was removed."
    assert (run.generated.count(), len(server.asked)) == (2, 1)
    assert Job.objects.filter(kind="mark", state="queued").exists()  # what came is looked at


def test_another_key_is_sent_from_then_on(endpoint, server, meanwhile):
    services.change_endpoint(endpoint=endpoint, concurrency=1)
    services.replace_key(endpoint=endpoint, key="the-key-before")
    server.heads.clear()
    meanwhile(lambda: services.replace_key(endpoint=endpoint, key="the-key-since"))
    assert work(start(endpoint)).state == "done"
    sent = ["the-key-before" in head for head in server.heads]
    assert sent == [True, False, False, False, False, False]
    assert "the-key-since" in server.heads[1]


def test_a_run_taken_up_again_asks_under_another_name(endpoint, server):
    """Else an endpoint that knows the name may give its useless answer once more."""
    run = start(endpoint, prompt_ids=prompts_for(endpoint.project, most=2))
    services.change_endpoint(endpoint=endpoint, concurrency=1)
    server.heads.clear()
    server.answers = [raw(b"[]")]
    work(run)
    resume_generation(run=run)
    work(run)
    names = [name_of(head) for head in server.heads]
    assert len(names) == len(set(names)) == 3
    assert all(f"{run.created_at:%Y%m%d}" in name for name in names)


def name_of(head):
    (line,) = [line for line in head.split("\r\n") if line.startswith("Idempotency-Key: ")]
    return line.partition(": ")[2]


def test_a_run_cancelled_between_two_turns_has_what_came_looked_at(endpoint, server, monkeypatch):
    monkeypatch.setattr(turns.Turn, "wants_rest", lambda turn: turn.done > 0)
    run = start(endpoint)
    run.refresh_from_db()
    jobs.run(run.job_id)
    run.job.refresh_from_db()
    assert (run.job.state, run.generated.exists()) == ("queued", True)
    assert not Job.objects.filter(kind="mark").exists()
    cancel_generation(run=run)
    assert Job.objects.filter(kind="mark", state="queued").count() == 1


@pytest.fixture
def own():
    """A model of ours, and its run that took a minute for 30 responses of 100 tokens."""
    project = make_project()
    own = Generator.objects.create(project=project, name="own", artifact="models/own")
    prompt = make_prompt(project)
    run = generate_responses(project=project, generator=own, prompts=[prompt], n=30)
    for index in range(30):
        response = Response.objects.create(
            prompt=prompt, text=f"{index}", text_sha256=sha256_of_text(f"{index}"),
            generator=own, token_count=100,
        )  # fmt: skip
        GeneratedResponse.objects.create(
            generation_run=run, prompt=prompt, index=index, response=response
        )
    end = run.created_at + timedelta(minutes=1)
    done = {"state": "done", "started_at": run.created_at, "finished_at": end, "attempts": 1}
    Job.objects.filter(pk=run.job_id).update(**done, token=1)
    return run


@pytest.mark.parametrize(("token", "speed", "minutes"), [(1, 50, 2.0), (2, None, None)])
def test_a_run_that_waited_in_between_says_nothing_of_speed(own, token, speed, minutes):
    """Taken up again its attempts count anew, and the time it began stays."""
    Job.objects.filter(pk=own.job_id).update(token=token)
    own.refresh_from_db()
    assert figures_of(own).speed == speed
    ids = [own.prompts.get().pk]
    assert (
        estimate_local(own.generator, ids, {"n": 60, "max_tokens": 100}).minutes_likely == minutes
    )


def test_a_model_of_ours_has_the_bounds_of_an_endpoint(own, endpoint, monkeypatch):
    monkeypatch.setattr(prompts, "MOST_RESPONSES", 5)
    with pytest.raises(DomainError, match="At most 5 responses"):
        start(endpoint)
    args = {"project": own.project, "generator": own.generator, "prompts": own.prompts.all()}
    with pytest.raises(DomainError, match="At most 5 responses"):
        generate_responses(**args, n=6)
    assert generate_responses(**args, n=5)
    sets = [{"n": 3}, {"n": 3, "seed": 1}]
    one, both = (
        Order(project=own.project, endpoints=[], models=[own.generator], sets=some)
        for some in (sets[:1], sets)
    )
    assert one.start().runs.count() == 1
    for refused in (both.lines, both.start):
        with pytest.raises(DomainError, match="At most 5 responses"):
            refused()


def test_a_run_asks_the_model_that_was_ordered(endpoint, server):
    """Whatever becomes of the endpoint: its responses name that model as their author."""
    run = start(endpoint)
    services.change_endpoint(endpoint=endpoint, model="m-8b")
    assert work(run).state == "done"
    assert {asked["model"] for asked in server.asked} == {"m-7b"}
    authors = Response.objects.values_list("generator__name", "generator__revision").distinct()
    assert list(authors) == [("m-7b", "")]
    endpoint.refresh_from_db()
    assert endpoint.model == "m-8b"


def test_a_server_that_lies_each_time_is_not_asked_for_ever(endpoint, server, monkeypatch):
    monkeypatch.setattr(asking, "HOPELESS_AFTER", 3)
    services.change_endpoint(endpoint=endpoint, concurrency=1)
    server.answer = saying(choices=[])
    job = work(start(endpoint))
    assert (job.state, len(server.asked)) == ("failed", 3)
    assert "without a single response" in job.error


def test_when_nothing_came_the_run_failed(endpoint, server):
    server.answer = raw(b"[]")
    run = start(endpoint, prompt_ids=prompts_for(endpoint.project, most=2))
    assert work(run).state == "failed"
    assert run.requests.filter(fault="shape").count() == 2


def test_a_wait_too_long_ends_the_run_and_a_short_one_holds_everybody(endpoint, server):
    server.answers = [refusing("429 Slow", Retry_After="86400")]
    services.change_endpoint(endpoint=endpoint, concurrency=1)
    run = start(endpoint)
    job = work(run)
    assert (job.state, len(server.asked)) == ("failed", 1)
    assert "86400 seconds" in job.error
    server.answers = [refusing("429 Slow", Retry_After="0.2")]
    resume_generation(run=run)
    assert work(run).state == "done"
    endpoint.refresh_from_db()
    assert endpoint.requests_free_at is not None


def test_cancelling_keeps_what_came_and_going_on_asks_for_the_rest_alone(endpoint, server):
    services.change_endpoint(endpoint=endpoint, concurrency=1)
    run = start(endpoint)

    seen = []

    def tick(turn):
        if len(server.asked) >= 3 and not seen:
            seen.append(True)
            cancel_generation(run=run)
        turn.claim.progress(done=turn.done)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(running._Turn, "tick", tick)
        assert work(run).state == "cancelled"
    kept = set(GeneratedResponse.objects.values_list("pk", flat=True))
    assert 4 <= len(kept) < 12
    asked = len(server.asked)
    resume_generation(run=run)
    assert work(run).state == "done"
    assert kept < set(GeneratedResponse.objects.values_list("pk", flat=True))
    assert run.generated.count() == 12
    assert len(server.asked) == 6
    assert asked < 6


def test_a_worker_that_lost_the_job_stores_nothing(endpoint, server):
    run = start(endpoint)

    def stolen(turn):
        Job.objects.filter(pk=run.job_id).update(token=9)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(running._Turn, "tick", stolen)
        jobs.run(run.job_id)
    assert server.asked
    assert not Response.objects.exists()
    assert not GenerationRequest.objects.exists()


def test_other_work_gets_its_turn_and_the_run_goes_on_after_it(endpoint, server, monkeypatch):
    monkeypatch.setattr(turns, "LEAST_TURN", -1.0)
    monkeypatch.setattr(turns, "LOOK_EVERY", -1.0)
    other, _ = jobs.enqueue(kind="try-endpoint", payload={})
    run = start(endpoint)
    jobs.run(run.job_id)
    run.job.refresh_from_db()
    assert (run.job.state, run.job.attempts) == ("queued", 0)
    other.delete()
    assert work(run).state == "done"
    assert len(server.asked) == 6


def test_the_cost_is_told_before_and_by_experience(endpoint, server):
    ids = prompts_for(endpoint.project)
    told = estimate(endpoint, ids, {"n": 4, "max_tokens": 100})
    assert (told.prompts, told.responses, told.tokens_out_most) == (6, 24, 2400)
    assert 30 < told.tokens_in < 120
    assert told.cost_most == (told.tokens_in * Decimal(2) + 2400 * Decimal(10)) / 1_000_000
    assert (told.cost_likely, told.minutes_least) == (None, None)
    assert told.currency == "USD"
    work(start(endpoint, n=4))
    services.change_endpoint(endpoint=endpoint, requests_per_minute=3)
    told = estimate(endpoint, ids, {"n": 4, "max_tokens": 100})
    assert told.tokens_out_likely == 24 * 7
    assert told.cost_likely < told.cost_most
    assert told.minutes_least == 2.0
    services.change_endpoint(endpoint=endpoint, price_in=None, price_out=None)
    assert estimate(endpoint, ids, {"n": 4, "max_tokens": 100}).cost_most is None


def test_prompts_are_chosen_by_what_they_lack(endpoint):
    project, ids = endpoint.project, prompts_for(endpoint.project)
    assert prompts_for(project, most=2) == ids[-2:]
    Response.objects.create(prompt_id=ids[0], text="x", text_sha256="0" * 64)
    assert prompts_for(project, which="unanswered") == ids[1:]
    Prompt.objects.filter(pk=ids[1]).update(
        messages=[{"role": "user", "content": "?", "attachments": [{"sha256": "0"}]}]
    )
    assert prompts_for(project) == [ids[0], *ids[2:]]
    with pytest.raises(DomainError, match="attachments"):
        start(endpoint, prompt_ids=ids)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"n": 0}, "at least 1"),
        ({"n": 65}, "at most 64"),
        ({"temperature": -1}, "at least 0"),
        ({"top_k": 5}, "no option “top_k”"),
        ({"system": "a\x00b"}, "NUL"),
        ({"prompt_ids": [10**9]}, "another project"),
    ],
)
def test_other_orders_are_refused(endpoint, change, reason):
    with pytest.raises(DomainError, match=reason):
        start(endpoint, **change)
    assert not GenerationRun.objects.exists()


def test_foreign_and_removed_endpoints_are_refused(endpoint):
    ids = prompts_for(endpoint.project)
    with pytest.raises(DomainError, match="no such endpoint"):
        start_generation(project=make_project(), endpoint=endpoint, prompt_ids=ids)
    run = start(endpoint)
    with pytest.raises(Conflict, match="under way"):
        resume_generation(run=run)
    services.remove_endpoint(endpoint=endpoint)
    assert work(run).error == "The endpoint was removed."
    with pytest.raises(DomainError, match="was removed"):
        resume_generation(run=run)
    with pytest.raises(Conflict, match="over already"):
        cancel_generation(run=run)


def test_the_database_lets_no_request_be_both(endpoint):
    run = start(endpoint)
    prompt = run.prompts.first()
    for wrong in ({"answered_count": 0}, {"answered_count": 3}, {"fault": "busy"}):
        with pytest.raises(IntegrityError), transaction.atomic():
            GenerationRequest.objects.create(
                **{
                    "generation_run": run,
                    "prompt": prompt,
                    "first": 0,
                    "asked_count": 2,
                    "try_count": 1,
                    "answered_count": 1,
                    **wrong,
                }  # fmt: skip
            )
    with pytest.raises(IntegrityError), transaction.atomic():
        GenerationRun.objects.filter(pk=run.pk).update(endpoint=None)
