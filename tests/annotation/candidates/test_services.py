"""A model's responses come in once, whole or not at all, and become items."""

import json

import pytest

from annotation.candidates import services
from annotation.candidates.generation.detail import failures_of
from annotation.candidates.generation.services import can_resume, resume_generation
from annotation.candidates.models import GeneratedResponse, GenerationRun
from annotation.core import jobs
from annotation.core.errors import DomainError
from annotation.core.models import Job
from annotation.labeling.items import create_items_from_responses
from annotation.labeling.models import Item, ItemResponse
from annotation.prompts.models import Generator, Response
from tests.annotation.runs.conftest import world  # noqa: F401  the same world
from tests.factories import make_project, make_prompt

pytestmark = pytest.mark.django_db


@pytest.fixture
def order(world):  # noqa: F811
    generator = world.train().model_version.generator
    prompts = [make_prompt(world.project) for _ in range(4)]
    return {"project": world.project, "generator": generator, "prompts": prompts, "n": 4}


def test_every_response_is_stored_with_what_made_it(world, order):  # noqa: F811
    run = services.generate_responses(**order, temperature=0.7, seed=5, actor=world.engineer)
    jobs.run(run.job_id)

    run = GenerationRun.objects.get()
    assert run.job.state == "done", run.job.error
    assert run.job.result == {"generation_run": run.pk, "responses": 16, "failed": 0}
    responses = services.responses_of(run)
    assert [r.prompt_id for r in responses] == sorted(
        p.pk for p in order["prompts"] for _ in "abcd"
    )
    assert {r.generator for r in responses} == {order["generator"]}
    assert responses[0].params == {"n": 4, "seed": 5, "temperature": 0.7}
    assert {r.finish_reason for r in responses} == {"stop", "length"}
    config = json.loads((services.folder_of(run).path / "config.json").read_text())
    assert config["base"]["sha256"] == order["generator"].artifact_sha256
    assert config["seed"] == 5


@pytest.mark.parametrize("act", ["", "half a generation", "bad row"])
def test_however_it_ends_no_text_is_left_on_the_disk(world, order, act):  # noqa: F811
    world.act(act)
    run = services.generate_responses(**order)
    jobs.run(run.job_id)
    folder = services.folder_of(run).path
    assert (folder / "config.json").exists()
    assert {path.name for path in folder.rglob("*.jsonl")} == {"metrics.jsonl"}


def test_the_message_twice_stores_once(order):
    run = services.generate_responses(**order)
    jobs.run(run.job_id)
    jobs.run(run.job_id)
    assert GeneratedResponse.objects.count() == Response.objects.count() == 16


def test_an_order_with_a_target_is_one_while_it_is_active(order):
    first = services.generate_responses(**order, target="round:1:before")
    again = services.generate_responses(**order, target="round:1:before")
    assert first == again
    assert (GenerationRun.objects.count(), Job.objects.filter(kind="generate").count()) == (1, 1)


def test_a_bad_line_stores_nothing(world, order):  # noqa: F811
    world.act("bad row")
    run = services.generate_responses(**order)
    jobs.run(run.job_id)
    run.job.refresh_from_db()
    assert run.job.state == "failed"
    assert "line 1" in run.job.error
    assert not Response.objects.exists()


def test_what_came_before_it_failed_is_kept_and_not_asked_again(world, order):  # noqa: F811
    world.act("half a generation")
    run = services.generate_responses(**order)
    jobs.run(run.job_id)
    run.job.refresh_from_db()
    assert run.job.state == "failed"
    first = order["prompts"][0]
    assert set(run.generated.values_list("prompt", flat=True)) == {first.pk}
    assert run.generated.count() == 4

    world.act("")
    resume_generation(run=run)
    jobs.run(run.job_id)
    run.job.refresh_from_db()
    assert run.job.result == {"generation_run": run.pk, "responses": 16, "failed": 0}
    assert {row.response.text for row in run.generated.filter(prompt=first)} == {"early"}
    assert run.generated.count() == Response.objects.count() == 16


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("too long", "long_prompt"),
        ("Hm.<|im_end|>", "control_token"),
        ("no turns", "chat_template"),
    ],
)
def test_a_prompt_that_the_model_cannot_read_is_listed_and_the_rest_is_stored(
    world,  # noqa: F811
    order,
    text,
    name,
):
    order["prompts"].append(make_prompt(world.project, text))
    run = services.generate_responses(**order)
    jobs.run(run.job_id)
    run.job.refresh_from_db()
    assert run.job.result == {"generation_run": run.pk, "responses": 16, "failed": 1}
    ((prompt, fault, _tries),) = failures_of(run)
    assert (prompt.last_message, fault.name) == (text, name)
    assert fault.sentence
    assert not can_resume(run)


