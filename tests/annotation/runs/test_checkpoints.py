"""Checkpoints in a bucket: sent while it trains, back where the disk lost them, gone at last."""

import json
import shutil
import stat
from datetime import timedelta

import pytest
from django.db import OperationalError
from django.urls import reverse

from annotation.core import jobs
from annotation.core.models import Event, Job
from annotation.core.supervision import RunFolder
from annotation.datasets.models import Destination
from annotation.datasets.publishing.destinations import keep_checkpoints, remove_destination
from annotation.runs import attempts
from annotation.runs.checkpoints import sending
from annotation.runs.checkpoints.copies import keeper_of, newest_copy, sweep
from annotation.runs.checkpoints.fetching import CHANGED, fetch
from annotation.runs.models import CheckpointCopy, RunEvent
from tests.annotation.core.fake_hub import TOKEN
from tests.annotation.core.fake_s3 import KEYS
from tests.annotation.runs.test_keeping import add_destination, bucket, storage  # noqa: F401
from tests.factories import make_key
from training import checkpoint

pytestmark = pytest.mark.django_db


@pytest.fixture
def shelf(bucket):  # noqa: F811
    keep_checkpoints(destination=bucket, wanted=True)
    return bucket


@pytest.fixture
def killed(world, shelf):
    """A run whose trainer was killed after the checkpoint of its second step of three."""
    world.act("saves two")
    run = world.work(world.start())
    assert run.job.state == "queued"
    return run


def steps_in(storage):  # noqa: F811
    """Steps whose copy is whole: their manifest is there."""
    found = [key.split("/") for key in storage.kept if key.endswith("/checkpoint.json")]
    return sorted(int(parts[-2].split("-")[2]) for parts in found)


def added(world, storage, name, **more):  # noqa: F811
    return add_destination(
        project=world.project, kind="s3", name=name, endpoint=storage.origin,
        region=KEYS.region, bucket="shelf", access_key=KEYS.access_key, secret=KEYS.secret, **more
    )  # fmt: skip


def other_bucket(world, storage):  # noqa: F811
    """A removed destination that leads to a bucket which nobody knows any more."""
    gone = add_destination(
        project=world.project, kind="s3", name="Gone", endpoint=storage.origin,
        region=KEYS.region, bucket="gone", access_key=KEYS.access_key, secret=KEYS.secret,
    )  # fmt: skip
    remove_destination(destination=gone)
    return gone


def copies():
    return list(CheckpointCopy.objects.filter(removed_at=None))


def lose_the_disk(run):
    shutil.rmtree(attempts.folder_of(run).path)


def steps_told(run, token):
    events = RunEvent.objects.filter(run=run, token=token, type="metric")
    return list(events.order_by("line").values_list("step", flat=True))


def remove_needless(run):
    job = Job.objects.filter(kind="remove_checkpoints", target=f"run:{run.pk}").latest("pk")
    jobs.run(job.pk)
    job.refresh_from_db()
    return job


def test_the_newest_of_a_killed_attempt_is_in_the_bucket(killed, storage):  # noqa: F811
    copy = newest_copy(killed)
    assert (copy.step, copy.token) == (2, 1)
    folder = attempts.folder_of(killed).attempt(1) / "checkpoints" / "step-2"
    for name in ("model.safetensors", "optimizer/state.json", "checkpoint.json"):
        assert storage.kept[f"{copy.folder}/{name}"] == (folder / name).read_bytes()
    assert list(storage.kept)[-1] == f"{copy.folder}/checkpoint.json", "the manifest is last"
    assert not list(attempts.folder_of(killed).path.glob(f"{sending.LINKED}*"))


def test_a_run_whose_machine_was_lost_goes_on_from_the_bucket(world, killed, storage):  # noqa: F811
    lose_the_disk(killed)
    world.act("saves")
    run = world.work(killed)
    assert run.job.state == "done", run.job.error
    assert steps_told(run, 2) == [3]
    assert stat.S_IMODE(attempts.folder_of(run).path.stat().st_mode) == 0o700


