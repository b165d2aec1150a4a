"""Copies of model versions: sent whole, taken off the disk, fetched back as they were."""

import errno
import hashlib
import json
import os
from io import StringIO

import pytest
from django.core.management import call_command
from django.urls import reverse

from annotation.core import jobs, retrying
from annotation.core.addresses import Origins
from annotation.core.errors import Conflict, DomainError
from annotation.core.models import Event
from annotation.core.object_storage.bucket import Bucket
from annotation.datasets.publishing.destinations import add_destination, remove_destination
from annotation.runs import leftovers, services
from annotation.runs.harness import services as harness
from annotation.runs.models import ModelPush
from annotation.runs.registry import keeping
from annotation.runs.registry.pushing import push_model
from tests.annotation.core.fake_hub import TOKEN, hubbing
from tests.annotation.core.fake_s3 import KEYS, storing
from tests.factories import make_key

pytestmark = pytest.mark.django_db


@pytest.fixture
def storage(settings, monkeypatch):
    monkeypatch.setattr(retrying, "PAUSE", 0)
    with storing() as server, hubbing() as hub:
        server.hub, server.origin = hub, f"http://127.0.0.1:{server.server_port}"
        settings.EGRESS_ORIGINS = Origins([server.origin, hub.origin])
        yield server


@pytest.fixture
def bucket(world, storage):
    return add_destination(
        project=world.project, kind="s3", name="Shelf", endpoint=storage.origin,
        region=KEYS.region, bucket="shelf", access_key=KEYS.access_key, secret=KEYS.secret,
    )  # fmt: skip


@pytest.fixture
def version(world):
    return registered(world, "one")


def registered(world, name, **more):
    """A version whose manifest names its files, as a training leaves it."""
    version = world.make_version(name=name, **more)
    folder = world.data_dir / version.artifact
    (folder / "adapter").mkdir()
    (folder / "adapter" / "config.json").write_text("{}")
    named = {
        path.relative_to(folder).as_posix(): {
            "bytes": path.stat().st_size,
            "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
        }
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name != "manifest.json"
    }
    manifest = json.dumps({"format": "concord-model/1", "files": named}).encode()
    (folder / "manifest.json").write_bytes(manifest)
    version.sha256 = hashlib.sha256(manifest).hexdigest()
    version.save()
    return version


def files_of(world, version):
    folder = world.data_dir / version.artifact
    found = [path for path in folder.rglob("*") if path.is_file()]
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in found}


def done(job):
    jobs.run(job.pk)
    job.refresh_from_db()
    assert job.state == "done", job.error
    return job


def failed(job):
    jobs.run(job.pk)
    job.refresh_from_db()
    assert job.state == "failed"
    return job.error


@pytest.fixture
def kept(version, bucket):
    """It is in the bucket, and on the disk."""
    push = push_model(version=version, destination=bucket)
    done(push.job)
    return push


@pytest.fixture
def away(world, version, kept):
    """It is in the bucket alone."""
    before = files_of(world, version)
    done(keeping.request_offload(version=version))
    assert not (world.data_dir / version.artifact).exists()
    return before


def half_moved(world):
    return [path.name for path in (world.data_dir / "models").rglob(".part-*")]


def test_a_bucket_gets_every_file_and_the_manifest_last(world, version, kept, storage):
    kept.refresh_from_db()
    folder = f"models/one-{version.sha256[:12]}"
    assert kept.place == f"s3://shelf/{folder}"
    assert {key.removeprefix(f"{folder}/"): body for key, body in storage.kept.items()} == (
        files_of(world, version)
    )
    assert list(storage.kept)[-1] == f"{folder}/manifest.json"
    assert kept.sha256 == version.sha256
    assert Event.objects.get(kind="model_version.pushed").payload["where"] == kept.place


