"""Attempts: how each way of ending is told, and that what is registered is whole and once."""

import threading
import time

import pytest
from django.db import connection

from annotation.core import children, jobs, supervision
from annotation.core.hashing import sha256_of_file
from annotation.core.models import Event, Job
from annotation.prompts.models import Generator
from annotation.runs import services
from annotation.runs.attempts import folder_of, store_events
from annotation.runs.models import ModelVersion, RunEvent

pytestmark = pytest.mark.django_db


def processes(run):
    return children.marked_processes(run=str(run.pk), folder=folder_of(run).path)


def test_a_training_ends_as_a_model_version_with_its_lineage(world):
    run = world.train(name="Kettle")

    assert run.job.state == "done", run.job.error
    version = run.model_version
    assert (version.name, version.kind, version.dataset) == ("Kettle", "policy", world.dataset)
    folder = world.data_dir / version.artifact
    assert version.artifact == f"models/{world.project.slug}/kettle-{version.sha256[:12]}"
    assert sha256_of_file(folder / "manifest.json") == version.sha256
    assert version.generator.artifact_sha256 == version.sha256
    assert version.metrics["accuracy"]["value"] == 0.75
    assert version.metrics["baselines"]["length"]["value"] == 0.5
    assert version.card.startswith("# A card")
    assert run.report["initial"] == {"loss": 0.6931}
    assert "step 3" in run.log_tail
    assert run.job.result["model_version"] == version.pk
    assert Event.objects.filter(kind="model_version.registered").count() == 1
    assert processes(run) == {}


def test_a_reward_model_generates_nothing(world):
    version = world.train("reward").model_version
    assert (version.kind, version.generator) == ("reward", None)


def test_every_line_is_relayed_once(world):
    run = world.train()
    losses = RunEvent.objects.filter(run=run, type="metric").values_list("step", "data__loss")
    assert list(losses) == [(1, 1), (2, 0.5), (3, 1 / 3)]

    count = RunEvent.objects.count()
    event = RunEvent.objects.filter(run=run, type="metric").first()
    store_events(run, 1, [(event.line, {"type": "metric", "step": 1, "loss": 9})])
    assert RunEvent.objects.count() == count
    assert Job.objects.get().progress_note == "train"


@pytest.mark.parametrize(
    ("act", "message"),
    [
        ("exit 64 unknown option 'lr'", "Bad configuration: unknown option 'lr'"),
        ("exit 65 a leak: 3 prompts", "Bad data: a leak: 3 prompts"),
        ("exit 70 ZeroDivisionError: x", "A defect in the trainer: ZeroDivisionError: x"),
        ("exit 3 odd", "Exit status 3: odd"),
        ("damaged", "is not what it wrote"),
        ("no model", "without any file"),
    ],
)
def test_a_failure_is_final_and_says_why(world, act, message):
    world.act(act)
    run = world.train()

    assert (run.job.state, run.job.attempts) == ("failed", 1)
    assert message in run.job.error
    assert not ModelVersion.objects.exists()
    assert not Generator.objects.exists()


def test_a_killed_trainer_is_tried_again_and_registers_once(world):
    world.act("crash once")
    run = world.work(world.start())
    assert (run.job.state, run.job.attempts) == ("queued", 1)

    run = world.work(run)

    assert (run.job.state, run.job.token) == ("done", 2)
    assert ModelVersion.objects.count() == 1


def test_a_trainer_that_always_dies_fails_after_three_attempts(world):
    world.act("crash")
    run = world.work(world.start(), times=5)

    assert run.job.state == "failed"
    assert run.job.error == "Crashed 3 times, the last time: killed by signal 9."
    assert len((folder_of(run).path / "pids").read_text().split()) == 3


def test_a_fenced_child_writes_nothing(world):
    world.act("fenced")
    run = world.train()
    assert run.job.state == "running", "whoever holds it now decides"
    assert not ModelVersion.objects.exists()