def test_without_a_bucket_a_lost_disk_begins_anew(world):
    """The control of the test above: it is the copy that saves the steps."""
    world.act("saves two")
    run = world.work(world.start())
    assert not CheckpointCopy.objects.exists()
    lose_the_disk(run)
    world.act("saves")
    assert steps_told(world.work(run), 2) == [1, 2, 3]


def test_what_the_disk_has_is_not_fetched(world, killed, storage):  # noqa: F811
    storage.seen.clear()
    world.act("well")
    assert steps_told(world.work(killed), 2) == [3]
    assert not [seen for seen in storage.seen if seen[0] == "GET"]


def test_a_done_run_leaves_nothing_in_the_bucket(world, killed, storage):  # noqa: F811
    world.act("saves")
    run = world.work(killed)
    assert remove_needless(run).state == "done"
    assert storage.kept == {}
    assert not [copy for copy in copies() if copy.arrived_at]


def test_what_was_left_half_is_known_and_goes(world, killed, storage):  # noqa: F811
    """A sender that was killed on its way: some files, no manifest, a row without an arrival."""
    copy = newest_copy(killed)
    half = CheckpointCopy.objects.create(
        run=killed, destination=copy.destination, token=1, step=9, sha256="0" * 64,
        folder="checkpoints/run-9/1-step-9-000000000000", files=copy.files, byte_count=9,
    )  # fmt: skip
    storage.kept[f"{half.folder}/model.safetensors"] = b"weights"
    assert newest_copy(killed) == copy, "a half one is none"
    world.act("exit 65 no more")
    assert world.work(killed).job.state == "failed"
    sweep()
    remove_needless(killed)
    assert steps_in(storage) == [2]
    assert not [key for key in storage.kept if key.startswith(half.folder)]
    half.refresh_from_db()
    assert half.removed_at is None, "its sender may still put one more"
    CheckpointCopy.objects.filter(pk=half.pk).update(begun_at=half.begun_at - timedelta(hours=2))
    sweep()
    remove_needless(killed)
    half.refresh_from_db()
    assert half.removed_at is not None


def test_only_the_newest_copy_stays_while_it_trains(world, killed, storage):  # noqa: F811
    world.act("saves three")
    run = world.work(killed)
    assert run.job.state == "queued"
    assert steps_in(storage)[-2:] == [2, 3]
    assert remove_needless(run).state == "done"
    assert steps_in(storage) == [3] == [copy.step for copy in copies()]


@pytest.mark.parametrize("name", ["checkpoint.json", "model.safetensors"])
def test_what_the_bucket_changed_is_never_loaded(world, killed, storage, name):  # noqa: F811
    lose_the_disk(killed)
    key = f"{newest_copy(killed).folder}/{name}"
    storage.kept[key] = storage.kept[key].replace(b"e", b"3")
    world.act("saves")
    run = world.work(killed)
    assert run.job.state == "failed"
    assert run.job.error == CHANGED
    folder = attempts.folder_of(run)
    assert not list(folder.path.rglob("step-*"))
    assert not steps_told(run, 2)


def test_trouble_with_the_bucket_costs_the_copy_and_not_the_training(
    world, shelf, storage, client  # noqa: F811
):  # fmt: skip
    storage.fixed = (403, b"<Error><Code>AccessDenied</Code></Error>")
    world.act("saves two")
    run = world.work(world.start())
    assert run.copy_fault == "The key may not do this in the bucket."
    client.force_login(world.engineer)
    url = reverse("runs:show-run", args=[world.project.slug, run.pk])
    assert run.copy_fault in client.get(url).content.decode()
    storage.fixed = None
    world.act("saves")
    assert world.work(run).job.state == "done"


def test_a_removed_bucket_is_passed_by(world, killed, shelf):
    remove_destination(destination=shelf)
    lose_the_disk(killed)
    world.act("saves")
    run = world.work(killed)
    assert run.job.state == "done", run.job.error
    assert steps_told(run, 2) == [1, 2, 3]