def test_the_hub_gets_it_as_a_model_in_one_commit(world, version, storage):
    hub = add_destination(
        project=world.project, kind="hub", name="Hub", repository="acme/taste",
        endpoint=storage.hub.origin, secret=TOKEN,
    )  # fmt: skip
    push = push_model(version=version, destination=hub)
    done(push.job)
    commits = storage.hub.repos["models/acme/taste"]
    assert len(commits) == 2
    assert {name: body for name, (body, _) in commits[-1].items()} == files_of(world, version)
    assert keeping.kept_push(version) is None, "it is fetched back from buckets alone"


@pytest.mark.parametrize("name", ["model.safetensors", "manifest.json"])
def test_what_was_changed_on_the_disk_is_not_sent(world, version, bucket, storage, name):
    (world.data_dir / version.artifact / name).write_bytes(b"{}")
    push = push_model(version=version, destination=bucket)
    assert f"damaged: {name}" in failed(push.job)
    assert storage.kept == {}


def test_it_leaves_the_disk_and_comes_back_as_it_was(world, version, away):
    services.check_files(version)  # it can be ordered for a training
    done(keeping.request_fetch(version=version))
    assert files_of(world, version) == away
    assert half_moved(world) == []
    kinds = [event.kind for event in Event.objects.filter(kind__startswith="model_version.")]
    assert {"model_version.offloaded", "model_version.fetched"} <= set(kinds)


def weights_on_disk(world):
    """How often the weights stand somewhere under the data folder, by link or by copy."""
    return [path for path in world.data_dir.rglob("model.safetensors") if path.is_file()]


def test_a_trained_model_is_on_the_disk_once(world):
    version = world.train().model_version
    (path,) = weights_on_disk(world)
    assert path == world.data_dir / version.artifact / "model.safetensors"
    assert path.stat().st_nlink == 1


def test_taking_it_off_the_disk_takes_what_its_training_left(world, version, kept):
    """Trainings of earlier days left a second name of the same bytes."""
    left = leftovers.place_of(version.run) / "1" / "model"
    left.mkdir(parents=True)
    published = world.data_dir / version.artifact / "model.safetensors"
    os.link(published, left / "model.safetensors")
    done(keeping.request_offload(version=version))
    assert weights_on_disk(world) == []


def test_what_no_bucket_has_stays_on_the_disk(world, version):
    with pytest.raises(DomainError, match="in no bucket"):
        keeping.request_offload(version=version)
    with pytest.raises(Conflict, match="on the disk"):
        keeping.request_fetch(version=version)


def test_what_the_bucket_lost_stays_on_the_disk(world, version, kept, storage):
    del storage.kept[next(iter(storage.kept))]
    assert "The bucket lost a file" in failed(keeping.request_offload(version=version))
    assert keeping.is_on_disk(version)


def test_what_something_needs_stays_on_the_disk(world, version, kept):
    run = world.start("dpo", base=version)
    assert "needs it" in failed(keeping.request_offload(version=version))
    assert keeping.is_on_disk(version)
    services.cancel_run(run=run)
    done(keeping.request_offload(version=version))


def test_what_harness_tasks_wait_for_stays_on_the_disk(world, version, kept):
    asked = harness.order(version=version, names=["concord_courtesy"])
    assert "needs it" in failed(keeping.request_offload(version=version))
    assert keeping.is_on_disk(version)
    harness.cancel(evaluation=asked)
    done(keeping.request_offload(version=version))


def test_what_is_being_sent_stays_on_the_disk(world, version, kept, bucket):
    other = add_destination(
        project=world.project, kind="s3", name="Other", endpoint=bucket.endpoint,
        region=KEYS.region, bucket="shelf", prefix="copies",
        access_key=KEYS.access_key, secret=KEYS.secret,
    )  # fmt: skip
    push = push_model(version=version, destination=other)
    assert "needs it" in failed(keeping.request_offload(version=version))
    done(push.job)
    done(keeping.request_offload(version=version))


def test_a_training_fetches_what_it_starts_from(world, version, away):
    run = world.train("dpo", base=version)
    assert run.state == "done"
    assert files_of(world, version) == away


