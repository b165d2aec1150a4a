"""A file from elsewhere through the front door: checked, kept, measured on, let go."""

import json
import re
from io import StringIO
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from annotation.core import jobs
from annotation.core.models import Event, Job
from annotation.datasets.models import Dataset
from annotation.projects.models import Membership
from annotation.prompts.models import Prompt, Response
from annotation.runs import services
from annotation.runs.benchmarking import files, reading
from annotation.runs.models import BenchmarkFile, Measurement
from annotation.runs.registry import benchmarks
from tests.factories import make_member, make_project

pytestmark = pytest.mark.django_db

GOOD = {"prompt": "Hello?", "chosen": "Hello.", "rejected": "No.", "subset": "chat"}
TALK = {
    "prompt": [{"role": "user", "content": "Hello?"}],
    "chosen": [{"role": "user", "content": "Hello?"}, {"role": "assistant", "content": "Hello."}],
    "rejected": [{"role": "assistant", "content": "No."}],
    "category": "code",
}


def lines(*rows):
    return b"".join(json.dumps(row).encode() + b"\n" for row in rows)


def text(response):
    return re.sub(r"\s+", " ", response.content.decode())


@pytest.fixture
def version(world):
    return world.make_version("reward", "taste")


@pytest.fixture
def page(client, world, version):
    client.force_login(world.engineer)
    slug = world.project.slug
    shown = reverse("runs:show-model-version", args=[slug, version.pk])
    measure = reverse("runs:measure-on-file", args=[slug, version.pk])

    def send(body=None, file_name="bench.jsonl", **more):
        upload = {} if body is None else {"file": SimpleUploadedFile(file_name, body)}
        return client.post(measure, {**upload, **more})

    send.url, send.client = shown, client
    return send


def kept_files(world):
    return [path for path in (world.data_dir / "benchmarks").rglob("*") if path.is_file()]


def nothing_kept(world):
    rows = BenchmarkFile.objects.exists() or Measurement.objects.exists()
    return not rows and not kept_files(world)


def work(measurement=None, times=1):
    measurement = measurement or Measurement.objects.latest("pk")
    for _ in range(times):
        Job.objects.filter(pk=measurement.job_id).update(not_before=measurement.created_at)
        jobs.run(measurement.job_id)
    return Job.objects.get(pk=measurement.job_id)


def test_a_file_is_checked_kept_measured_on_and_shown(world, version, page):
    answer = page(lines(GOOD, TALK, GOOD | {"subset": "<script>alert(1)</script>|*x*"}))
    assert answer.status_code == 302
    assert answer["Location"] == page.url
    file = BenchmarkFile.objects.get()
    assert (file.comparison_count, file.subset_count) == (3, 3)
    assert (file.created_by, file.name) == (world.engineer, "bench.jsonl")
    (path,) = kept_files(world)
    assert path.name == file.sha256
    assert path.stat().st_mode & 0o777 == 0o600
    waiting = text(page.client.get(page.url))
    assert "bench, on bench.jsonl" in waiting

    job = work()

    assert job.state == "done", job.error
    version.refresh_from_db()
    figures = version.metrics["benchmarks"]["bench"]
    assert (figures["sha256"], figures["file"]) == (file.sha256, "bench.jsonl")
    shown = text(page.client.get(page.url))
    assert "<script>alert" not in shown
    assert "&lt;script&gt;alert(1)" in shown
    assert '0.800<span class="note">0.700 to 0.900' in shown
    assert '0.600<span class="note">0.500 to 0.700' in shown
    assert Event.objects.filter(kind="benchmark_file.added").count() == 1
    assert Event.objects.filter(kind="model_version.benchmarked").count() == 1


def test_what_a_file_says_becomes_no_prompt_no_response_and_no_dataset(world, version, page):
    before = [model.objects.count() for model in (Prompt, Response, Dataset)]
    page(lines(GOOD, TALK))
    assert work().state == "done"
    assert [model.objects.count() for model in (Prompt, Response, Dataset)] == before


def test_the_same_bytes_are_kept_once_and_a_kept_file_is_measured_on_again(world, version, page):
    page(lines(GOOD))
    page(lines(GOOD), file_name="other.jsonl")
    file = BenchmarkFile.objects.get()
    assert Measurement.objects.count() == 1, "the same order, while the first is active"
    assert page(kept=file.pk, name="again").status_code == 302
    assert Measurement.objects.latest("pk").name == "again"
    assert len(kept_files(world)) == 1


