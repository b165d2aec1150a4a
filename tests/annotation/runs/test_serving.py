"""Serving a model version from a terminal; the server itself: tests/training/test_serve.py."""

import json
import shutil

import pytest
from django.conf import settings
from django.core.management import call_command

from annotation.core.errors import DomainError, NotFound
from annotation.runs import services

pytestmark = pytest.mark.django_db


def test_the_server_gets_the_verified_folder_and_no_secret_of_ours(world, monkeypatch, capfd):
    monkeypatch.setenv("CONCORD_SERVE_KEY", "for-clients")
    monkeypatch.setenv("DATABASE_URL", "postgres://secret")
    version = world.make_version(name="one")

    call_command("serve_model", world.project.slug, "one", "--port", "8401")

    said = json.loads(capfd.readouterr().out)
    folder = str((settings.DATA_DIR / version.artifact).resolve())
    assert said["arguments"] == [
        folder, "--sha256", version.sha256, "--host", "127.0.0.1", "--port", "8401",
    ]  # fmt: skip
    assert said["environment"]["CONCORD_SERVE_KEY"] == "for-clients"
    assert said["environment"]["DATABASE_URL"] is None
    assert said["environment"]["HOME"] not in (None, folder)


def test_the_servers_end_is_the_commands(world, capfd):
    version = world.make_version()
    with pytest.raises(SystemExit) as ended:
        call_command("serve_model", world.project.slug, str(version.pk), "--port", "8499")
    assert ended.value.code == 64


def test_what_cannot_be_served_is_a_sentence(world, monkeypatch):
    version = world.make_version()
    with pytest.raises(NotFound, match="no project"):
        call_command("serve_model", "nowhere", "one")
    with pytest.raises(DomainError, match="no model version"):
        call_command("serve_model", world.project.slug, "other")
    monkeypatch.setattr(services, "LIBRARIES", ("no_such_library",))
    with pytest.raises(DomainError, match="train extra"):
        call_command("serve_model", world.project.slug, "one")
    monkeypatch.setattr(services, "LIBRARIES", ("json",))
    shutil.rmtree(settings.DATA_DIR / version.artifact)
    with pytest.raises(DomainError, match="not where they were registered"):
        call_command("serve_model", world.project.slug, "one")
