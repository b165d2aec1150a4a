"""A worker that asks an endpoint is killed in the middle: no response is stored twice, and hardly
one is asked for twice."""

import itertools
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest
from django.db import connection
from django.utils import timezone

from annotation.candidates.endpoints.services import add_endpoint
from annotation.candidates.generation.prompts import prompts_for
from annotation.candidates.generation.services import start_generation
from annotation.candidates.models import GeneratedResponse
from annotation.core import jobs
from annotation.core.addresses import Origins
from annotation.core.hashing import sha256_of_value
from annotation.core.models import Job
from annotation.prompts.models import Prompt, Response
from tests.annotation.candidates.fake_openai import completion, send, speaking
from tests.factories import make_project

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]

ROOT = Path(__file__).resolve().parents[2]
WORKER = """
import sys, django
django.setup()
from annotation.core import jobs
jobs.run(int(sys.argv[1]))
"""
PROMPTS, N, AT_A_TIME = 500, 4, 8


def add_prompts(project):
    rows = [[{"role": "user", "content": f"Question {number}"}] for number in range(PROMPTS)]
    Prompt.objects.bulk_create(
        Prompt(project=project, messages=row, sha256=sha256_of_value(row)) for row in rows
    )


def start_worker(run, server):
    name = connection.settings_dict["NAME"]
    url = os.environ["DATABASE_URL"].replace("/concord?", f"/{name}?")
    assert name in url
    given = {
        "DATABASE_URL": url,
        "DJANGO_SETTINGS_MODULE": "annotation.settings",
        "CONCORD_EGRESS_ORIGINS": server.origin,
    }
    return subprocess.Popen(
        [sys.executable, "-c", WORKER, str(run.job_id)], cwd=ROOT, env=os.environ | given
    )


def test_after_a_kill_no_response_is_stored_twice_and_few_are_asked_for_again(settings):
    numbers = itertools.count()

    def answer(stream, request):
        time.sleep(0.005)  # so that some are under way at any moment
        texts = [f"Response {next(numbers)}" for _ in range(request["n"])]
        send(stream, completion(request, texts=texts))

    with speaking(answer) as server:
        settings.EGRESS_ORIGINS = Origins([server.origin])
        project = make_project()
        add_prompts(project)
        endpoint = add_endpoint(
            project=project,
            name="fake",
            base_url=server.base_url,
            model="m",
            concurrency=AT_A_TIME,
        )
        run = start_generation(
            project=project, endpoint=endpoint, prompt_ids=prompts_for(project), n=N, seed=1
        )
        worker = start_worker(run, server)
        while len(server.asked) < PROMPTS // 2:
            assert worker.poll() is None, "the worker ended by itself"
            time.sleep(0.01)
        worker.send_signal(signal.SIGKILL)
        worker.wait()
        before = dict(GeneratedResponse.objects.values_list("response__text", "pk"))
        assert 0 < len(before) < PROMPTS * N
        assert len(before) % N == 0, "an answer is stored whole or not at all"

        Job.objects.filter(pk=run.job_id).update(lease_until=timezone.now())
        jobs.run(run.job_id)

        run.job.refresh_from_db()
        assert (run.job.state, run.job.attempts) == ("done", 2)
        rows = list(GeneratedResponse.objects.values_list("prompt", "index", "response__text"))
        assert len(rows) == len({row[:2] for row in rows}) == PROMPTS * N
        assert len({row[2] for row in rows}) == Response.objects.count() == PROMPTS * N
        after = dict(GeneratedResponse.objects.values_list("response__text", "pk"))
        assert before.items() <= after.items(), "what was stored stays"
        asked = Counter(request["messages"][-1]["content"] for request in server.asked)
        repeated = sum(asked.values()) - PROMPTS
        assert len(asked) == PROMPTS
        assert repeated <= AT_A_TIME, f"{repeated} requests were repeated"
        print(f"asked again after the kill: {repeated} of {PROMPTS}")  # noqa: T201  a figure