BAD = {
    "empty": (b"", "The file is empty."),
    "blank": (b"\n \n", "The file is empty."),
    "broken": (lines(GOOD) + b"{oops\n", "line 2, column 2: is not valid JSON"),
    "cut": (lines(GOOD) + b'{"prompt": "x', "the file ends in the middle of this line"),
    "list": (b"[1]\n", "line 1: is no object"),
    "no prompt": (lines({"chosen": "a", "rejected": "b"}), "line 1, prompt: must be a text"),
    "role": (lines(GOOD | {"prompt": [{"role": "boss", "content": "x"}]}), "prompt[0]: must have"),
    "content": (
        lines(GOOD | {"prompt": [{"role": "user", "content": 1}]}),
        "prompt[0].content: must be a text",
    ),
    "type": (lines(GOOD, GOOD | {"chosen": 7}), "line 2, chosen: must be a text"),
    "last turn": (
        lines(GOOD | {"rejected": [{"role": "user", "content": "x"}]}),
        "line 1, rejected: must be a text, or messages",
    ),
    "tie": (lines(GOOD | {"rejected": "Hello."}), "rejected: is the same text as chosen"),
    "subset": (lines(GOOD | {"subset": 3}), "line 1, subset: must be a text"),
    "long subset": (lines(GOOD | {"subset": "x" * 101}), "subset: has at most 100 characters"),
    "NUL": (lines(GOOD | {"chosen": "a\x00b"}), "line 1, chosen: has a NUL character"),
    "raw NUL": (b'{"prompt": "a\x00"}\n', "line 1"),
    "half a pair": (b'{"prompt": "\\ud800"}\n', "half a surrogate pair"),
    "not UTF-8": (lines(GOOD) + b'{"prompt": "\xff"}\n', "line 2, column 13: is not UTF-8"),
    "UTF-16": (json.dumps(GOOD).encode("utf-16"), "is not UTF-8"),
    "twice": (b'{"prompt": "a", "prompt": "b"}\n', "appears twice"),
    "huge line": (lines(GOOD | {"chosen": "x" * 1_100_000}), "the line is longer than"),
    "parquet": (b"PAR1\x15\x04\x15\x00", "This is a Parquet file, and JSON Lines are taken here"),
    "packed": (b"\x1f\x8b\x08\x00", "This file is packed: unpack it"),
}


@pytest.mark.parametrize("case", BAD)
def test_a_bad_file_is_refused_by_line_and_field_and_nothing_is_kept(case, world, version, page):
    body, said = BAD[case]
    answer = page(body)
    assert answer.status_code == 422
    assert said in text(answer).replace("&#x27;", "'")
    assert nothing_kept(world)


def test_a_file_with_one_line_or_a_byte_order_mark_is_taken(world, version, page):
    """The positive control of the test above."""
    assert page(lines(GOOD)).status_code == 302
    assert page(b"\xef\xbb\xbf" + lines(GOOD, TALK), file_name="bom.jsonl").status_code == 302
    assert sorted(BenchmarkFile.objects.values_list("comparison_count", flat=True)) == [1, 2]


def test_a_large_file_and_too_many_rows_are_refused(settings, monkeypatch, world, version, page):
    settings.BENCHMARK_MAX_BYTES = 100
    answer = page(lines(GOOD, GOOD))
    assert answer.status_code == 413
    assert "The file is larger than" in text(answer)
    settings.BENCHMARK_MAX_BYTES = 10_000
    monkeypatch.setattr(reading, "MOST_COMPARISONS", 1)
    assert "at most 1 comparisons" in text(page(lines(GOOD, GOOD)))
    monkeypatch.setattr(reading, "MOST_COMPARISONS", 9)
    monkeypatch.setattr(reading, "MOST_SUBSETS", 1)
    assert "subset: at most 1 subsets" in text(page(lines(GOOD, TALK)))
    assert nothing_kept(world)
    monkeypatch.setattr(files, "MOST_FILES", 0)
    assert "keeps at most 0 files" in text(page(lines(GOOD)))
    assert nothing_kept(world)


