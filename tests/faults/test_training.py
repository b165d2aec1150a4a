"""A real Celery worker that trains, and what is left when it is killed."""

import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection

from annotation.core import children, jobs
from annotation.core.models import Job
from annotation.runs.attempts import folder_of
from annotation.runs.models import ModelVersion
from tests.annotation.runs.world import World

ROOT = Path(__file__).parents[2]
pytestmark = [
    pytest.mark.slow,
    pytest.mark.train,  # the worker looks whether torch is installed
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(sys.platform != "linux", reason="reads /proc"),
]


@pytest.fixture
def world(settings, tmp_path, monkeypatch):
    pytest.importorskip("torch")
    settings.DATA_DIR = tmp_path / "data"
    monkeypatch.setattr(jobs, "dispatch", lambda *args, **options: True)  # rung by hand below
    return World(settings.DATA_DIR)


@pytest.fixture
def start_worker(broker, world, tmp_path):
    """Start a train worker on the test's database; all of them are ended with the test."""
    started = []
    database = settings.DATABASES["default"]
    base = os.environ["DATABASE_URL"].partition("?")
    url = base[0].rpartition("/")[0] + "/" + connection.settings_dict["NAME"] + base[1] + base[2]
    assert database["NAME"] in url
    env = os.environ | {
        "DATABASE_URL": url,
        "REDIS_URL": broker.url,
        "CONCORD_DATA": str(settings.DATA_DIR),
        "CONCORD_TRAINING_DIR": str(ROOT / "tests" / "standin"),
    }
    command = [sys.executable, "-m", "celery", "-A", "annotation", "worker", "-Q", "train",
               "-P", "prefork", "-c", "1", "--without-gossip", "--without-mingle"]  # fmt: skip

    def start():
        log = (tmp_path / f"worker-{len(started)}.log").open("wb")
        with log:
            process = subprocess.Popen(
                command, cwd=ROOT, env=env, stdout=log, stderr=subprocess.STDOUT,
                start_new_session=True,
            )  # fmt: skip
        started.append(process)
        return process

    def ring(job):
        code = (
            "import django; django.setup(); from annotation.core.tasks import run_job;"
            f"run_job.apply_async(args=[{job}], queue='train')"
        )
        django = {"DJANGO_SETTINGS_MODULE": "annotation.settings"}
        subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=env | django, check=True)

    start.ring = ring
    yield start
    for process in started:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    children.kill_marked(run="1", folder=settings.DATA_DIR / "runs" / "1")


def until(claim, seconds=60):
    deadline = time.monotonic() + seconds
    while not claim():
        assert time.monotonic() < deadline, "it never came to be"
        time.sleep(0.1)


def test_kill_9_of_the_worker_leaves_no_trainer_and_another_one_finishes(world, start_worker):
    world.act("long")
    run = world.start()
    folder = folder_of(run).path

    def alive():
        return children.marked_processes(run=str(run.pk), folder=folder)

    first = start_worker()
    start_worker.ring(run.job_id)
    until(lambda: run.events.filter(type="metric").exists())
    assert len(alive()) == 1, "the positive control: a trainer is at work"

    os.killpg(first.pid, signal.SIGKILL)
    first.wait()

    until(lambda: not alive(), seconds=5)
    assert Job.objects.get().state == "running", "its lease still holds"
    world.act("well")
    Job.objects.update(lease_until=run.job.created_at)  # a minute passes
    start_worker()
    start_worker.ring(run.job_id)
    until(lambda: Job.objects.get().state == "done")
    job = Job.objects.get()
    assert (job.token, job.attempts) == (2, 2)
    assert ModelVersion.objects.count() == 1


def test_the_same_message_five_times_is_one_training(world, start_worker):
    run = world.start()
    start_worker()
    start_worker()
    for _ in range(5):
        start_worker.ring(run.job_id)
    until(lambda: Job.objects.get().state == "done")
    assert Job.objects.get().token == 1
    assert ModelVersion.objects.count() == 1
