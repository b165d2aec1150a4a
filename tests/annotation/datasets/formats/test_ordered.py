"""Exports that are ordered: made once by a job, kept for a week, whole or not there."""

import errno
import html
import io
import json
import os
import sys
import time
import zipfile
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from annotation.core import jobs
from annotation.core.hashing import sha256_of_file
from annotation.core.models import Event, Job
from annotation.datasets import exporting, services
from annotation.datasets.exports import kept, ordering
from annotation.datasets.exports.making import Listener, Recipe
from annotation.datasets.exports.wanted import Wanted
from annotation.datasets.formats import parquet
from annotation.datasets.formats.catalogue import FORMATS, format_named
from annotation.datasets.formats.frozen import SPLITS
from annotation.datasets.models import Export
from annotation.datasets.policy import Policy
from annotation.datasets.tasks import sweep_exports
from annotation.projects.models import Membership
from tests.annotation.datasets.world import add_demonstration, make_world
from tests.factories import make_key, make_member, make_project

pytestmark = pytest.mark.django_db
WHOLE = Wanted(format_named("judgments"))
TRAIN = Wanted(format_named("sft"), "train")


@pytest.fixture
def large(monkeypatch):
    """Every dataset counts as large, and no message is sent."""
    monkeypatch.setattr(ordering, "SMALL", -1)
    monkeypatch.setattr(jobs, "dispatch", lambda *args, **options: True)


@pytest.fixture
def lead(client, project):
    lead = make_member(project, Membership.Role.LEAD)
    client.force_login(lead)
    return lead


def address(name, dataset, *arguments):
    return reverse(f"datasets:{name}", args=["shop", dataset.hash, *arguments])


def take(export):
    return reverse("datasets:take-export", args=["shop", export.pk])


def body(response):
    return b"".join(response.streaming_content)


def ordered(dataset, wanted=WHOLE):
    return ordering.order_export(dataset=dataset, wanted=wanted)


def done(export):
    jobs.run(export.job_id)
    found = Export.objects.select_related("job").get(pk=export.pk)
    assert found.job.state == "done", found.job.error
    return found


def files():
    return sorted(path.name for path in kept.folder().glob("*"))


def test_a_large_export_is_ordered_waited_for_and_taken(client, dataset, lead, large):
    url = address("download-export", dataset, "judgments")
    answer = client.post(url)
    assert answer.status_code == 302
    assert answer.url == address("show-exports", dataset) + "#made"
    page = client.get(answer.url).content.decode()
    assert 'hx-trigger="every 1500ms"' in page
    assert "Waiting for a worker" in page
    too_early = client.get(url)
    assert too_early.status_code == 422
    assert "order it first" in too_early.content.decode()
    assert "POST" not in html.unescape(too_early.content.decode()).split('role="alert"')[1][:200]
    assert client.get(take(Export.objects.get())).status_code == 404

    export = done(Export.objects.get())
    fragment = client.get(
        address("show-exports", dataset), headers={"HX-Request": "true"}
    ).content.decode()
    assert "hx-get" not in fragment
    assert take(export) in fragment
    answer = client.get(take(export))
    data = body(answer)
    assert answer.headers["Content-Length"] == str(len(data)) == str(export.byte_count)
    assert answer.headers["Content-Disposition"].endswith('.judgments.zip"')
    assert export.sha256 == sha256_of_file(kept.path_of(export))
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert archive.testzip() is None
        assert {"README.md", "export.json", "train.jsonl"} <= set(archive.namelist())
    assert body(client.get(url)) == data, "the old address gives the ready file"
    (first, second) = Event.objects.filter(kind="dataset.exported")
    assert (first.actor, first.payload["format"], first.payload["how"]) == (
        lead, "judgments", "download",
    )  # fmt: skip


def test_a_part_of_the_file_is_given_where_a_part_is_asked_for(client, dataset, lead):
    export = ordered(dataset)
    whole = body(client.get(take(export)))
    part = client.get(take(export), headers={"Range": "bytes=10-19"})
    assert (part.status_code, body(part)) == (206, whole[10:20])
    assert part.headers["Content-Range"] == f"bytes 10-19/{len(whole)}"
    other = client.get(
        take(export), headers={"Range": "bytes=10-19", "If-Range": '"something else"'}
    )
    assert (other.status_code, body(other)) == (200, whole)


