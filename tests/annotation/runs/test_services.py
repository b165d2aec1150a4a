"""Ordering a training: what is refused, and what one order becomes."""

import pytest
from django.db import IntegrityError

from annotation.core.errors import Conflict, DomainError
from annotation.core.models import Event, Job
from annotation.core.options import BadOption
from annotation.datasets.models import Dataset
from annotation.runs import options as run_options
from annotation.runs import services
from annotation.runs.attempts import config_of
from annotation.runs.models import TrainingRun
from tests.factories import make_project

pytestmark = pytest.mark.django_db


def test_an_order_is_a_run_with_a_job_and_an_event(world):
    run = world.start("reward", options={"epochs": "2", "batch_size": 4}, seed=3)

    assert (run.kind, run.name, run.seed) == ("reward", "reward-1", 3)
    assert run.options == {"epochs": 2.0, "batch_size": 4}
    assert (run.job.kind, run.job.queue, run.job.state) == ("train", "train", "queued")
    assert Event.objects.get(kind="run.started").target == f"run:{run.pk}"


def test_a_double_click_is_one_run(world):
    first, second = world.start(), world.start()
    assert first == second
    assert (TrainingRun.objects.count(), Job.objects.count()) == (1, 1)
    assert world.start(seed=12) != first, "another order is another run"


def test_the_same_order_after_the_end_is_a_new_run(world):
    first = world.train()
    assert first.job.state == "done"
    assert world.start() != first


def test_a_dataset_is_found_by_the_beginning_of_its_hash(world):
    assert world.start(dataset="abababab").dataset == world.dataset


@pytest.mark.parametrize(
    ("prefix", "reason"),
    [("aba", "4 digits"), ("zzzzzzzz", "4 digits"), ("cdcdcdcd", "no dataset"), ("", "4 digits")],
)
def test_other_names_of_a_dataset_are_refused(world, prefix, reason):
    with pytest.raises(DomainError, match=reason):
        world.start(dataset=prefix)
    assert not TrainingRun.objects.exists()


def test_a_prefix_of_two_datasets_is_refused(world):
    Dataset.objects.create(
        project=world.project, hash="ababab" + "0" * 58, policy={}, counts={}, manifest={}
    )
    with pytest.raises(DomainError, match="2 datasets"):
        world.start(dataset="ababab")


def test_a_dataset_of_another_project_does_not_exist_here(world):
    other = make_project()
    foreign = world.make_dataset("ef", project=other)
    with pytest.raises(DomainError, match="no dataset"):
        world.start(dataset=foreign.hash)
    with pytest.raises(DomainError, match="another project"):
        world.start(dataset=foreign)


@pytest.mark.parametrize(
    ("kind", "rows", "missing"),
    [
        ("sft", {"demonstrations": 0}, "demonstrations"),
        ("reward", {"comparisons": 0}, "comparisons"),
    ],
)
def test_a_dataset_without_the_rows_of_the_kind_is_refused(world, kind, rows, missing):
    empty = world.make_dataset("ef", **rows)
    with pytest.raises(DomainError, match=f"no {missing}"):
        world.start(kind, dataset=empty)


def test_dpo_needs_a_policy_to_start_from(world):
    with pytest.raises(DomainError, match="choose the model version"):
        world.start("dpo")
    reward = world.train("reward").model_version
    with pytest.raises(DomainError, match="is a reward model"):
        world.start("dpo", base=reward.name)
    with pytest.raises(DomainError, match="no model version"):
        world.start("dpo", base="nothing")

    policy = world.train("sft").model_version
    assert world.start("dpo", base=policy.name).base == policy
    assert world.start("dpo", base=str(policy.pk), seed=2).base == policy


def test_reinforcement_learning_needs_a_policy_and_a_reward_model(world):
    policy = world.train("sft").model_version
    reward = world.train("reward").model_version
    with pytest.raises(DomainError, match="choose the model version"):
        world.start("rl", reward=reward)
    with pytest.raises(DomainError, match="Choose the reward model"):
        world.start("rl", base=policy)
    with pytest.raises(DomainError, match="is no reward model"):
        world.start("rl", base=policy, reward=policy.name)
    with pytest.raises(DomainError, match="Only reinforcement learning"):
        world.start("dpo", base=policy, reward=reward)

    run = world.start("rl", base=policy, reward=reward.name)
    assert (run.base, run.reward) == (policy, reward)
    config = config_of(run)
    assert config["reward"]["sha256"] == reward.sha256
    assert config["reward"]["path"].endswith(reward.artifact)
    done = world.work(run)
    assert done.model_version.kind == "policy"
    assert done.model_version.generator is not None