def test_neither_or_both_of_a_new_file_and_a_kept_one_is_a_sentence(world, version, page):
    assert "No file is chosen: take a new one, or one that is kept." in text(page())
    assert nothing_kept(world)
    long = text(page(lines(GOOD), name="x" * 61))
    assert "Call the figures</a>: At most 60 characters fit, these are 61." in long
    assert nothing_kept(world)
    page(lines(GOOD))
    said = "Choose either a new file or one that is kept, not both."
    assert said in text(page(lines(TALK), kept=BenchmarkFile.objects.get().pk))
    assert BenchmarkFile.objects.count() == 1


def test_a_worker_that_is_killed_is_followed_by_one_that_measures(world, version, page):
    page(lines(GOOD))
    world.act("crash once")
    assert work().state == "queued"
    assert work().state == "done"
    version.refresh_from_db()
    assert list(version.metrics["benchmarks"]) == ["bench"]


@pytest.mark.parametrize(
    ("act", "said"),
    [("fail", "The machine: out of memory"), ("no figures", "figures that are none")],
)
def test_a_measurement_that_fails_says_why_and_keeps_no_figures(act, said, world, version, page):
    page(lines(GOOD))
    world.act(act)
    job = work()
    assert (job.state, said in job.error) == ("failed", True), job.error
    version.refresh_from_db()
    assert "benchmarks" not in version.metrics
    assert said in text(page.client.get(page.url))


def test_a_running_measurement_is_cancelled_and_keeps_no_figures(
    monkeypatch, world, version, page
):
    from annotation.core.jobs import Claim

    page(lines(GOOD))
    world.act("long")
    heard = Claim.progress

    def cancel_at_the_first_word(claim, *args, **more):
        jobs.request_cancel(claim.job)
        heard(claim, *args, **more)

    monkeypatch.setattr(Claim, "progress", cancel_at_the_first_word)
    assert work().state == "cancelled"
    version.refresh_from_db()
    assert "benchmarks" not in version.metrics


def test_bytes_that_are_not_what_was_kept_are_not_measured_on(world, version, page):
    page(lines(GOOD))
    (path,) = kept_files(world)
    path.write_bytes(lines(TALK))
    assert "not as it was kept" in work().error


def test_a_file_is_let_go_when_nothing_measures_on_it_and_its_figures_stay(world, version, page):
    page(lines(GOOD))
    file = BenchmarkFile.objects.get()
    remove = reverse("runs:remove-benchmark-file", args=[world.project.slug, version.pk, file.pk])
    page.client.post(remove)
    assert len(kept_files(world)) == 1
    assert "being measured on it" in text(page.client.get(page.url))

    work()
    page.client.post(remove)

    assert kept_files(world) == []
    file.refresh_from_db()
    assert file.removed_at is not None
    version.refresh_from_db()
    assert version.metrics["benchmarks"]["bench"]["sha256"] == file.sha256
    assert page.client.post(remove).status_code == 404
    page(lines(GOOD), file_name="back.jsonl")
    file.refresh_from_db()
    assert (file.removed_at, file.name, len(kept_files(world))) == (None, "back.jsonl", 1)


def test_what_was_cut_off_half_way_is_swept(world, version, page):
    page(lines(GOOD))
    folder = files.root() / str(world.project.pk)
    (folder / ".new-x").write_bytes(b"half")
    (folder / "ab").mkdir(exist_ok=True)
    (folder / "ab" / ("ab" * 32)).write_bytes(b"orphan")
    assert files.sweep_files() == 0  # it may be on its way
    assert files.sweep_files(older_than_seconds=-1) == 2
    assert len(kept_files(world)) == 1


def test_an_upload_that_ends_during_the_sweep_does_not_end_it(monkeypatch, world, version, page):
    page(lines(GOOD))
    folder = files.root() / str(world.project.pk)
    half, old = folder / ".new-x", folder / ".new-y"
    half.write_bytes(b"half")
    old.write_bytes(b"half")
    looked = Path.is_file

    def renamed_after_the_look(path):
        found = looked(path)
        if path == half and found:
            path.rename(folder / "elsewhere")
        return found

    monkeypatch.setattr(Path, "is_file", renamed_after_the_look)
    assert files.sweep_files(older_than_seconds=-1) >= 1
    assert not old.exists()


def test_a_sweep_locks_no_project_for_files_that_have_a_row(world, version, page):
    page(lines(GOOD))
    page(lines(TALK))
    with CaptureQueriesContext(connection) as found:
        assert files.sweep_files(older_than_seconds=-1) == 0
    assert len(found) == 1
    assert len(kept_files(world)) == 2


