"""The platform and the real trainers, meeting in files: from a frozen dataset to model versions.

One toy world for all of it: starting Python with torch is what costs the time here.
"""

import io
import json
import math
import shutil
import threading
import time

import pytest
from django.core.management import call_command
from django.db import connection

from annotation.candidates import services as candidates
from annotation.core import children, jobs, supervision
from annotation.core.models import Job
from annotation.datasets.models import Dataset
from annotation.datasets.services import freeze_dataset
from annotation.labeling.items import create_items_from_responses
from annotation.runs import services
from annotation.runs.attempts import folder_of
from annotation.runs.models import ModelVersion, RunEvent, TrainingRun
from annotation.runs.options import BY_KIND
from tests.factories import make_item, make_judgment, make_member, make_project, make_prompt
from tests.training import toy

pytestmark = [
    pytest.mark.train,
    pytest.mark.slow,
    pytest.mark.django_db(transaction=True),
    pytest.mark.xdist_group("train"),
]
TINY = {"hidden_size": 32, "layers": 1, "heads": 2, "vocab_size": 320, "max_length": 96}
SHORT = {"max_steps": 6, "batch_size": 4, "log_steps": 1, "eval_steps": 3, "save_steps": 2}


@pytest.fixture(scope="module")
def frozen(tmp_path_factory):
    """A toy dataset on disk: its folder and manifest."""
    pytest.importorskip("torch")
    folder = tmp_path_factory.mktemp("toy") / "dataset"
    toy.make_dataset(folder, train=24, dev=4, test=8)
    return folder, json.loads((folder / "manifest.json").read_text())


@pytest.fixture
def project(settings, tmp_path, frozen, monkeypatch):
    settings.DATA_DIR = tmp_path
    settings.REDIS_URL = ""
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    monkeypatch.setattr(supervision, "POLL_SECONDS", 0.1)
    project = make_project()
    folder, manifest = frozen
    dataset = Dataset.objects.create(
        project=project,
        hash=manifest["hash"],
        policy={},
        counts=manifest["counts"],
        manifest=manifest,
    )
    dataset.folder.parent.mkdir(parents=True, exist_ok=True)
    shutil.copytree(folder, dataset.folder)
    project.dataset = dataset
    return project


def start(project, kind, **order):
    options = order.pop("options", SHORT)
    return services.start_run(
        project=project, kind=kind, dataset=project.dataset, options=options, **order
    )


def work(run):
    while Job.objects.active().filter(pk=run.job_id).exists():
        Job.objects.filter(pk=run.job_id).update(not_before=run.job.created_at)
        jobs.run(run.job_id)
    return TrainingRun.objects.select_related("job").get(pk=run.pk)


def test_from_sft_to_dpo_to_new_items(project):
    sft = work(start(project, "sft", name="Start", options=SHORT | TINY))
    assert sft.job.state == "done", (sft.job.error, sft.log_tail)
    policy = sft.model_version
    assert policy.kind == "policy"
    assert "# Policy" in policy.card
    assert project.dataset.hash in policy.card

    dpo = work(start(project, "dpo", base="Start"))
    assert dpo.job.state == "done", (dpo.job.error, dpo.log_tail)
    assert dpo.report["initial"]["eval_loss"] == pytest.approx(math.log(2), abs=1e-4)
    assert dpo.model_version.run.base == policy
    assert RunEvent.objects.filter(run=dpo, type="metric", data__has_key="loss").exists()

    prompts = [make_prompt(project, toy.make_prompt(n)) for n in (900, 901)]
    generation = candidates.generate_responses(
        project=project,
        generator=dpo.model_version.generator,
        prompts=prompts,
        n=3,
        max_new_tokens=8,
    )
    jobs.run(generation.job_id)
    generation.job.refresh_from_db()
    assert generation.job.state == "done", generation.job.error
    responses = list(candidates.responses_of(generation))
    assert len(responses) == 6
    made = create_items_from_responses(
        project=project, responses=responses, batch="round:1", overlap=1
    )
    assert len(made.items) + len(made.too_alike) == 2