def test_the_same_order_is_made_once(dataset, large):
    first = ordered(dataset)
    assert ordered(dataset).job_id == first.job_id
    made = done(first)
    before = kept.path_of(made).stat().st_mtime_ns
    again = ordered(dataset)
    assert (again.pk, again.job_id, again.sha256) == (made.pk, made.job_id, made.sha256)
    assert kept.path_of(made).stat().st_mtime_ns == before
    assert Job.objects.filter(kind="export_dataset").count() == 1


def test_the_same_bytes_whenever_they_are_packed_and_others_for_another_card(dataset):
    first = ordered(dataset)
    kept.path_of(first).unlink()
    again = ordered(dataset)
    assert again.sha256 == first.sha256
    assert kept.is_ready(again)
    services.set_licence(dataset=dataset, licence="cc-by-4.0", actor=None)
    other = ordered(dataset)
    assert other.pk == first.pk
    assert other.sha256 != first.sha256
    with zipfile.ZipFile(kept.path_of(other)) as archive:
        assert b"cc-by-4.0" in archive.read("README.md")


@pytest.mark.parametrize("key", FORMATS)
def test_each_format_is_the_same_by_a_job_and_on_the_spot(dataset, key, large, monkeypatch):
    by_job = done(ordered(dataset, Wanted(format_named(key))))
    Export.objects.all().delete()
    monkeypatch.setattr(ordering, "SMALL", 1 << 30)
    on_the_spot = ordered(dataset, Wanted(format_named(key)))
    assert on_the_spot.job is None
    assert on_the_spot.sha256 == by_job.sha256


EVERY_FILE = ["rankings", *(f"{k}.{s}" for k in ("preferences", "ties", "sft") for s in SPLITS)]


@pytest.mark.parametrize(
    ("wanted", "read"),
    [
        (WHOLE, EVERY_FILE),
        (TRAIN, ["sft.train"]),
        (Wanted(format_named("argilla")), EVERY_FILE),
    ],
    ids=["whole", "split", "document"],
)
def test_progress_counts_the_prompts_that_were_read(dataset, large, monkeypatch, wanted, read):
    told = []

    class Heard(jobs.Claim):
        def progress(self, done=None, total=None, note=None):
            told.extend([] if done is None else [done])
            super().progress(done, total, note)

    monkeypatch.setattr("annotation.datasets.exports.making.EVERY", 0)
    export = ordered(dataset, wanted)
    ordering.make_in_job(Heard.take(export.job_id))
    prompts = {
        json.loads(line)["prompt_sha256"]
        for name in read
        for line in (dataset.folder / f"{name}.jsonl").read_bytes().splitlines()
    }
    assert told == sorted(told)
    assert len(prompts) == told[-1] > 1, "before the end sets it to the total"
    job = Job.objects.get(pk=export.job_id)
    assert job.state == "done"
    assert job.progress_done == job.progress_total == dataset.prompt_count
    assert job.progress_note == ("Writing the rows" if wanted.split else "Packing the files")


def test_one_download_is_one_event_however_many_parts_it_comes_in(client, dataset, lead):
    url = take(ordered(dataset))
    events = Event.objects.filter(kind="dataset.exported")
    tag = client.head(url).headers["ETag"]
    assert client.get(url, headers={"If-None-Match": tag}).status_code == 304
    assert client.get(url, headers={"Range": "bytes=999999999-"}).status_code == 416
    assert client.get(url, headers={"Range": "bytes=10-19"}).status_code == 206
    assert events.count() == 0
    assert client.get(url, headers={"Range": "bytes=0-9"}).status_code == 206
    assert events.count() == 1
    assert client.get(url).status_code == 200
    assert events.count() == 2


def test_one_that_waits_or_runs_can_be_cancelled_and_nothing_is_left(client, dataset, lead, large):
    waiting = ordered(dataset)
    client.post(reverse("datasets:cancel-export", args=["shop", waiting.pk]))
    assert Job.objects.get(pk=waiting.job_id).state == "cancelled"
    page = client.get(address("show-exports", dataset)).content.decode()
    assert "It was stopped" in page

    running = ordered(dataset)
    claim = jobs.Claim.take(running.job_id)
    client.post(reverse("datasets:cancel-export", args=["shop", running.pk]))
    with pytest.raises(jobs.Cancelled):
        ordering.make_in_job(claim)
    assert files() == []
    assert Export.objects.get().sha256 == ""