def test_a_bucket_added_again_is_the_same(world, killed, shelf, storage):  # noqa: F811
    remove_destination(destination=shelf)
    add_destination(
        project=world.project, kind="s3", name="Again", endpoint=storage.origin,
        region=KEYS.region, bucket="shelf", access_key=KEYS.access_key, secret=KEYS.secret,
    )  # fmt: skip
    lose_the_disk(killed)
    world.act("saves")
    assert steps_told(world.work(killed), 2) == [3]


def test_another_bucket_begins_where_the_first_cannot_be_reached(
    world, killed, shelf, storage  # noqa: F811
):  # fmt: skip
    CheckpointCopy.objects.exclude(pk=newest_copy(killed).pk).delete()
    remove_destination(destination=shelf)
    lose_the_disk(killed)
    storage.kept.clear()
    keep_checkpoints(destination=added(world, storage, "Second", prefix="second"), wanted=True)
    CheckpointCopy.objects.update(folder="elsewhere", destination=other_bucket(world, storage))
    world.act("saves two")
    assert world.work(killed).job.state == "queued"
    assert (newest_copy(killed).step, newest_copy(killed).token) == (2, 2)
    assert newest_copy(killed).folder.startswith("second/")


def test_a_storage_that_is_busy_is_asked_again_before_it_begins_anew(
    world, killed, storage  # noqa: F811
):  # fmt: skip
    lose_the_disk(killed)
    storage.fixed = (503, b"<Error><Code>SlowDown</Code></Error>")
    world.act("saves")
    run = world.work(killed)
    assert run.job.state == "queued"
    storage.fixed = None
    assert steps_told(world.work(run), 3) == [3]


def test_a_secret_that_does_not_open_costs_the_copy_alone(world, shelf):
    Destination.objects.filter(pk=shelf.pk).update(sealed_secret="v1:nothing")
    world.act("saves")
    run = world.work(world.start())
    assert run.job.state == "done", run.job.error


def test_a_bucket_removed_meanwhile_gets_no_more(world, shelf, storage):  # noqa: F811
    run = world.start()
    folder = attempts.folder_of(run)
    sender = sending.Sender(run, folder)
    remove_destination(destination=shelf)
    assert keeper_of(run) is None
    (folder.attempt(1) / "checkpoints" / "step-5").mkdir(parents=True)
    (folder.attempt(1) / "checkpoints" / "step-5" / "checkpoint.json").write_text('{"files": {}}')
    sender.finish()
    assert storage.kept == {}
    assert not copies()


def test_a_database_that_does_not_answer_loses_no_copy(
    world, shelf, storage, monkeypatch  # noqa: F811
):  # fmt: skip
    run = world.start()
    folder = attempts.folder_of(run)
    place = folder.attempt(1) / "checkpoints" / "step-5"
    place.mkdir(parents=True)
    (place / "checkpoint.json").write_text('{"files": {}}')
    sender = sending.Sender(run, folder)
    sender.look()
    sender.line.join(20)
    with monkeypatch.context() as patch:
        patch.setattr(sending.timezone, "now", _no_database)
        with pytest.raises(OperationalError):
            sender.look()
    assert newest_copy(run) is None
    sender.look()
    assert newest_copy(run).step == 5


def _no_database():
    raise OperationalError("it restarts")


def test_a_damaged_checkpoint_is_not_sent(world, shelf, storage):  # noqa: F811
    run = world.start()
    folder = attempts.folder_of(run)
    place = folder.attempt(1) / "checkpoints" / "step-5"
    place.mkdir(parents=True)
    entry = {"bytes": 3, "sha256": "0" * 64}
    (place / "model.safetensors").write_bytes(b"bad")
    (place / "checkpoint.json").write_text(json.dumps({"files": {"model.safetensors": entry}}))
    sending.Sender(run, folder).finish()
    run.refresh_from_db()
    assert run.copy_fault == sending.DAMAGED
    assert storage.kept == {}