def test_a_training_whose_base_cannot_be_fetched_says_why(world, version, away, storage):
    run = world.start("dpo", base=version)
    storage.fixed = (403, b"<Code>InvalidAccessKeyId</Code>")
    run = world.work(run)
    assert run.state == "failed"
    assert "does not accept the key" in run.job.error


@pytest.mark.parametrize("change", [lambda body: body[::-1], lambda body: body[:-1]])
def test_what_came_back_changed_is_not_kept(world, version, away, storage, change):
    weights = next(key for key in storage.kept if key.endswith("model.safetensors"))
    storage.kept[weights] = change(storage.kept[weights])
    assert failed(keeping.request_fetch(version=version))
    assert not keeping.is_on_disk(version)
    assert half_moved(world) == []


def test_a_full_disk_leaves_nothing_half(world, version, away):
    def full(*args, **options):
        raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Bucket, "get_file", full)
        assert "disk is full" in failed(keeping.request_fetch(version=version))
    assert not keeping.is_on_disk(version)
    assert half_moved(world) == []


def test_a_removed_destination_keeps_nothing_for_us(version, bucket, away):
    remove_destination(destination=bucket)
    with pytest.raises(DomainError, match="not where they were registered"):
        services.check_files(version)


def test_a_bucket_that_is_added_again_gives_back_what_it_keeps(world, version, bucket, away):
    remove_destination(destination=bucket)
    again = add_destination(
        project=world.project, kind="s3", name="Shelf, once more", endpoint=bucket.endpoint,
        region=KEYS.region, bucket="shelf", access_key=KEYS.access_key, secret=KEYS.secret,
    )  # fmt: skip
    assert keeping.kept_push(version).destination == again
    done(keeping.request_fetch(version=version))
    assert files_of(world, version) == away


def test_the_page_sends_offloads_and_fetches(client, world, version, bucket):
    client.force_login(world.engineer)
    page = reverse("runs:show-model-version", args=[world.project.slug, version.pk])
    keep = reverse("runs:keep-model", args=[world.project.slug, version.pk])

    def said():
        return client.get(page).content.decode()

    assert "Take it off the disk" not in said()
    client.post(keep, {"do": "push", "destination": bucket.pk})
    push = ModelPush.objects.get()
    done(push.job)
    shown = client.get(reverse("runs:show-push", args=[world.project.slug, push.pk]))
    assert "manifest.json" in shown.content.decode()
    assert "Take it off the disk" in said()
    client.post(keep, {"do": "offload"})
    done(keeping.latest_move(version))
    assert "whatever needs them fetches them" in said()
    client.post(keep, {"do": "fetch"})
    done(keeping.latest_move(version))
    assert "Take it off the disk" in said()


def test_the_command_sends_offloads_and_fetches(world, version, bucket):
    before, told = files_of(world, version), StringIO()
    order = ["push_model", world.project.slug, version.name]
    call_command(*order, "shelf", "--offload", stdout=told)
    assert version.sha256 in told.getvalue()
    assert not keeping.is_on_disk(version)
    call_command(*order, "--fetch", stdout=told)
    assert files_of(world, version) == before
    with pytest.raises(DomainError, match="Say where to"):
        call_command(*order, stdout=told)


def test_the_api_sends_and_tells(client, world, version, bucket):
    key = make_key(world.engineer, "export")
    ask = {"headers": {"Authorization": f"Bearer {key}"}, "content_type": "application/json"}
    pushes = reverse("runs-api:model-pushes", args=[version.pk])
    assert client.post(pushes, {"destination": "none"}, **ask).status_code == 404
    made = client.post(pushes, {"destination": "SHELF"}, **ask)
    assert made.status_code == 202
    done(ModelPush.objects.get().job)
    (told,) = client.get(pushes, **ask).json()
    assert (told["state"], told["sha256"], told["version"]) == ("done", version.sha256, "one")