def test_a_worker_that_was_killed_leaves_nothing_to_be_taken_and_another_makes_it(dataset, large):
    export = ordered(dataset)
    dead = jobs.Claim.take(export.job_id)
    half = Recipe(dataset, WHOLE).made(Listener(dead))
    with half as part:
        # Killed here: the file is written beside its place, and nobody tidies up.
        os.link(part, kept.folder() / ".part-of-the-dead")
    assert not kept.is_ready(Export.objects.get())
    jobs.run(export.job_id)
    assert Job.objects.get(pk=export.job_id).state == "running", "the lease of the dead holds"
    Job.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    made = done(export)
    assert files() == sorted([".part-of-the-dead", made.sha256])

    recipe = Recipe(dataset, WHOLE)
    with pytest.raises(jobs.Fenced), recipe.made(Listener()) as part:
        kept.keep(dataset, WHOLE, "another", part, claim=dead)
    assert Export.objects.get().key == made.key, "who comes back from the dead changes nothing"

    long_ago = time.time() - kept.ORPHAN_SECONDS - 1
    os.utime(kept.folder() / ".part-of-the-dead", (long_ago, long_ago))
    sweep_exports()
    assert files() == [made.sha256]


def test_a_full_disk_is_a_sentence_and_nothing_half_is_there(
    client, dataset, lead, large, monkeypatch
):
    def full(descriptor):
        raise OSError(errno.ENOSPC, "No space left on device")

    export = ordered(dataset)
    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        jobs.run(export.job_id)
    job = Job.objects.get(pk=export.job_id)
    assert (job.state, job.error) == ("failed", "The disk is full: nothing was kept of this.")
    assert files() == []
    assert "The disk is full" in client.get(address("show-exports", dataset)).content.decode()
    assert done(ordered(dataset)).sha256, "ordered again, it is made"


def test_a_form_that_holds_nothing_of_it_is_refused_at_once_and_by_the_job(client, large):
    bare = make_world("bare")
    dataset = services.freeze_dataset(project=bare).dataset
    lead = make_member(bare, Membership.Role.LEAD)
    client.force_login(lead)
    ratings = Wanted(format_named("ratings"))
    export = ordered(dataset, ratings)
    jobs.run(export.job_id)
    assert "no rows in this form" in Job.objects.get(pk=export.job_id).error
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ordering, "SMALL", 1 << 30)
        answer = client.post(
            reverse("datasets:download-export", args=["bare", dataset.hash, "ratings"])
        )
        by_program = client.post(
            reverse("datasets-api:export", args=[dataset.hash, "ratings"]),
            headers={"Authorization": f"Token {make_key(lead, 'export')}"},
        )
    assert answer.status_code == 422
    assert "This dataset has no rows in this form." in answer.content.decode()
    assert by_program.status_code == 400
    assert "This dataset has no rows in this form." in by_program.json()["detail"]
    assert files() == []


def test_the_page_offers_no_order_that_would_come_to_nothing(client, dataset, lead):
    """The bare one has judgments and nobody's ratings; in the other every form has rows."""
    full = client.get(address("show-exports", dataset)).content.decode()
    assert "No rows here" not in full
    assert full.count("split=train") >= 10

    bare = make_world("bare")
    client.force_login(make_member(bare, Membership.Role.LEAD))
    digest = services.freeze_dataset(project=bare).dataset.hash
    page = client.get(reverse("datasets:show-exports", args=["bare", digest])).content.decode()
    assert page.count("No rows here: nobody rated a response by a criterion.") == 1
    ratings = reverse("datasets:download-export", args=["bare", digest, "ratings"])
    assert f'formaction="{ratings}' not in page
    assert f'formaction="{ratings.replace("ratings", "reward")}"' in page