def test_a_finished_attempt_that_lost_its_job_registers_nothing(world, monkeypatch):
    """The whole end is one transaction behind the fence."""
    place = "annotation.runs.attempts.place_model"
    from annotation.runs import attempts

    real = attempts.place_model

    def stolen(**files):
        real(**files)
        Job.objects.update(token=50)

    monkeypatch.setattr(place, stolen)
    run = world.train()

    assert not ModelVersion.objects.exists()
    assert not Generator.objects.exists()
    assert run.job.state == "running"


def supervised(world, run, **settings):
    """Take the job and watch its child with other patience than production's."""
    claim = jobs.Claim.take(run.job_id)
    folder = folder_of(run)
    folder.prepare({"kind": run.kind, "seed": 1}, token=claim.token)
    from django.conf import settings as django_settings

    supervisor = supervision.Supervisor(
        claim,
        folder,
        relay=lambda lines: store_events(run, claim.token, lines),
        poll_seconds=0.05,
        **settings,
    )
    module = supervision.module_command(f"training.train_{run.kind}", folder.path, claim.token)
    return supervisor.run(module, cwd=django_settings.TRAINING_DIR)


def test_a_child_that_says_nothing_loses_its_place(world):
    world.act("silent")
    run = world.start()
    ending = supervised(world, run, stall_seconds=1.0)
    assert (ending.kind, ending.message) == ("killed", "no progress for 0 minutes")
    assert processes(run) == {}


def test_a_deaf_tree_is_gone_soon_after_a_cancel(world):
    world.act("deaf")
    run = world.start()
    Job.objects.filter(pk=run.job_id).update(max_attempts=3)
    claimed = []

    real = jobs.Claim.progress

    def progress(claim, **place):
        if place.get("done") == 1:
            claimed.append(processes(run))
            Job.objects.filter(pk=run.job_id).update(cancel_requested_at=run.job.created_at)
        return real(claim, **place)

    jobs.Claim.progress, began = progress, time.monotonic()
    try:
        ending = supervised(world, run, grace_seconds=0.5)
    finally:
        jobs.Claim.progress = real

    assert ending.kind == "cancelled"
    assert len(claimed[0]) == 2, "the trainer and its rank were alive"
    assert processes(run) == {}
    assert time.monotonic() - began < 15


def test_a_lost_lease_kills_the_child(world):
    world.act("long")
    run = world.start()
    steal = threading.Event()
    real = supervision.LineReader.read

    def read(reader):
        lines = real(reader)
        if lines and not steal.is_set():
            steal.set()
            Job.objects.filter(pk=run.job_id).update(token=9)
        return lines

    supervision.LineReader.read = read
    try:
        with pytest.raises(jobs.Fenced):
            supervised(world, run)
    finally:
        supervision.LineReader.read = real
    assert processes(run) == {}


@pytest.mark.django_db(transaction=True)
def test_a_cancel_while_it_trains_saves_and_ends_and_can_be_resumed(world):
    world.act("long")
    run = world.start()

    def cancel_when_it_trains():
        try:
            for _ in range(400):
                if RunEvent.objects.filter(run=run, type="metric").exists():
                    services.cancel_run(run=run)
                    return
                time.sleep(0.05)
        finally:
            connection.close()

    thread = threading.Thread(target=cancel_when_it_trains)
    thread.start()
    run = world.work(run)
    thread.join()

    assert run.job.state == "cancelled"
    assert RunEvent.objects.filter(run=run, type="checkpoint").exists()
    assert processes(run) == {}

    world.act("well")
    services.resume_run(run=run)
    run = world.work(run)
    assert (run.job.state, run.job.token) == ("done", 2)
    assert run.model_version


def test_the_worker_being_told_to_go_queues_the_run_again(world, monkeypatch):
    world.act("long")
    run = world.start()
    real = supervision.Supervisor._beat

    def beat(supervisor, child):
        real(supervisor, child)
        if RunEvent.objects.filter(type="metric").exists():
            raise SystemExit(0)

    monkeypatch.setattr(supervision.Supervisor, "_beat", beat)
    with pytest.raises(SystemExit):
        jobs.run(run.job_id)

    job = Job.objects.get()
    assert (job.state, job.attempts) == ("queued", 0)
    assert processes(run) == {}