def test_what_speaks_against_the_order_is_said_before_the_file_is_kept(
    monkeypatch, world, version, page
):
    monkeypatch.setattr(benchmarks, "MOST_BENCHMARKS", 0)
    answer = page(lines(GOOD))
    assert answer.status_code == 422
    assert list(answer.context["measure_form"].errors) == ["name"]
    assert nothing_kept(world)
    monkeypatch.setattr(benchmarks, "MOST_BENCHMARKS", 9)
    monkeypatch.setattr(services, "why_no_training", lambda: "No worker.")
    answer = page(lines(GOOD))
    assert list(answer.context["measure_form"].errors) == ["__all__"]
    assert nothing_kept(world)
    monkeypatch.undo()
    page(lines(GOOD))
    assert "The file is kept, and the model" in text(page.client.get(page.url))
    page(lines(GOOD), name="again")
    assert "This file was kept before; the model" in text(page.client.get(page.url))


def test_the_api_does_the_same(client, world, version):
    client.force_login(world.engineer)
    slug = world.project.slug
    there = reverse("runs-api:benchmark-files", args=[slug])
    send = {"content_type": "application/octet-stream"}
    refused = client.post(there, lines(GOOD | {"chosen": 7}), **send)
    assert (refused.status_code, nothing_kept(world)) == (400, True)
    assert "line 1, chosen: must be a text" in refused.content.decode()
    first = client.post(f"{there}?name=ours.jsonl", lines(GOOD), **send)
    again = client.post(there, lines(GOOD), **send)
    assert (first.status_code, again.status_code) == (201, 200)
    assert again.json()["name"] == "ours.jsonl"
    file = first.json()["id"]
    assert [one["id"] for one in client.get(there).json()] == [file]

    measure = reverse("runs-api:benchmarks", args=[version.pk])
    order = {"file": file, "name": "ours"}
    answer = client.post(measure, order, content_type="application/json")
    assert answer.status_code == 202
    (measurement,) = answer.json()["measurements"]
    one = reverse("runs-api:benchmark-file", args=[slug, file])
    assert client.delete(one).status_code == 409
    cancel = reverse("runs-api:cancel-measurement", args=[version.pk, measurement["id"]])
    assert client.post(cancel).json()["measurements"][0]["state"] == "cancelled"
    assert client.post(cancel).status_code == 409
    client.post(measure, order, content_type="application/json")
    assert work().state == "done"
    assert client.get(measure).json()["figures"]["ours"]["accuracy"]["value"] == 0.8
    assert client.delete(one).status_code == 204
    answer = client.post(measure, order, content_type="application/json")
    assert answer.status_code == 404


def test_files_and_measurements_are_a_projects_own(client, world, version, page):
    page(lines(GOOD))
    file = BenchmarkFile.objects.get()
    other = make_project()
    stranger = make_member(other, Membership.Role.ENGINEER)
    client.force_login(stranger)
    address = [world.project.slug, version.pk]
    assert client.post(reverse("runs:measure-on-file", args=address)).status_code == 404
    there = reverse("runs-api:benchmark-file", args=[other.slug, file.pk])
    assert client.delete(there).status_code == 404
    reviewer = make_member(world.project, Membership.Role.REVIEWER)
    client.force_login(reviewer)
    assert client.post(reverse("runs:measure-on-file", args=address)).status_code == 404


def test_the_command_queues_the_same(world, version, tmp_path):
    file = tmp_path / "shell.jsonl"
    file.write_bytes(lines(GOOD))
    out = StringIO()
    order = ["evaluate_reward", world.project.slug, "taste", str(file)]
    call_command(*order, "--queue", stdout=out)
    assert "is measured by job" in out.getvalue()
    assert work().state == "done"
    version.refresh_from_db()
    assert list(version.metrics["benchmarks"]) == ["shell"]


def test_the_page_takes_no_more_statements_with_more_files(world, version, page):
    def count():
        with CaptureQueriesContext(connection) as found:
            page.client.get(page.url)
        return len(found)

    page(lines(GOOD))
    work()
    first = count()
    for number in range(8):
        page(lines(GOOD | {"prompt": f"{number}"}), file_name=f"{number}.jsonl")
    assert count() <= first + 1, "the newest measurements are under way now"
