"""A round on one page: what it ties together, how far each step is, what comes next."""

import re

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone

from annotation.core.errors import Conflict, DomainError
from annotation.core.hashing import sha256_of_text
from annotation.core.models import Job
from annotation.datasets.models import DatasetSource
from annotation.projects.models import Membership
from annotation.prompts.models import Generator, Response
from annotation.runs.models import Evaluation, Round
from annotation.runs.registry.stages import set_stage
from annotation.runs.rounds.ordering import order_next
from annotation.runs.rounds.services import begin_round, next_round, tie
from annotation.runs.rounds.steps import steps_of
from tests.factories import (
    make_item,
    make_judgment,
    make_key,
    make_member,
    make_project,
    make_prompt,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def site(client, world):
    client.force_login(world.engineer)
    return client


def url(name, world, *args):
    return reverse(f"runs:{name}", args=[world.project.slug, *args])


def text(response):
    return re.sub(r"\s+", " ", response.content.decode())


def states(found):
    return {step.key: step.state for step in steps_of(found).steps}


def test_each_step_follows_from_the_rows_before_it(world):
    base = world.make_version("sft", "base")
    found = begin_round(project=world.project, base=base, actor=world.engineer)
    assert set(states(found).values()) == {""}
    assert steps_of(found).next.key == "prompts"

    items = [make_item(world.project, batch="import:1", overlap=1) for _ in range(2)]
    other = world.make_dataset("cd")
    found = tie(found=found, batches=["import:1"], base=base, actor=world.engineer)
    assert states(found)["prompts"] == states(found)["candidates"] == "done"
    assert states(found)["judgments"] == ""

    labeler = make_member(world.project)
    make_judgment(items[0], labeler, (1, 2))
    assert states(found)["judgments"] == "now"
    make_judgment(items[1], labeler, (1, 2))
    assert states(found)["judgments"] == "done"
    assert steps_of(found).next.key == "dataset"

    found = tie(found=found, batches=["import:1"], base=base, dataset=other)
    assert steps_of(found).next.key == "runs"
    tuned = world.make_version("dpo", "tuned", base=base, dataset=other)
    assert states(found)["runs"] == "done"
    action = steps_of(found).next.action
    assert f"new={tuned.pk}" in action.url
    assert f"old={base.generator_id}" in action.url

    evaluation = Evaluation.objects.create(
        project=world.project, kind="people", new=tuned, old=base.generator, options={"n": 1}
    )
    assert states(found)["evaluation"] == "done"
    assert steps_of(found).next.key == "decision"
    Evaluation.objects.filter(pk=evaluation.pk).update(
        decision="promote", reason="It wins.", decided_at=evaluation.created_at
    )
    assert steps_of(found).is_over
    assert steps_of(found).next is None


def test_the_next_round_starts_from_what_was_promoted(world):
    base, tuned = world.make_version("sft", "base"), world.make_version("dpo", "tuned")
    first = begin_round(project=world.project, base=base)
    kept = next_round(found=first)
    assert (kept.number, kept.base, kept.previous) == (2, base, first), "nothing was promoted"
    set_stage(version=tuned, stage="promoted")
    assert next_round(found=kept).base == tuned


def test_a_reward_model_is_no_beginning_and_a_batch_must_exist(world):
    reward = world.make_version("reward", "taste")
    with pytest.raises(DomainError, match="starts from a policy"):
        begin_round(project=world.project, base=reward)
    with pytest.raises(DomainError, match="no batch “import:9”"):
        begin_round(project=world.project, batches=["import:9"])
    assert not Round.objects.exists()


def test_another_projects_batch_and_dataset_are_not_there(world):
    foreign = make_project()
    make_item(foreign, batch="theirs")
    found = begin_round(project=world.project)
    with pytest.raises(DomainError, match="no batch"):
        tie(found=found, batches=["theirs"])
    with pytest.raises(DomainError, match="another project"):
        tie(found=found, batches=[], dataset=world.make_dataset("ee", project=foreign))


def test_two_rounds_never_share_a_number(world):
    begin_round(project=world.project)
    with pytest.raises(IntegrityError), transaction.atomic():
        Round.objects.create(project=world.project, number=1)


def test_the_pages_begin_tie_and_go_on(site, world):
    assert "No round yet" in text(site.get(url("list-rounds", world)))
    make_item(world.project, batch="import:1")
    assert site.post(url("begin-round", world)).url == url("show-round", world, 1)
    page = url("show-round", world, 1)
    assert "Import items" in text(site.get(page))
    refused = site.post(page, {"batches": ["import:2"]})
    assert refused.status_code == 422
    site.post(page, {"batches": ["import:1"], "dataset": world.dataset.pk})
    assert Round.objects.get().dataset == world.dataset
    assert "Start a training" in text(site.get(page))
    assert site.post(url("seed-round", world, 1)).url == url("show-round", world, 2)
    said = text(site.get(url("list-rounds", world)))
    assert said.index("Round 2") < said.index("Round 1")


def carried(world, state):
    """A round in the hands of a job, as the demo's is."""
    found = begin_round(project=world.project, actor=world.engineer)
    now = timezone.now()
    ends = {
        "queued": {},
        "running": {"started_at": now, "lease_until": now},
        "failed": {"finished_at": now, "error": "Out of memory."},
        "cancelled": {"finished_at": now},
    }
    found.job = Job.objects.create(kind="round", project=world.project, state=state, **ends[state])
    found.save(update_fields=["job"])
    return found


@pytest.mark.parametrize("state", ["queued", "running"])
def test_while_a_job_carries_the_round_there_is_only_to_look(site, world, state):
    found = carried(world, state)
    watch = reverse("demo:show-round", args=[found.pk])
    for page in (url("show-round", world, found.number), url("list-rounds", world)):
        said = text(site.get(page))
        assert f'href="{watch}">See how far it is</a>' in said
        assert "Import items" not in said
        assert "under way" in said
    make_item(world.project, batch="import:1", overlap=1)
    tie(found=found, batches=["import:1"], dataset=world.dataset, actor=world.engineer)
    steps = steps_of(found)
    assert [step.key for step in steps.steps if step.action] == ["runs"]
    assert steps.next.action.url == watch
    with pytest.raises(Conflict, match="A job carries this round"):
        order_next(found=found, actor=world.engineer)
    told = call(site, "get", world, found.number).json()["steps"]
    assert not any(step["can_be_ordered"] for step in told)


@pytest.mark.parametrize(("state", "word"), [("failed", "failed"), ("cancelled", "was cancelled")])
def test_a_round_whose_job_stopped_says_so(site, world, state, word):
    found = carried(world, state)
    stopped = reverse("demo:show-round", args=[found.pk])
    said = text(site.get(url("show-round", world, found.number)))
    assert f"The job that carried the round {word}." in said
    assert f'<a class="button primary" href="{stopped}">See where it stopped</a>' in said
    assert "Import items" not in said
    # What it had frozen can be gone on with by hand.
    tie(found=found, batches=[], dataset=world.dataset, actor=world.engineer)
    assert "Start a training" in text(site.get(url("show-round", world, found.number)))


def test_a_round_on_a_dataset_that_was_there_goes_on_to_its_decision(site, world):
    """As one that tunes once more: it has no items of its own to wait for."""
    base = world.make_version("sft", "base")
    found = begin_round(project=world.project, base=base, actor=world.engineer)
    dataset = world.make_dataset("cd")
    found = tie(found=found, batches=[], dataset=dataset, base=base, actor=world.engineer)
    assert call(site, "get", world, found.number).json()["next"] == "runs"
    tuned = world.make_version("dpo", "tuned", base=base, dataset=dataset)
    made = Evaluation.objects.create(
        project=world.project, kind="people", new=tuned, old=base.generator, options={"n": 1}
    )
    decide = reverse("runs:show-evaluation", args=[world.project.slug, made.pk])
    assert steps_of(found).next.action.url == decide
    said = text(site.get(url("show-round", world, found.number)))
    assert f'<a class="button primary" href="{decide}">Decide</a>' in said
    assert "Import items" not in said
    assert call(site, "get", world, found.number).json()["next"] == "decision"


def test_a_name_is_shown_as_text(site, world):
    base = world.make_version("sft", "base")
    Generator.objects.filter(pk=base.generator_id).update(name="<b>old</b>")
    tuned = world.make_version("dpo", "tuned")
    found = tie(
        found=begin_round(project=world.project), batches=[], dataset=world.dataset, base=None
    )
    Evaluation.objects.create(
        project=world.project, kind="people", new=tuned, old=base.generator, options={"n": 1}
    )
    said = text(site.get(url("show-round", world, found.number)))
    assert "&lt;b&gt;old" in said
    assert "<b>old" not in said


def call(client, method, world, *args, data=None, name="round"):
    url = reverse(f"runs-api:{name}", args=[world.project.slug, *args])
    return getattr(client, method)(url, data=data, content_type="application/json")


def test_a_round_counts_in_words_that_fit_the_number(world):
    def details(found):
        return {step.key: step.detail for step in steps_of(found).steps}

    prompt = make_prompt(world.project, "Late?")
    writer = Generator.objects.create(project=world.project, name="m", revision="")
    item = make_item(world.project, prompt=prompt, batch="import:1", overlap=3)
    found = begin_round(project=world.project, base=None, actor=world.engineer)
    found = tie(found=found, batches=["import:1"], actor=world.engineer)
    assert details(found)["candidates"] == "2 responses, 2 generators"
    Response.objects.filter(items=item).update(generator=None)
    assert details(found)["candidates"] == "2 responses", "nobody knows who wrote them"
    Response.objects.filter(items=item).update(generator=writer)
    assert details(found)["candidates"] == "2 responses, 1 generator"
    make_judgment(item, make_member(world.project), (1, 2))
    assert details(found)["judgments"] == "1 of 3 judgments"
    found = tie(found=found, batches=["import:1"], dataset=world.make_dataset("cd"))
    assert states(found)["judgments"] == "done"
    assert details(found)["judgments"] == "1 judgment; frozen before all 3 were in"


def test_a_program_goes_through_a_round_step_by_step(site, world):
    base = world.make_version("sft", "base")
    item = make_item(world.project, batch="import:1", overlap=1)
    made = call(site, "post", world, name="rounds", data={"base": "base", "batches": ["import:1"]})
    assert made.status_code == 201
    number = made.json()["number"]
    assert made.json()["next"] == "judgments"
    refused = call(site, "post", world, number, name="round-next", data={})
    assert refused.status_code == 409
    assert "0 of 1 judgments" in refused.json()["detail"]

    make_judgment(item, make_member(world.project), (1, 2))
    assert call(site, "get", world, number).json()["next"] == "dataset"
    frozen = call(site, "post", world, number, name="round-next", data={})
    assert (frozen.status_code, frozen.json()["step"]) == (201, "dataset")
    dataset = world.project.datasets.get(hash=frozen.json()["round"]["dataset"])
    assert dataset.policy["batches"] == ["import:1"]

    tuned = world.make_version("dpo", "tuned", base=base, dataset=dataset)
    steps = {one["key"]: one for one in call(site, "get", world, number).json()["steps"]}
    assert steps["runs"]["state"] == "done"
    assert steps["evaluation"]["can_be_ordered"]
    assert not steps["decision"]["can_be_ordered"]
    Evaluation.objects.create(
        project=world.project, kind="people", new=tuned, old=base.generator, options={"n": 1},
        decision="promote", reason="It wins.", decided_at=tuned.created_at,
    )  # fmt: skip
    assert call(site, "get", world, number).json()["next"] is None
    after = call(site, "post", world, number, name="round-next", data={})
    assert (after.status_code, after.json()["step"]) == (201, "next")
    assert after.json()["round"]["previous"] == number
    listed = call(site, "get", world, name="rounds").json()
    assert [one["number"] for one in listed] == [number + 1, number]


def test_a_program_orders_the_training_of_a_round(site, world):
    base = world.make_version("sft", "base")
    item = make_item(world.project, batch="import:1", overlap=1)
    make_judgment(item, make_member(world.project), (1, 2))
    found = begin_round(project=world.project, base=base, batches=["import:1"])
    changed = call(
        site, "patch", world, found.number, data={"dataset": world.make_dataset("cd").hash[:12]}
    )
    assert changed.json()["next"] == "runs"
    wrong = call(
        site, "post", world, found.number, name="round-next", data={"kind": "no such training"}
    )
    assert wrong.status_code == 400
    made = call(site, "post", world, found.number, name="round-next", data={"seed": 5})
    assert made.status_code == 201, made.content
    run = world.project.runs.get(pk=made.json()["run"])
    assert (run.kind, run.base, run.seed, run.dataset.hash[:2]) == ("dpo", base, 5, "cd")
    again = call(site, "post", world, found.number, name="round-next", data={})
    assert again.status_code == 409


def ready_to_train(world, dataset):
    """A round of which everything up to the training is there."""
    item = make_item(world.project, batch="import:1", overlap=1)
    make_judgment(item, make_member(world.project), (1, 2))
    base = world.make_version("sft", "base")
    found = begin_round(project=world.project, base=base, batches=["import:1"])
    return tie(found=found, batches=["import:1"], dataset=dataset, base=base)


def test_a_round_trains_on_what_another_project_lent_only_who_may_there(site, world):
    dataset, lender = world.make_dataset("cd"), make_project()
    DatasetSource.objects.create(dataset=dataset, project=lender)
    found = ready_to_train(world, dataset)
    assert call(site, "post", world, found.number, name="round-next", data={}).status_code == 404
    assert not world.project.runs.filter(dataset=dataset).exists()
    role = Membership.Role.ENGINEER
    Membership.objects.create(project=lender, user=world.engineer, role=role, handle="e")
    assert call(site, "post", world, found.number, name="round-next", data={}).status_code == 201


def test_what_the_page_calls_the_rounds_policy_is_what_is_evaluated(world):
    """Also one that is older than the round: the dataset was tied to it afterwards."""
    dataset = world.make_dataset("cd")
    tuned = world.make_version("dpo", "tuned", dataset=dataset)
    found = ready_to_train(world, dataset)
    prompt = make_prompt(world.project, "Which one?")
    for generator in (tuned.generator, found.base.generator):
        Response.objects.create(
            prompt=prompt, generator=generator, text=generator.name,
            text_sha256=sha256_of_text(generator.name),
        )  # fmt: skip
    step, made = order_next(found=found, actor=world.engineer)
    assert (step, made.new, made.old) == ("evaluation", tuned, found.base.generator)


def test_a_body_that_is_no_object_is_refused(site, world):
    found = begin_round(project=world.project, batches=[])
    refused = call(site, "post", world, found.number, name="round-next", data=[1])
    assert refused.status_code == 400


KEY = "6b8f3c1e-9d44-4c2a-8f0e-2f6f1b0f7a11"
OTHER_KEY = "0d6ab1d2-58c5-4e0e-9d5e-f1f1a3b9c001"


def test_a_double_click_begins_one_round(site, world):
    page = text(site.get(url("list-rounds", world)))
    assert 'name="key"' in page

    for _click in range(2):
        answer = site.post(url("begin-round", world), {"key": KEY})
        assert answer["Location"] == url("show-round", world, 1)
    assert Round.objects.count() == 1

    site.post(url("begin-round", world), {"key": OTHER_KEY})
    assert Round.objects.get(number=2).previous.number == 1, "another page is another round"
    for _click in range(2):
        answer = site.post(url("begin-round", world), {"key": OTHER_KEY})
        assert answer["Location"] == url("show-round", world, 2)


def test_a_double_click_seeds_one_round(site, world):
    begin_round(project=world.project)

    for _click in range(2):
        answer = site.post(url("seed-round", world, 1), {"key": KEY})
        assert answer["Location"] == url("show-round", world, 2)
    assert Round.objects.count() == 2
    site.post(url("seed-round", world, 1), {"key": "no key"})
    assert Round.objects.count() == 3, "without a key it is a round of its own"


def test_a_program_that_repeats_itself_begins_one_round(client, world):
    said = {"HTTP_AUTHORIZATION": f"Bearer {make_key(world.engineer)}"}
    address = reverse("runs-api:rounds", args=[world.project.slug])

    def begin(**headers):
        return client.post(address, {}, content_type="application/json", **said, **headers)

    first, again = begin(HTTP_IDEMPOTENCY_KEY=KEY), begin(HTTP_IDEMPOTENCY_KEY=KEY)
    assert (first.status_code, first.json()) == (again.status_code, again.json())
    assert begin(HTTP_IDEMPOTENCY_KEY=OTHER_KEY).json()["number"] == 2
    refused = begin(HTTP_IDEMPOTENCY_KEY="twice")
    assert (refused.status_code, Round.objects.count()) == (400, 2)
    assert "UUID" in refused.content.decode()


def test_a_key_is_one_rounds_in_the_database_too(world):
    begin_round(project=world.project, key=KEY)
    with pytest.raises(IntegrityError), transaction.atomic():
        Round.objects.create(project=world.project, number=9, key=KEY)
    assert begin_round(project=make_project(), key=KEY).number == 1, (
        "other projects have their own"
    )
