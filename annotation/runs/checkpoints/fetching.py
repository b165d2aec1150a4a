"""A checkpoint brought back from the bucket, and copies taken out of it."""

import os
import shutil
import tempfile
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

from django.utils import timezone
from django.utils.translation import gettext_noop

from annotation.core import egress
from annotation.core.errors import DomainError
from annotation.core.hashing import sha256_of_file
from annotation.core.jobs import Claim
from annotation.core.models import Job
from annotation.core.object_storage.bucket import IS_BUSY, Bucket
from annotation.core.outgoing import told_when_full
from annotation.core.strict_json import loads
from annotation.core.supervision import RunFolder
from annotation.datasets.publishing.shelves import bucket_of
from annotation.runs.checkpoints.copies import Sideline, needless, newest_copy
from annotation.runs.checkpoints.sending import MANIFEST, newest
from annotation.runs.models import CheckpointCopy, TrainingRun

PART = ".part-"
FETCHING = gettext_noop("Fetching a checkpoint")
CHANGED = gettext_noop("The bucket has another checkpoint than was put there: none was loaded.")
MANIFEST_BYTES = 16 * 1024 * 1024
# A storage that may answer later is asked again, later.
MAY_PASS = {IS_BUSY, egress.UNREACHABLE, egress.BROKEN_OFF, egress.TOO_SLOW, egress.UNRESOLVED}
AGAIN_SECONDS = 300
# A request of a sender that was told to stop may arrive this long after it began.
LATE = timedelta(hours=1)


def is_ready(run: TrainingRun, folder: RunFolder, claim: Claim) -> bool:
    """Before an attempt: where the bucket is farther than the disk, its checkpoint comes back.
    False where that has to wait: the claim is put off then.

    Nothing is taken on trust: it is what was sent (a hash in our database), or it is refused. A
    bucket that nobody leads to any more is passed by: the run goes on from what there is.
    """
    copy, found = newest_copy(run), newest(folder.path)
    if copy is None or (found is not None and found.age >= copy.age):
        return True
    folder.path.mkdir(parents=True, exist_ok=True, mode=0o700)
    bucket = bucket_of(copy.destination)
    line = Sideline(lambda alive: fetch(copy, bucket, folder, alive=alive))
    line.start()
    try:
        claim.progress(note=FETCHING)
        while line.is_alive():
            line.join(1)
            claim.alive()
    finally:
        line.is_stopped.set()
    if line.error is None:
        return True
    if str(line.error) not in MAY_PASS or claim.job.attempts >= claim.job.max_attempts:
        raise line.error
    claim.defer(AGAIN_SECONDS, is_attempt=True)
    return False


def fetch(
    copy: CheckpointCopy, bucket: Bucket, folder: RunFolder, *, alive: Callable[[], None]
) -> Path:
    """Every file checked, then all of it by one rename. Knows no database."""
    target = folder.attempt(copy.token) / "checkpoints" / f"step-{copy.step}"
    target.parent.mkdir(parents=True, exist_ok=True)
    with (
        told_when_full(),
        tempfile.TemporaryDirectory(prefix=PART, dir=target.parent) as name,
    ):
        part = Path(name) / target.name
        part.mkdir()
        raw = bucket.get(f"{copy.folder}/{MANIFEST}", most_bytes=MANIFEST_BYTES)
        (part / MANIFEST).write_bytes(raw)
        _check(part / MANIFEST, copy.sha256, alive)
        for file, entry in loads(raw)["files"].items():
            path = part / file
            path.parent.mkdir(parents=True, exist_ok=True)
            bucket.get_file(f"{copy.folder}/{file}", path, size=entry["bytes"], told=alive)
            _check(path, entry["sha256"], alive)
        alive()
        shutil.rmtree(target, ignore_errors=True)  # one without its manifest is not whole
        os.rename(part, target)
    return target


def _check(path: Path, sha256: str, alive: Callable[[], None]) -> None:
    if sha256_of_file(path, alive=alive) != sha256:
        raise DomainError(CHANGED)


def remove_in_job(claim: Claim) -> None:
    """Take out what is needed no more."""
    run = TrainingRun.objects.get(pk=claim.job.payload["run"])
    is_over = not Job.objects.active().filter(pk=run.job_id).exists()
    try:
        for copy in needless(run):
            _remove(copy, claim, is_over=is_over)
    except DomainError as error:
        if str(error) not in MAY_PASS or claim.job.attempts >= claim.job.max_attempts:
            raise
        claim.defer(AGAIN_SECONDS, is_attempt=True)


def _remove(copy: CheckpointCopy, claim: Claim, *, is_over: bool) -> None:
    """The manifest first: half a folder must not look like a whole one. What is young and half
    may get one more file, of a sender that ends: its row stays for the daily sweep."""
    bucket = bucket_of(copy.destination)
    for file in reversed(copy.files):
        bucket.delete(f"{copy.folder}/{file}")
        claim.alive()
    now = timezone.now()
    if copy.arrived_at or not is_over or copy.begun_at < now - LATE:
        CheckpointCopy.objects.filter(pk=copy.pk).update(removed_at=now)
