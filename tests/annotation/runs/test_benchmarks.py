"""A reward model on a file from elsewhere: the command, its page, the table."""

import io
import re

import pytest
from django.core.management import call_command
from django.urls import reverse

from annotation.core.errors import DomainError
from annotation.core.models import Event
from annotation.runs.registry import benchmarks

pytestmark = pytest.mark.django_db


def text(response):
    return re.sub(r"\s+", " ", response.content.decode())


def test_a_file_is_measured_kept_and_shown(client, world, tmp_path):
    version = world.make_version("reward", "taste")
    file = tmp_path / "bench.jsonl"
    file.write_text("{}")
    out = io.StringIO()
    call_command("evaluate_reward", world.project.slug, "taste", str(file), stdout=out)
    assert "0.800 (0.700 to 0.900)  length 0.600" in out.getvalue()
    assert "1 counted as wrong, for they cannot be read: too long" in out.getvalue()
    call_command("evaluate_reward", world.project.slug, "taste", str(file), name="other")

    version.refresh_from_db()
    assert sorted(version.metrics["benchmarks"]) == ["bench", "other"]
    assert Event.objects.filter(kind="model_version.benchmarked").count() == 2
    rows = benchmarks.rows_of(version)
    assert [(row.name, row.is_subset) for row in rows[:2]] == [("bench", False), ("chat", True)]
    (line, _) = benchmarks.lines_of([version])
    assert (line.cells[0].value, line.cells[0].trend) == ("0.800", "up")

    client.force_login(world.engineer)
    slug = world.project.slug
    page = text(client.get(reverse("runs:show-model-version", args=[slug, version.pk])))
    assert "h-benchmarks" in page
    assert "benchmarks, bench" not in page, "not among the plain figures"
    assert "bench" in text(client.get(reverse("runs:list-model-versions", args=[slug])))


def test_what_cannot_be_measured_is_the_trainers_sentence_and_keeps_nothing(world, tmp_path):
    version = world.make_version("reward", "taste")
    file = tmp_path / "bench.jsonl"
    file.write_text("bad")
    with pytest.raises(DomainError, match=r"^bench.jsonl, line 1: chosen must be a text$"):
        benchmarks.measure(version=version, path=file)
    with pytest.raises(DomainError, match="no file"):
        benchmarks.measure(version=version, path=tmp_path / "none")
    with pytest.raises(DomainError, match="is no reward model"):
        benchmarks.measure(version=world.make_version(), path=file)
    version.refresh_from_db()
    assert "benchmarks" not in version.metrics