def test_demonstrations_alone_fill_no_form_of_pairs(client, large, settings, tmp_path):
    settings.DATA_DIR = tmp_path / "data"
    project = make_project("written")
    for number in range(6):
        add_demonstration(project, f"How {number}?", "Like this.")
    policy = Policy(split=(1, 0, 0))
    dataset = services.freeze_dataset(project=project, policy=policy).dataset
    lead = make_member(project, Membership.Role.LEAD)
    client.force_login(lead)
    url = reverse("datasets:show-exports", args=["written", dataset.hash])
    page = client.get(url).content.decode()
    assert "No rows here: the dataset has no preferences." in page
    assert "No rows here: the dataset has no judgments." in page
    address_of = {
        key: reverse("datasets:download-export", args=["written", dataset.hash, key])
        for key in FORMATS
    }
    for key in FORMATS:
        is_offered = f'formaction="{address_of[key]}"' in page
        assert is_offered == (key in ("sft", "sft-messages", "prompts", "oasst")), key
        answer = client.post(address_of[key])
        assert answer.status_code == (302 if is_offered else 422), key
    by_program = client.post(
        reverse("datasets-api:export", args=[dataset.hash, "reward"]),
        headers={"Authorization": f"Token {make_key(lead, 'export')}"},
    )
    assert by_program.status_code == 400
    assert by_program.json()["detail"] == "This dataset has no rows in this form."


def test_why_an_order_failed_is_told_in_the_readers_language(client, large):
    bare = make_world("bare")
    dataset = services.freeze_dataset(project=bare).dataset
    client.force_login(make_member(bare, Membership.Role.LEAD))
    jobs.run(ordered(dataset, Wanted(format_named("ratings"))).job_id)
    url = reverse("datasets:show-exports", args=["bare", dataset.hash])
    assert "This dataset has no rows in this form." in client.get(url).content.decode()
    german = client.get(url, headers={"Accept-Language": "de"}).content.decode()
    assert "Dieser Datensatz hat in dieser Form keine Zeilen." in german
    assert "no rows" not in german


@pytest.mark.parametrize("query", ["?split=train", "?split=train&parquet=1"])
def test_a_split_that_holds_nothing_in_a_form_is_refused_at_every_door(client, large, query):
    bare = make_world("bare")
    dataset = services.freeze_dataset(project=bare).dataset
    assert dataset.counts["prompts"]["train"]
    lead = make_member(bare, Membership.Role.LEAD)
    client.force_login(lead)
    wanted = Wanted(format_named("ratings"), "train", "parquet" in query)
    export = ordered(dataset, wanted)
    jobs.run(export.job_id)
    assert "This split has no rows in this form." in Job.objects.get(pk=export.job_id).error
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ordering, "SMALL", 1 << 30)
        answer = client.post(
            reverse("datasets:download-export", args=["bare", dataset.hash, "ratings"]) + query
        )
        by_program = client.post(
            reverse("datasets-api:export", args=[dataset.hash, "ratings"]) + query,
            headers={"Authorization": f"Token {make_key(lead, 'export')}"},
        )
    assert answer.status_code == 422
    assert by_program.status_code == 400
    assert "This split has no rows in this form." in by_program.json()["detail"]
    assert files() == []
    assert ordered(dataset, Wanted(format_named("reward"), "train")), "others hold some"


@pytest.mark.parametrize(
    ("form", "query", "said"),
    [
        ("sft", "?split=all", "has no split “all”"),
        ("argilla", "?split=train", "has no split “train”"),
        ("oasst", "?parquet=1", "never Parquet"),
    ],
)
def test_what_no_dataset_gives_is_refused_before_it_is_queued(
    client, dataset, lead, large, form, query, said
):
    answer = client.post(address("download-export", dataset, form) + query)
    assert answer.status_code == 422
    assert said in answer.content.decode()
    assert not Export.objects.exists()
    assert client.post(address("download-export", dataset, "nothing")).status_code == 404


def test_without_pyarrow_parquet_is_refused_before_it_is_queued(dataset, large, monkeypatch):
    monkeypatch.setattr(parquet, "find_spec", lambda name: None)
    with pytest.raises(exporting.DomainError, match="needs pyarrow"):
        ordered(dataset, Wanted(format_named("reward"), as_parquet=True))
    assert not Export.objects.exists()


