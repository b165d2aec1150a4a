"""Weights that a bucket keeps: taken off the disk, and fetched back when they are needed.

Only what arrived whole in a bucket may leave the disk, and only what has the hashes that it was
registered with comes back. docs/decisions/1302.
"""

import os
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from annotation.core import audit, jobs
from annotation.core.errors import Conflict, DomainError
from annotation.core.hashing import sha256_of_file
from annotation.core.models import Job
from annotation.core.object_storage.bucket import Kept
from annotation.core.outgoing import told_when_full
from annotation.datasets.models import Destination
from annotation.datasets.publishing.shelves import bucket_of
from annotation.runs import leftovers, tasks
from annotation.runs.models import ModelPush, ModelVersion, TrainingRun
from annotation.runs.registry.download import folder_of
from annotation.runs.registry.pushing import MANIFEST

PART = ".part-"
FETCHING = gettext_noop("Fetching files")
LOOKING = gettext_noop("Looking whether the bucket has all of it")


def is_on_disk(version: ModelVersion) -> bool:
    return (folder_of(version) / MANIFEST).is_file()


def kept_push(version: ModelVersion) -> ModelPush | None:
    """The newest whole copy in a bucket that can still be reached. Its `destination` is one that
    leads there now: a bucket that was removed and added again is the same bucket."""
    arrived = version.pushes.filter(
        arrived_at__isnull=False, destination__kind=Destination.Kind.S3
    )
    places = {
        (one.endpoint, one.bucket): one
        for one in Destination.objects.kept().filter(
            project=version.project_id, kind=Destination.Kind.S3
        )
    }
    for push in arrived.select_related("destination").order_by("-arrived_at", "-pk"):
        if push.destination.removed_at is None:
            return push
        if found := places.get((push.destination.endpoint, push.destination.bucket)):
            push.destination = found
            return push
    return None


def request_offload(*, version: ModelVersion, actor=None) -> Job:
    """Queue taking it off the disk."""
    _check_kept(version)
    return _enqueue(tasks.OFFLOAD_KIND, version, actor)


def request_fetch(*, version: ModelVersion, actor=None) -> Job:
    """Queue fetching it back."""
    if is_on_disk(version):
        raise Conflict(_("Its files are on the disk."))
    _check_kept(version)
    return _enqueue(tasks.FETCH_KIND, version, actor)


def latest_move(version: ModelVersion) -> Job | None:
    """The newest offload or fetch."""
    kinds = [tasks.OFFLOAD_KIND, tasks.FETCH_KIND]
    moved = Job.objects.filter(project=version.project_id, kind__in=kinds)
    return moved.filter(target=_target(version)).order_by("-pk").first()


def offload_in_job(claim: jobs.Claim) -> None:
    version = _version(claim)
    claim.progress(note=LOOKING)
    push = _check_kept(version)
    _check_all_there(push, claim.alive)
    _check_unused(version)
    claim.progress()  # raises where somebody else has the job by now
    _remove(folder_of(version))
    leftovers.drop(version.run)  # trainings that ended before they tidied up themselves
    _record("model_version.offloaded", version, claim.job.created_by, push)


def fetch_in_job(claim: jobs.Claim) -> None:
    fetch(
        _version(claim),
        actor=claim.job.created_by,
        alive=claim.alive,
        told=partial(claim.progress, note=FETCHING),
    )


def ensure_on_disk(
    *versions: ModelVersion | None, alive: Callable[[], None] = lambda: None
) -> None:
    """Fetch those that are not there; for whoever is about to use them."""
    for version in versions:
        if version is not None and not is_on_disk(version):
            fetch(version, alive=alive)


