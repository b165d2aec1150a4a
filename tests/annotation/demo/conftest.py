"""A seeded demo and a way to let its jobs run in this process, one after the other."""

import time
from pathlib import Path

import pytest

from annotation.core import jobs, supervision
from annotation.core.models import Job
from annotation.demo import services

STANDIN = Path(__file__).parents[2] / "standin"
TINY = {"demonstrations": 40, "prompts": 6, "replies": 3, "overlap": 2, "test_prompts": 5}


def run_jobs(*, until, seconds=60):
    """Do every job that is due, as the workers would, until `until()` is true."""
    deadline = time.monotonic() + seconds
    while not until():
        assert time.monotonic() < deadline, list(Job.objects.active().values())
        due = list(Job.objects.active().order_by("pk").values_list("pk", flat=True))
        for pk in due:
            jobs.run(pk)
            if until():
                return
        time.sleep(0.02)


@pytest.fixture
def project(settings, tmp_path, monkeypatch, transactional_db):
    settings.DATA_DIR = tmp_path / "data"
    monkeypatch.setattr(supervision, "POLL_SECONDS", 0.05)
    monkeypatch.setattr(jobs, "dispatch", lambda *args, **options: True)
    monkeypatch.setattr("annotation.demo.work.POLL_SECONDS", 0.02)
    monkeypatch.setattr(services, "ITEM_COUNT", 6)
    monkeypatch.setattr(services, "JUDGMENT_COUNT", 5)
    return services.seed()


@pytest.fixture
def standin(project, settings, monkeypatch):
    """Trainers that follow the file contract and learn nothing: quick, and without torch."""
    for name in ("runs", "generations"):
        (settings.DATA_DIR / name).mkdir(parents=True)
        (settings.DATA_DIR / name / "act").write_text("succeed")
    settings.TRAINING_DIR = STANDIN
    monkeypatch.setattr("annotation.runs.services.LIBRARIES", ("json",))