def test_whether_somebody_may_have_it_is_asked_again_when_they_take_it(
    client, dataset, lead, project
):
    export = ordered(dataset)
    assert client.get(take(export)).status_code == 200
    project.memberships.filter(user=lead).update(role=Membership.Role.REVIEWER)
    assert client.get(take(export)).status_code == 404
    assert client.post(address("download-export", dataset, "sft")).status_code == 404
    key = make_key(lead, "export")
    url = reverse("datasets-api:export-file", args=[export.pk])
    assert client.get(url, headers={"Authorization": f"Token {key}"}).status_code == 404
    assert Event.objects.filter(kind="dataset.exported").count() == 1


def test_the_api_orders_tells_and_hands_out(client, dataset, project, large):
    key = make_key(make_member(project, Membership.Role.LEAD), "export")
    headers = {"Authorization": f"Token {key}"}
    url = reverse("datasets-api:export", args=[dataset.hash, "sft"]) + "?split=train"
    too_early = client.get(url, headers=headers)
    assert too_early.status_code == 409
    assert "POST to the same address" in too_early.json()["detail"]
    answer = client.post(url, headers=headers)
    assert answer.status_code == 202
    said = answer.json()
    assert (said["state"], said["url"], said["split"]) == ("queued", None, "train")
    state = reverse("datasets-api:ordered", args=[said["id"]])
    jobs.run(said["job"])
    said = client.get(state, headers=headers).json()
    assert (said["state"], said["error"]) == ("ready", "")
    answer = client.get(said["url"], headers=headers)
    data = body(answer)
    assert answer.headers["Content-Type"] == "application/x-ndjson"
    assert len(data) == said["bytes"]
    assert b"".join(client.get(url, headers=headers).streaming_content) == data
    assert client.post(url, headers=headers).status_code == 200

    other = client.post(
        reverse("datasets-api:export", args=[dataset.hash, "reward"]), headers=headers
    ).json()
    over = client.delete(reverse("datasets-api:ordered", args=[other["id"]]), headers=headers)
    assert (over.status_code, over.json()["state"]) == (202, "cancelled")


def test_what_is_older_than_a_week_is_swept_with_its_file(client, dataset, lead):
    old, young = ordered(dataset), ordered(dataset, TRAIN)
    Export.objects.filter(pk=old.pk).update(expires_at=timezone.now())
    assert client.get(take(old)).status_code == 404
    sweep_exports()
    assert list(Export.objects.all()) == [young]
    assert files() == [young.sha256]


def test_what_a_dead_worker_was_packing_lies_where_it_is_swept(dataset, monkeypatch):
    seen = []

    def look(folder, *arguments, **options):
        seen.append(folder)
        raise OSError(errno.EIO, "The disk is broken")

    with monkeypatch.context() as patch:
        patch.setattr("annotation.datasets.exports.making.zipped", look)
        with pytest.raises(OSError, match="broken"):
            ordered(dataset)
    (packed,) = seen
    assert packed.parent == kept.folder()
    assert files() == []

    long_ago = time.time() - kept.ORPHAN_SECONDS - 1
    for name in ("old", "young"):
        left = kept.folder() / f".part-{name}"
        left.mkdir()
        (left / "train.jsonl").write_text("{}")
    os.utime(kept.folder() / ".part-old", (long_ago, long_ago))
    sweep_exports()
    assert files() == [".part-young"]


def test_the_sweep_goes_on_where_a_file_vanishes_under_it(dataset, monkeypatch):
    """As it is told by a directory that names what is gone: a link to nothing has no times."""
    made = ordered(dataset)
    (kept.folder() / ".part-gone").symlink_to("nowhere")
    (kept.folder() / ".part-left").write_text("half")
    long_ago = time.time() - kept.ORPHAN_SECONDS - 1
    os.utime(kept.folder() / ".part-left", (long_ago, long_ago))
    sweep_exports()
    assert files() == [".part-gone", made.sha256]


def test_what_is_made_again_while_the_sweep_waits_stays(dataset, monkeypatch):
    export = ordered(dataset)
    Export.objects.update(expires_at=timezone.now())
    lock = kept._lock

    def lock_late(sha256):
        Export.objects.update(expires_at=timezone.now() + kept.KEPT_FOR)
        lock(sha256)

    with monkeypatch.context() as patch:
        patch.setattr(kept, "_lock", lock_late)
        sweep_exports()
    assert kept.is_ready(Export.objects.get())
    Export.objects.update(expires_at=timezone.now())
    sweep_exports()
    assert files() == [], "where nobody comes between it goes"
    assert not Export.objects.filter(pk=export.pk).exists()


