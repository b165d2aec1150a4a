"""Training from a terminal, without a worker: the command does the work itself."""

import io

import pytest
from django.core.management import call_command

from annotation.core.errors import DomainError, NotFound
from annotation.core.models import Job
from annotation.runs.attempts import store_events
from annotation.runs.management.commands.train import Teller
from annotation.runs.models import ModelVersion
from tests.factories import make_project

pytestmark = pytest.mark.django_db(transaction=True)


def call(*arguments):
    out = io.StringIO()
    call_command(*arguments, stdout=out)
    return out.getvalue()


def test_train_follows_the_run_and_ends_with_the_figures(world):
    said = call("train", "reward", world.dataset.hash[:8], "--set", "epochs=2", "--name", "Judge")

    assert "in this process" in said
    assert "step 3" in said
    assert "loss 0.3333" in said
    version = ModelVersion.objects.get()
    assert f"Model version “Judge”, {version.artifact}" in said
    accuracy = said.index("Accuracy")
    assert "0.750  (0.500 to 0.900)" in said
    assert accuracy < said.index("Length alone"), "the baseline stands beside it"
    assert version.run.options == {"epochs": 2.0}


def test_the_local_command_resumes_a_killed_trainer(world):
    world.act("crash once")
    assert "Model version" in call("train", "sft", world.dataset.hash, "--local")
    assert Job.objects.get().token == 2


def test_the_cause_of_a_failure_is_left_to_the_end_and_a_warning_is_not(world):
    run = world.start()
    lines = [{"type": kind, "message": "too few rows"} for kind in ("error", "warning")]
    store_events(run, 1, list(enumerate(lines, 1)))
    tell = Teller(run, io.StringIO())
    error, warning = (tell.line(event) for event in run.events.order_by("line"))
    assert error == ""
    assert warning.endswith("warning: too few rows")


def test_a_failed_training_is_an_error_with_its_cause(world):
    world.act("exit 65 a leak")
    with pytest.raises(DomainError, match="ended as failed: Bad data: a leak"):
        call("train", "sft", world.dataset.hash)


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["--set", "lr=1"], "no option “lr”"),
        (["--set", "epochs"], "KEY=VALUE"),
        (["--project", "nowhere"], "no project"),
        (["--base", "nothing"], "no model version"),
    ],
)
def test_a_mistake_in_the_command_is_a_sentence(world, arguments, reason):
    with pytest.raises(DomainError, match=reason):
        call("train", "sft", world.dataset.hash, *arguments)
    assert not Job.objects.exists()


def test_a_dataset_of_two_projects_needs_the_projects_name(world):
    other = make_project()
    world.make_dataset("ab", project=other)
    with pytest.raises(DomainError, match="--project"):
        call("train", "sft", world.dataset.hash)
    assert "Model version" in call("train", "sft", "abababab", "--project", other.slug)


def test_options_are_listed_with_defaults_and_limits(world):
    said = call("train", "dpo", "-", "--options")
    assert "beta" in said
    assert "0.0001 to 100" in said


def test_runs_lists_what_there_is(world):
    assert "No training yet" in call("runs", world.project.slug)
    world.train("reward", name="Judge")
    world.act("exit 65 a leak")
    world.train(seed=3)

    said = call("runs", world.project.slug)

    assert "accuracy 0.750 (0.500 to 0.900); length alone 0.500" in said
    assert "Bad data: a leak" in said
    with pytest.raises(NotFound):
        call("runs", "nowhere")


def test_cancel_run_cancels(world):
    run = world.start()
    assert "Cancelled" in call("cancel_run", str(run.pk))
    with pytest.raises(DomainError, match="over already"):
        call("cancel_run", str(run.pk))
