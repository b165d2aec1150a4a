"""A project with a frozen dataset, and trainers that follow the contract without torch."""

from pathlib import Path

import pytest

from annotation.core import jobs, supervision
from annotation.runs import services
from tests.annotation.runs.world import World

STANDIN = Path(__file__).parents[2] / "standin"


@pytest.fixture
def world(settings, tmp_path, monkeypatch):
    settings.DATA_DIR = tmp_path / "data"
    settings.TRAINING_DIR = STANDIN
    settings.REDIS_URL = ""
    monkeypatch.setattr(supervision, "POLL_SECONDS", 0.05)
    monkeypatch.setattr(services, "LIBRARIES", ("json",))
    monkeypatch.setattr(jobs, "dispatch", lambda *args, **options: True)
    return World(settings.DATA_DIR)