def test_a_fault_that_nobody_knows_is_damage(world, order):  # noqa: F811
    order["prompts"].append(make_prompt(world.project, "a fault"))
    run = services.generate_responses(**order)
    jobs.run(run.job_id)
    run.job.refresh_from_db()
    assert run.job.state == "failed"
    assert run.generated.count() == 0


def test_a_fenced_import_stores_nothing(order, monkeypatch):
    real = services.read_responses

    def stolen(path, asked):
        rows = list(real(path, asked))
        Job.objects.filter(kind="generate").update(token=9)
        return iter(rows)

    monkeypatch.setattr(services, "read_responses", stolen)
    jobs.run(services.generate_responses(**order).job_id)
    assert not Response.objects.exists()


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"prompts": []}, "no prompt"),
        ({"n": 0}, "at least 1"),
        ({"top_k": 5}, "no option “top_k”"),
        ({"prompts_file": "/etc/passwd"}, "no option"),
        ({"temperature": 99}, "at most 10"),
        ({"seed": -1}, "seed"),
    ],
)
def test_other_orders_are_refused(order, change, reason):
    with pytest.raises(DomainError, match=reason):
        services.generate_responses(**(order | change))
    assert not GenerationRun.objects.exists()


def test_foreign_rows_and_imported_generators_are_refused(order):
    other = make_project()
    with pytest.raises(DomainError, match="prompt belongs to another"):
        services.generate_responses(**order | {"prompts": [make_prompt(other)]})
    imported = Generator.objects.create(project=order["project"], name="llama-7b")
    with pytest.raises(DomainError, match="no model here"):
        services.generate_responses(**order | {"generator": imported})


@pytest.fixture
def responses(order):
    run = services.generate_responses(**order)
    jobs.run(run.job_id)
    return list(services.responses_of(run))


def make(responses, **options):
    project = responses[0].prompt.project
    return create_items_from_responses(
        project=project, responses=responses, **({"batch": "round:1"} | options)
    )


def test_items_show_different_texts_only_and_say_what_was_left_out(responses):
    made = make(responses, overlap=2)

    varied = [r for r in responses if r.prompt_id % 2]
    assert len(made.items) == len(varied) // 4
    assert {(i.response_count, i.overlap, i.batch) for i in made.items} == {(4, 2, "round:1")}
    assert set(made.too_alike.values()) == {1}
    assert len(made.items) + len(made.too_alike) == 4


def test_equal_texts_may_be_kept_and_are_marked(responses):
    one = responses[0]
    twin = Response.objects.create(prompt=one.prompt, text=one.text, text_sha256=one.text_sha256)
    other = Response.objects.create(prompt=one.prompt, text="another", text_sha256="0" * 64)
    made = make([one, twin, other], merge_equal=False)
    places = ItemResponse.objects.filter(item=made.items[0])
    assert [p.equal_to for p in places] == [None, 1, None]
    assert make([one, twin, other], batch="merged").items[0].response_count == 2


def test_the_same_batch_again_adds_nothing(responses):
    first = make(responses)
    again = make(responses)
    assert [i.pk for i in first.items] == [i.pk for i in again.items]
    assert Item.objects.count() == len(first.items)


def test_the_same_batch_with_other_responses_is_refused(responses):
    make(responses)
    with pytest.raises(DomainError, match="exists with other responses"):
        make([r for r in responses if r.generated.index < 3])


def test_a_response_of_another_project_is_refused(responses):
    prompt = make_prompt(make_project())
    foreign = Response.objects.create(prompt=prompt, text="x", text_sha256="0" * 64)
    with pytest.raises(DomainError, match="another project"):
        make([*responses, foreign])
    assert not Item.objects.exists()
