"""The broker is only a doorbell: while it is down people judge on, and jobs start when it is
back. With a real worker, a real broker, and the reconciler's real tick."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest
from django.db import connection

from annotation.core.embedded.valkey import Valkey
from annotation.core.models import Job
from annotation.labeling.models import Judgment
from annotation.labeling.queue import lend_next_item
from tests.factories import make_item, make_member, make_project

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]

ROOT = Path(__file__).resolve().parents[2]

# What a web process does: queue a job, then take a submit. Prints how long each took.
WEB = """
import sys, time, uuid, django
django.setup()
from annotation.labeling.models import Assignment
from annotation.labeling.services import submit_judgment
from annotation.labeling.verdict import verdict_from_choices
from annotation.quality.services import request_figures
assignment = Assignment.objects.select_related("project", "labeler").get()
started = time.monotonic()
job = request_figures(project=assignment.project)
queued = time.monotonic() - started
started = time.monotonic()
submit_judgment(assignment_id=assignment.pk, labeler=assignment.labeler, key=assignment.key,
                verdict=verdict_from_choices({1: 1, 2: 2}, response_count=2))
print(job.pk, queued, time.monotonic() - started)
"""


@pytest.fixture
def doorbell():
    directory = Path(tempfile.mkdtemp(prefix="concord-doorbell-"))
    directory.chmod(0o755)
    server = Valkey(directory)
    yield server
    if server.process is not None:
        server.stop()
    shutil.rmtree(directory, ignore_errors=True)


@pytest.fixture
def environment(doorbell):
    name = connection.settings_dict["NAME"]
    url = os.environ["DATABASE_URL"].replace("/concord?", f"/{name}?")
    assert name in url
    return os.environ | {
        "DATABASE_URL": url,
        "REDIS_URL": doorbell.url,
        "DJANGO_SETTINGS_MODULE": "annotation.settings",
    }


@pytest.fixture
def worker(environment, tmp_path):
    started = []
    log = (tmp_path / "worker.log").open("w")

    def start():
        command = [sys.executable, "-m", "celery", "-A", "annotation.celery", "worker", "-B",
                   "-s", str(tmp_path / "beat"), "-Q", "default", "-c", "1", "--loglevel", "INFO",
                   "--without-gossip", "--without-mingle"]  # fmt: skip
        started.append(
            subprocess.Popen(command, cwd=ROOT, env=environment, stdout=log, stderr=log,
                             start_new_session=True)
        )  # fmt: skip

    yield start
    for process in started:
        os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
    log.close()
    sys.stdout.write((tmp_path / "worker.log").read_text())  # shown beside a failure


def wait_for(condition, seconds):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.3)
    return False


def test_judging_goes_on_without_a_broker_and_jobs_start_when_it_is_back(
    doorbell, environment, worker
):
    project = make_project(overlap=1)
    make_item(project)
    lend_next_item(project=project, labeler=make_member(project))

    web = subprocess.run(
        [sys.executable, "-c", WEB], cwd=ROOT, env=environment, capture_output=True, text=True,
        timeout=60, check=False,
    )  # fmt: skip

    assert web.returncode == 0, web.stderr
    job_id, queued, submitted = web.stdout.split()
    assert Judgment.objects.count() == 1
    assert float(queued) < 3, "a request must not wait for the broker"
    job = Job.objects.get(pk=job_id)
    assert (job.state, job.dispatched_at) == ("queued", None)

    doorbell.start()
    worker()

    assert wait_for(lambda: Job.objects.filter(pk=job_id, state="done").exists(), 150)
    job.refresh_from_db()
    assert job.attempts == 1


def test_a_broker_that_forgets_everything_loses_no_job(doorbell, environment, worker):
    doorbell.start()
    project = make_project(overlap=1)
    make_item(project)
    lend_next_item(project=project, labeler=make_member(project))
    web = subprocess.run(
        [sys.executable, "-c", WEB], cwd=ROOT, env=environment, capture_output=True, text=True,
        timeout=60, check=True,
    )  # fmt: skip
    job_id = web.stdout.split()[0]
    assert Job.objects.get(pk=job_id).dispatched_at is not None, web.stderr

    doorbell.process.kill()  # the message is gone with it: nothing is kept on disk
    doorbell.process.wait()
    doorbell.start()
    Job.objects.filter(pk=job_id).update(dispatched_at="2020-01-01T00:00Z")  # half a minute later
    worker()

    assert wait_for(lambda: Job.objects.filter(pk=job_id, state="done").exists(), 150)
