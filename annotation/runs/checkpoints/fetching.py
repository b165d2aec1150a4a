"""A checkpoint brought back from the bucket, and copies taken out of it."""

import os
import shutil
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext_noop

from annotation.core.errors import DomainError
from annotation.core.hashing import sha256_of_file
from annotation.core.jobs import Claim
from annotation.core.object_storage.bucket import Bucket
from annotation.core.outgoing import told_when_full
from annotation.core.strict_json import loads
from annotation.core.supervision import RunFolder
from annotation.datasets.publishing.shelves import bucket_of, place_now
from annotation.runs.checkpoints.sending import MANIFEST, newest
from annotation.runs.models import CheckpointCopy, TrainingRun

PART = ".part-"
FETCHING = gettext_noop("Fetching a checkpoint")
MANIFEST_BYTES = 16 * 1024 * 1024
# A busy storage is asked again, later.
AGAIN_SECONDS = 600
NOT_BACK = "The last checkpoint is in a bucket alone and did not come back: {error}"


def newest_copy(run: TrainingRun) -> CheckpointCopy | None:
    return _copies(run).first()


def _copies(run: TrainingRun) -> QuerySet[CheckpointCopy]:
    kept = run.checkpoint_copies.filter(removed_at=None)
    return kept.select_related("destination").order_by("-step", "-token")


def ensure_newest(run: TrainingRun, folder: RunFolder, claim: Claim) -> None:
    """Before an attempt: where the bucket is farther than the disk, its checkpoint comes back.

    Nothing is taken on trust: it is what was sent (a hash in our database), or it is refused. A
    bucket that nobody leads to any more is passed by: the run goes on from what the disk has.
    """
    copy = newest_copy(run)
    if copy is None:
        return
    found = newest(folder.path)
    if found is not None and (found.step, found.token) >= (copy.step, copy.token):
        return
    place = place_now(copy.destination)
    if place is None:
        return
    told = partial(claim.progress, note=FETCHING)
    try:
        fetch(copy, bucket_of(place), folder, alive=claim.alive, told=told)
    except DomainError as error:
        raise DomainError(NOT_BACK.format(error=error)) from error


def fetch(
    copy: CheckpointCopy,
    bucket: Bucket,
    folder: RunFolder,
    *,
    alive: Callable[[], None],
    told: Callable[[int, int], None],
) -> Path:
    """Every file checked, then all of it by one rename."""
    target = folder.attempt(copy.token) / "checkpoints" / f"step-{copy.step}"
    target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with (
        told_when_full(),
        tempfile.TemporaryDirectory(prefix=PART, dir=target.parent) as name,
    ):
        part = Path(name) / target.name
        part.mkdir()
        raw = bucket.get(f"{copy.folder}/{MANIFEST}", most_bytes=MANIFEST_BYTES)
        (part / MANIFEST).write_bytes(raw)
        _check(part / MANIFEST, copy.sha256, alive)
        named = loads(raw)["files"]
        for done, (file, entry) in enumerate(named.items()):
            told(done, len(named))
            path = part / file
            path.parent.mkdir(parents=True, exist_ok=True)
            bucket.get_file(f"{copy.folder}/{file}", path, size=entry["bytes"], told=alive)
            _check(path, entry["sha256"], alive)
        shutil.rmtree(target, ignore_errors=True)  # one without its manifest is not whole
        os.rename(part, target)
    return target


def _check(path: Path, sha256: str, alive: Callable[[], None]) -> None:
    if sha256_of_file(path, alive=alive) != sha256:
        raise DomainError(f"The bucket has something else than was put there: {path.name}.")


def remove_in_job(claim: Claim) -> None:
    """Take out all but the newest copy, and that one, too, where the run has its model."""
    run = TrainingRun.objects.select_related("job").get(pk=claim.job.payload["run"])
    copies = list(_copies(run))
    try:
        for copy in copies if run.state == "done" else copies[1:]:
            _remove(copy, claim)
    except DomainError:
        if claim.job.attempts >= claim.job.max_attempts:
            raise
        claim.defer(AGAIN_SECONDS, is_attempt=True)


def _remove(copy: CheckpointCopy, claim: Claim) -> None:
    """The manifest first: half a folder must not look like a whole one."""
    place = place_now(copy.destination)
    if place is None:
        raise DomainError("No destination of the project leads to this bucket any more.")
    bucket = bucket_of(place)
    for file in reversed(copy.files):
        bucket.delete(f"{copy.folder}/{file}")
        claim.alive()
    CheckpointCopy.objects.filter(pk=copy.pk).update(removed_at=timezone.now())