def test_a_trainers_own_checkpoint_comes_back_as_it_was(world, shelf, storage, tmp_path):  # noqa: F811
    run = world.start()
    folder = RunFolder(attempts.folder_of(run).path, run=str(run.pk))
    target = folder.attempt(1) / "checkpoints" / "step-40"

    def seal(path):
        checkpoint.seal(path, step=40, config="c" * 64, state={"lr": 0.5})

    with checkpoint.staged(target, before_rename=seal) as part:
        (part / "model.safetensors").write_bytes(b"w" * 5000)
    sending.Sender(run, folder).finish()
    shutil.rmtree(folder.path)
    copy = newest_copy(run)
    back = fetch(copy, sending.bucket_of(shelf), folder, alive=lambda: None)
    assert back == target
    found = checkpoint.verify(back, "c" * 64)
    assert (found.step, found.token, found.state) == (40, 1, {"lr": 0.5})


def test_what_a_bucket_could_not_give_up_is_asked_for_again(world, killed, storage):  # noqa: F811
    world.act("saves")
    run = world.work(killed)
    storage.fixed = (500, b"")
    assert remove_needless(run).state == "queued", "later once more"
    storage.fixed = None
    Job.objects.filter(kind="remove_checkpoints").update(not_before=run.job.created_at)
    assert remove_needless(run).state == "done"
    assert storage.kept == {}


def test_the_sweep_finds_what_was_left(world, killed, storage):  # noqa: F811
    world.act("saves")
    run = world.work(killed)
    over = {"state": "failed", "error": "gone", "finished_at": run.created_at}
    Job.objects.filter(kind="remove_checkpoints").update(**over)
    sweep()
    assert remove_needless(run).state == "done"
    assert storage.kept == {}


def test_the_page_and_the_api_say_what_is_kept(world, killed, shelf, client):
    client.force_login(world.engineer)
    page = client.get(reverse("runs:show-run", args=[world.project.slug, killed.pk]))
    assert "In “Shelf”: the checkpoint of step 2" in page.content.decode()
    headers = {"authorization": f"Bearer {make_key(world.engineer)}"}
    found = client.get(f"/api/runs/{killed.pk}/", headers=headers).json()
    assert found["checkpoint_copy"]["step"] == 2
    assert found["checkpoint_copy"]["place"].startswith("s3://shelf/checkpoints/run-")


def test_one_bucket_of_a_project_keeps_them(world, shelf, storage, client):  # noqa: F811
    other = add_destination(
        project=world.project, kind="s3", name="Other", endpoint=storage.origin,
        region=KEYS.region, bucket="other", access_key=KEYS.access_key, secret=KEYS.secret,
    )  # fmt: skip
    client.force_login(world.engineer)
    url = reverse("datasets:change-destination", args=[world.project.slug, other.pk])
    page = client.post(url, {"do": "keep_checkpoints"}, follow=True)
    assert "Send no more checkpoints" in page.content.decode()
    shelf.refresh_from_db()
    other.refresh_from_db()
    assert (shelf.keeps_checkpoints, other.keeps_checkpoints) == (False, True)
    client.post(url, {"do": "keep_no_checkpoints"})
    other.refresh_from_db()
    assert not other.keeps_checkpoints
    kinds = Event.objects.filter(target=f"destination:{other.pk}").values_list("kind", flat=True)
    assert {"destination.keeps_checkpoints", "destination.keeps_no_checkpoints"} <= set(kinds)


def test_the_hub_keeps_no_checkpoints(world, storage, client):  # noqa: F811
    hub = add_destination(
        project=world.project, kind="hub", name="Hub", repository="acme/taste",
        endpoint=storage.hub.origin, secret=TOKEN,
    )  # fmt: skip
    headers = {"authorization": f"Bearer {make_key(world.engineer)}"}
    url = f"/api/destinations/{hub.pk}/"
    answer = client.put(
        url, {"keeps_checkpoints": True}, content_type="application/json", headers=headers
    )
    assert answer.status_code == 400
    assert "repository on the Hub" in answer.content.decode()
    hub.refresh_from_db()
    assert not hub.keeps_checkpoints