def test_a_file_that_another_order_names_stays(dataset):
    first = ordered(dataset, TRAIN)
    values = {"sha256": first.sha256, "key": first.key, "byte_count": first.byte_count}
    now = timezone.now()
    other = Export.objects.create(
        dataset=dataset, form="prompts", expires_at=now + kept.KEPT_FOR, ordered_at=now, **values
    )
    Export.objects.filter(pk=first.pk).update(expires_at=now)
    sweep_exports()
    assert kept.is_ready(other)
    Export.objects.update(expires_at=now)
    sweep_exports()
    assert files() == []


def test_a_failed_order_is_forgotten_after_a_week(dataset, large):
    export = ordered(dataset)
    ordering.cancel(export)
    sweep_exports()
    assert Export.objects.exists()
    Export.objects.update(ordered_at=timezone.now() - kept.KEPT_FOR)
    sweep_exports()
    assert not Export.objects.exists()


def relicensed(dataset):
    services.set_licence(dataset=dataset, licence="cc-by-4.0", actor=None)


def test_a_file_with_another_card_is_not_handed_out_for_todays(client, dataset, lead, large):
    url = address("download-export", dataset, "judgments")
    done(ordered(dataset))
    assert client.get(url).status_code == 200
    relicensed(dataset)
    refused = client.get(url)
    assert refused.status_code == 422
    assert "order this export again" in refused.content.decode()
    again = done(ordered(dataset))
    with zipfile.ZipFile(io.BytesIO(body(client.get(url)))) as archive:
        assert b"cc-by-4.0" in archive.read("README.md")
    assert files().count(again.sha256) == 1


@pytest.mark.parametrize("end", ["failed", "cancelled"])
def test_an_order_that_comes_to_nothing_does_not_pass_for_ready(
    client, dataset, project, lead, large, monkeypatch, end
):
    first = done(ordered(dataset))
    headers = {"Authorization": f"Token {make_key(lead, 'export')}"}
    state = reverse("datasets-api:ordered", args=[first.pk])
    assert client.get(state, headers=headers).json()["state"] == "ready"
    relicensed(dataset)
    export = ordered(dataset)
    assert export.job_id != first.job_id
    assert client.get(take(export)).status_code == 404
    if end == "cancelled":
        ordering.cancel(export)
    else:
        (dataset.folder / "rankings.jsonl").unlink()
        jobs.run(export.job_id)
    said = client.get(state, headers=headers).json()
    assert (said["state"], said["url"], said["sha256"], said["bytes"]) == (end, None, "", 0)
    if end == "failed":
        assert "missing" in said["error"]
    else:
        assert "It was stopped" in client.get(address("show-exports", dataset)).content.decode()


@pytest.fixture
def readings():
    """How often rankings.jsonl was opened."""
    opened, is_counting = [], [True]

    def count(event, arguments):
        if is_counting[0] and event == "open" and str(arguments[0]).endswith("rankings.jsonl"):
            opened.append(arguments[0])

    sys.addaudithook(count)  # stays for good, so it is told to stop listening
    yield opened
    is_counting[0] = False


def test_pages_and_refusals_read_the_rankings_once_in_all(client, dataset, lead, readings):
    for _visit in range(2):
        assert client.get(address("show-exports", dataset)).status_code == 200
    assert client.post(address("download-export", dataset, "sft") + "?split=x").status_code == 422
    assert len(readings) == 1


def test_the_order_of_a_large_export_reads_nothing_but_the_job_does(dataset, large, readings):
    export = ordered(dataset)
    assert readings == []
    done(export)
    assert readings


def test_the_page_of_many_exports_asks_as_much_as_of_one(client, dataset, lead):
    def count():
        with CaptureQueriesContext(connection) as queries:
            client.get(address("show-exports", dataset))
        return len(queries)

    ordered(dataset)
    count()
    one = count()
    for key in ("sft", "reward", "prompts", "oasst"):
        ordered(dataset, Wanted(format_named(key)))
    assert count() == one
