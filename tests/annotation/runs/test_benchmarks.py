"""A reward model on a file from elsewhere: the command, its page, the table."""

import importlib
import io
import re

import pytest
from django.apps import apps
from django.core.management import call_command
from django.urls import reverse

from annotation.core.errors import DomainError
from annotation.core.models import Event
from annotation.runs.models import BenchmarkSubset
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


def part(comparisons):
    ends = {"value": 0.8, "low": 0.7, "high": 0.9}
    gain = {"value": 0.2, "low": 0.1, "high": 0.3, "better": True}
    return {"comparisons": comparisons, "accuracy": ends, "length": ends, "beats_length": gain}


def many(count):
    """Figures on a file of so many subsets, each larger than the one before."""
    subsets = {f"part-{at:03}": part(at + 1) for at in range(count)}
    return part(999) | {"subsets": subsets}


def test_subsets_stand_apart_from_the_totals_that_every_list_reads(client, world):
    version = world.make_version("reward", "taste")
    benchmarks.keep(version=version, name="bench", figures=many(3))
    benchmarks.keep(version=version, name="bench", figures=many(2))
    version.refresh_from_db()
    assert version.metrics["benchmarks"]["bench"]["comparisons"] == 999
    assert "subsets" not in version.metrics["benchmarks"]["bench"]
    client.force_login(world.engineer)
    told = client.get(reverse("runs-api:benchmarks", args=[version.pk])).json()["figures"]
    assert list(told["bench"]["subsets"]) == ["part-000", "part-001"], "the newer figures'"
    assert told["bench"]["subsets"]["part-001"] == part(2)


def test_the_largest_subsets_are_shown_and_all_of_the_file_that_is_asked_for(client, world):
    most = benchmarks.MOST_SUBSETS
    version = world.make_version("reward", "taste")
    benchmarks.keep(version=version, name="a & b", figures=many(most + 2))
    benchmarks.keep(version=version, name="few", figures=many(most))
    version.refresh_from_db()
    client.force_login(world.engineer)
    address = reverse("runs:show-model-version", args=[world.project.slug, version.pk])

    shown = text(client.get(address))
    everything = text(client.get(f"{address}?subsets=a%20%26%20b"))

    said = f"The {most} largest of {most + 2} subsets:"
    assert (said in shown, said in everything) == (True, False)
    assert f"{address}?subsets=a%20%26%20b#h-benchmarks" in shown
    row = '<span class="note">{}</span></th>'
    assert shown.count(row.format("part-001")) == 1, "of few alone"
    assert shown.count(row.format("part-002")) == 2
    assert everything.count(row.format("part-001")) == 2
    for odd in ("none", "%00", "few"):
        assert client.get(f"{address}?subsets={odd}").status_code == 200


def test_rows_without_a_subset_are_called_so(world):
    version = world.make_version("reward", "taste")
    figures = part(3) | {"subsets": {"": part(1), "none": part(2)}}
    benchmarks.keep(version=version, name="bench", figures=figures)
    version.refresh_from_db()
    names = [row.name for row in benchmarks.rows_of(version) if row.is_subset]
    assert names == ["without a subset", "none"]


def test_figures_from_before_are_moved_there_and_back(world):
    version = world.make_version("reward", "taste")
    before = version.metrics | {"benchmarks": {"bench": many(2), "plain": part(5)}}
    version.metrics = before
    version.save()
    moving = importlib.import_module("annotation.runs.migrations.0014_move_subsets")
    moving.move_out(apps, None)
    version.refresh_from_db()
    assert "subsets" not in version.metrics["benchmarks"]["bench"]
    assert BenchmarkSubset.objects.filter(version=version, benchmark="bench").count() == 2
    moving.move_back(apps, None)
    version.refresh_from_db()
    assert version.metrics == before
    assert not BenchmarkSubset.objects.exists()