def fetch(
    version: ModelVersion,
    *,
    actor=None,
    alive: Callable[[], None] = lambda: None,
    told: Callable[[int, int], None] = lambda done, total: None,
) -> None:
    """Bring its folder back: every file checked, then all of it by one rename."""
    push = _check_kept(version)
    bucket = bucket_of(push.destination)
    prefix = push.place.removeprefix(f"s3://{push.destination.bucket}/")
    target = folder_of(version)
    target.parent.mkdir(parents=True, exist_ok=True)
    with told_when_full(), tempfile.TemporaryDirectory(prefix=PART, dir=target.parent) as name:
        folder = Path(name) / "model"
        for done, (file, entry) in enumerate(push.files.items()):
            told(done, len(push.files))
            path = folder / file
            path.parent.mkdir(parents=True, exist_ok=True)
            bucket.get_file(f"{prefix}/{file}", path, size=entry["bytes"], told=alive)
            _check_same(path, entry["sha256"], alive)
        _check_same(folder / MANIFEST, version.sha256, alive)
        told(len(push.files), len(push.files))
        _place(folder, target)
    _record("model_version.fetched", version, actor, push)


def _place(folder: Path, target: Path) -> None:
    """Where somebody else was faster, theirs has the same hashes."""
    try:
        os.rename(folder, target)
    except OSError:
        if not (target / MANIFEST).is_file():
            raise


def _remove(folder: Path) -> None:
    """Out of sight by one rename, then gone: half a model is never found under its name."""
    with tempfile.TemporaryDirectory(prefix=PART, dir=folder.parent) as name:
        os.rename(folder, Path(name) / "model")


def _check_same(path: Path, sha256: str, alive: Callable[[], None]) -> None:
    if sha256_of_file(path, alive=alive) != sha256:
        raise DomainError(f"The bucket has something else than was put there: {path.name}.")


def _check_kept(version: ModelVersion) -> ModelPush:
    push = kept_push(version)
    if push is None:
        raise DomainError(
            _("“%(name)s” is in no bucket of the project: send it to one first.")
            % {"name": version.name}
        )
    return push


def _check_all_there(push: ModelPush, alive: Callable[[], None]) -> None:
    bucket = bucket_of(push.destination)
    prefix = push.place.removeprefix(f"s3://{push.destination.bucket}/")
    for name, entry in push.files.items():
        if bucket.look(f"{prefix}/{name}") != Kept(entry["bytes"], entry["sha256"]):
            raise DomainError(f"The bucket lost a file, or has another: {name}. Send it again.")
        alive()


def _check_unused(version: ModelVersion) -> None:
    """Nothing that runs or waits reads it."""
    active = {"job__state__in": Job.ACTIVE}
    runs = TrainingRun.objects.filter(Q(base=version) | Q(reward=version), **active)
    scores = Job.objects.active().filter(
        kind=tasks.SCORE_KIND, payload__contains={"version": version.pk}
    )
    pushes = version.pushes.filter(**active)  # each reads the files it sends
    measured = version.measurements.filter(**active)
    writer = version.generator
    is_writing = writer is not None and writer.generation_runs.filter(**active).exists()
    asked = version.harness_evaluations.filter(**active)
    used = (runs, scores, pushes, measured, asked)
    if is_writing or any(rows.exists() for rows in used):
        raise Conflict(_("Something that runs or waits needs it: try again when that is over."))


def _version(claim: jobs.Claim) -> ModelVersion:
    return ModelVersion.objects.select_related("project", "run").get(
        pk=claim.job.payload["version"]
    )


def _target(version: ModelVersion) -> str:
    return f"model_version:{version.pk}"


def _enqueue(kind: str, version: ModelVersion, actor) -> Job:
    job, _created = jobs.enqueue(
        kind=kind,
        project=version.project,
        actor=actor,
        target=_target(version),
        payload={"version": version.pk},
    )
    return job


def _record(kind: str, version: ModelVersion, actor, push: ModelPush) -> None:
    audit.record(
        kind,
        actor=actor,
        project=version.project,
        target=_target(version),
        version=version.name,
        name=push.destination.name,
        where=push.place,
    )