def test_a_reward_run_by_the_command_shows_accuracy_beside_length(project):
    out = io.StringIO()
    call_command(
        "train", "reward", project.dataset.hash, "--local", "--set", "max_steps=4",
        "--set", "log_steps=1", "--set", "max_length=64", "--name", "Judge", stdout=out,
    )  # fmt: skip

    version = ModelVersion.objects.get()
    accuracy, length = version.metrics["accuracy"], version.metrics["baselines"]["length"]
    for figure in (accuracy, length):
        assert 0 <= figure["low"] <= figure["value"] <= figure["high"] <= 1
    said = out.getvalue()
    assert said.index("Accuracy") < said.index("Length alone")
    assert f"{accuracy['low']:.3f} to {accuracy['high']:.3f}" in said
    assert version.generator is None


def test_a_reward_model_trains_on_what_the_platform_froze(project):
    """From judgments to a model version, with nothing made by hand in between."""
    labelers = [make_member(project) for _ in range(2)]
    for number in range(40):
        prompt = make_prompt(project, toy.make_prompt(number))
        good, bad = toy.COURTEOUS[number % 3], toy.CURT[number % 3]
        item = make_item(project, [good.format(n=number), bad.format(n=number)], prompt=prompt)
        for labeler in labelers:
            make_judgment(item, labeler, [1, 2])
    dataset = freeze_dataset(project=project).dataset

    options = {"max_steps": 3, "log_steps": 1, "max_length": 48}
    run = work(
        services.start_run(project=project, kind="reward", dataset=dataset, options=options)
    )

    assert run.job.state == "done", (run.job.error, run.log_tail)
    assert run.model_version.dataset == dataset
    assert dataset.hash in run.model_version.card
    assert run.report["counts"]["kept"] > 0


def until(run, has_happened, act):
    """Do `act` as soon as it has happened, from another thread as another process would."""

    def watch():
        try:
            for _ in range(1200):
                if has_happened():
                    act()
                    return
                time.sleep(0.05)
        finally:
            connection.close()

    thread = threading.Thread(target=watch)
    thread.start()
    finished = work(run)
    thread.join()
    return finished


def has_stage(run, stage):
    return lambda: RunEvent.objects.filter(run=run, data__stage=stage).exists()


def pids(run):
    return children.marked_processes(run=str(run.pk), folder=folder_of(run).path)


def test_kill_9_of_the_trainer_resumes_and_registers_once(project):
    run = start(project, "sft", options=SHORT | TINY | {"max_steps": 40})

    def has_checkpoint():
        return RunEvent.objects.filter(run=run, type="checkpoint").exists()

    killed = []

    def kill():
        killed.extend(children.kill_marked(run=str(run.pk), folder=folder_of(run).path))

    run = until(run, has_checkpoint, kill)

    assert killed
    assert run.job.state == "done", run.job.error
    assert run.job.token == 2
    assert ModelVersion.objects.count() == 1
    steps = RunEvent.objects.filter(run=run, type="metric", token=2, data__has_key="loss")
    assert steps.order_by("line").first().step > 1, "it went on, it did not begin again"


@pytest.mark.parametrize("stage", ["check data", "train"])
def test_cancel_ends_it_in_each_phase(project, stage):
    run = start(project, "sft", options=SHORT | TINY | {"max_steps": 5000})
    asked = []

    def cancel():
        asked.append(time.monotonic())
        services.cancel_run(run=TrainingRun.objects.get(pk=run.pk))

    ended = until(run, has_stage(run, stage), cancel)

    assert time.monotonic() - asked[0] < 30
    assert ended.job.state == "cancelled"
    assert pids(run) == {}
    assert not ModelVersion.objects.exists()


def test_what_the_platform_lets_through_the_trainer_still_checks(project, monkeypatch):
    from annotation.core.options import Option

    loose = (*BY_KIND["sft"], Option("planted", int, 1, "Unknown to the trainers."))
    monkeypatch.setitem(BY_KIND, "sft", loose)
    run = work(start(project, "sft", options={"planted": 2}))

    assert (run.job.state, run.job.attempts) == ("failed", 1)
    assert "unknown option 'planted'" in run.job.error


def test_a_dataset_that_changed_on_disk_is_bad_data(project):
    path = project.dataset.folder / "sft.train.jsonl"
    path.chmod(0o600)
    path.write_text(path.read_text().replace("Kind regards", "Kind Regards", 1))
    run = work(start(project, "sft", options=SHORT | TINY))
    assert run.job.state == "failed"
    assert run.job.error.startswith("Bad data")