def test_the_database_holds_a_reward_model_to_reinforcement_learning(world):
    reward = world.train("reward").model_version
    run = world.start("sft", seed=4)
    with pytest.raises(IntegrityError, match="run_rl_has_its_reward"):
        TrainingRun.objects.filter(pk=run.pk).update(reward=reward)


def test_a_base_whose_files_are_gone_is_refused(world):
    policy = world.train("sft").model_version
    (world.data_dir / policy.artifact / "manifest.json").unlink()
    with pytest.raises(DomainError, match="not where they were registered"):
        world.start("dpo", base=policy)


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"lr": 1}, "no option “lr”"),
        ({"epochs": "many"}, "takes a number"),
        ({"epochs": 0}, "at least 0.01"),
        ({"epochs": "nan"}, "finite"),
        ({"batch_size": 2.5}, "whole number"),
        ({"batch_size": True}, "whole number"),
        ({"batch_size": 100000}, "at most"),
        ({"allow_drops": "perhaps"}, "true or false"),
        ({"precision": "int4"}, "auto, fp32, bf16"),
        ({"output_dir": "/etc"}, "no option"),
    ],
)
def test_an_option_off_the_whitelist_is_refused_by_name(world, options, reason):
    with pytest.raises(DomainError, match=reason):
        world.start("reward", options=options)
    assert not TrainingRun.objects.exists()


def test_text_and_json_give_the_same_options(world):
    given = {"epochs": "2", "allow_drops": "on", "max_steps": " 7 ", "learning_rate": ""}
    run = world.start(options=given)
    assert run.options == {"epochs": 2.0, "allow_drops": True, "max_steps": 7}


def test_without_torch_the_answer_says_how_to_install_it(world, monkeypatch, settings):
    monkeypatch.setattr(services, "LIBRARIES", ("torch_that_is_not_here",))
    with pytest.raises(DomainError, match="make train-extra"):
        world.start()
    settings.IS_LOOPBACK = False  # a web container without torch, a train worker with it
    assert world.start().job.state == "queued"


def test_a_worker_without_torch_says_how_too(world, monkeypatch):
    run = world.start()
    monkeypatch.setattr(services, "LIBRARIES", ("torch_that_is_not_here",))
    run = world.work(run)
    assert run.job.state == "failed"
    assert "make train-extra" in run.job.error


def test_a_waiting_run_is_cancelled_at_once(world):
    run = services.cancel_run(run=world.start(), actor=world.engineer)
    assert run.job.state == "cancelled"
    with pytest.raises(Conflict, match="over already"):
        services.cancel_run(run=run)


def test_a_name_is_taken_once(world):
    world.train(name="Kettle")
    with pytest.raises(Conflict, match="Kettle"):
        world.start(name="Kettle", seed=5)


def test_only_what_failed_or_was_cancelled_is_resumed(world):
    run = world.train()
    with pytest.raises(Conflict, match="taken up again"):
        services.resume_run(run=run)
    cancelled = services.cancel_run(run=world.start(seed=2))
    assert services.resume_run(run=cancelled).job.state == "queued"
    assert world.work(cancelled).job.state == "done"


def test_kto_needs_a_policy_to_start_from(world):
    with pytest.raises(DomainError, match="choose the model version"):
        world.start("kto")
    policy = world.train("sft").model_version
    run = world.start("kto", base=policy, options={"labels": "floor"})
    assert (run.get_kind_display(), run.options) == ("KTO", {"labels": "floor"})
    assert world.work(run).model_version.kind == "policy"


@pytest.mark.parametrize(
    ("kind", "options", "field"),
    [
        ("dpo", {"quantize": "nf4"}, "quantize"),
        ("sft", {"sharding": "fsdp2"}, "sharding"),
        ("sft", {"sharding": "zero3", "devices": 2, "lora_rank": 8}, "sharding"),
        ("sft", {"sharding": "zero2", "devices": 2, "precision": "fp32"}, "sharding"),
        ("dpo", {"sharding": "fsdp2", "devices": 2, "precompute_reference": False}, "sharding"),
        ("reward", {"lora_alpha": 4}, "lora_alpha"),
        ("kto", {"labels": "rating", "criterion": "tone"}, "labels"),
    ],
)
def test_options_that_do_not_go_together_are_refused_before_a_run_exists(kind, options, field):
    with pytest.raises(BadOption) as refused:
        run_options.read(kind, options)
    assert refused.value.field == field
