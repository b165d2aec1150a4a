"""The newest checkpoint of an attempt, sent to the project's bucket while the trainer goes on.

The supervisor looks at it at each beat. A row names the copy before its first file goes and tells
when all of it arrived: whatever a kill leaves in the bucket is known. Trouble costs the copy,
never the training. docs/decisions/1303.
"""

import hashlib
import logging
import os
import shutil
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from django.db import InterfaceError, OperationalError, transaction
from django.utils import timezone
from django.utils.translation import gettext_noop

from annotation.core.errors import DomainError
from annotation.core.hashing import sha256_of_file
from annotation.core.jobs import Cancelled, Fenced
from annotation.core.object_storage.bucket import Bucket, Kept, StorageError
from annotation.core.strict_json import loads
from annotation.core.supervision import RunFolder
from annotation.datasets.models import Destination
from annotation.datasets.publishing.shelves import NOT_WHOLE, bucket_of
from annotation.runs.checkpoints.copies import (
    Sideline,
    Stopped,
    keeper_of,
    newest_copy,
    order_removal,
)
from annotation.runs.leftovers import LINKED
from annotation.runs.models import CheckpointCopy, TrainingRun

logger = logging.getLogger(__name__)

MANIFEST = "checkpoint.json"
# How long an attempt that ended waits for its last checkpoint to arrive: the lease is longer.
LAST_SECONDS = 20.0
# The same checkpoint is tried again after trouble, and the bucket looked up, this often.
AGAIN_SECONDS = 60.0
LOOK_SECONDS = 5.0

DAMAGED = gettext_noop("The checkpoint on the disk is damaged.")
NOT_SENT = gettext_noop("It could not be sent; the worker's log says why.")


@dataclass(frozen=True)
class Found:
    """A checkpoint on the disk that was written whole."""

    path: Path
    token: int
    step: int

    @property
    def age(self) -> tuple[int, int]:
        return self.step, self.token


def newest(folder: Path) -> Found | None:
    """The one with most steps, and among equals of the newest attempt. By name: the trainer
    checks the content of what it goes on from."""
    manifests = folder.glob(f"[0-9]*/checkpoints/step-[0-9]*/{MANIFEST}")
    found = [
        Found(path.parent, int(path.parts[-4]), int(path.parts[-2].removeprefix("step-")))
        for path in manifests
    ]
    return max(found, key=lambda one: one.age, default=None)


class Sender:
    """Sends an attempt's checkpoints, one at a time, always the newest; where the project keeps
    none in a bucket, nothing."""

    def __init__(self, run: TrainingRun, folder: RunFolder):
        self.run, self.folder = run, folder
        self.line: Sideline | None = None
        self.copy: CheckpointCopy | None = None  # what the line sends
        self.keeper: tuple | None = None  # where to, and with which secret
        self.told = run.copy_fault
        self.there: tuple[int, int] | None = None  # the newest that arrived, once looked up
        self.not_before = self.not_looked_before = 0.0
        for left in folder.path.glob(f"{LINKED}*"):  # a worker was killed on the way
            shutil.rmtree(left, ignore_errors=True)

    def look(self) -> None:
        """Store what arrived, begin with the newest that did not. Raises only what ends the
        attempt anyway, or what the supervisor has patience with."""
        try:
            self._look()
        except (OperationalError, InterfaceError, Cancelled, Fenced):
            raise
        except Exception as error:
            logger.exception("run %s: its checkpoint was not sent", self.run.pk)
            self._trouble(str(error) if isinstance(error, DomainError) else NOT_SENT)

    def finish(self, seconds: float = LAST_SECONDS) -> None:
        """The attempt ended without a model: what it saved last goes, if it arrives in time."""
        until = time.monotonic() + seconds
        self.not_before = 0.0
        self.look()
        while self.line is not None and time.monotonic() < until:
            self.line.join(0.1)
            self.look()
        self.stop(0)

    def stop(self, seconds: float = LAST_SECONDS) -> None:
        """Send no more. What is under way ends after the request that it is in."""
        self.not_before = float("inf")
        if self.line is not None:
            self.line.is_stopped.set()
            self.line.join(seconds)

    def _look(self) -> None:
        now = time.monotonic()
        if self.line is not None:
            if self.line.is_alive():
                self._look_after(now)
                return
            self._take_in()
        if now < self.not_before:
            return
        found = newest(self.folder.path)
        if found is None or found.age <= self._newest_there():
            return
        destination = keeper_of(self.run)
        if destination is None:
            self.not_before = now + LOOK_SECONDS
            self._tell("")
            return
        self.keeper = _as_kept(destination)
        try:
            bucket, copy = bucket_of(destination), self._row(found, destination)
        except FileNotFoundError:  # newer ones pushed it off the disk just now
            return
        self.copy = copy
        self.line = Sideline(lambda alive: self._send(found, copy, bucket, alive))
        self.line.start()

    def _look_after(self, now: float) -> None:
        """Stop it where its bucket was removed, or has another secret now."""
        if now >= self.not_looked_before:
            self.not_looked_before = now + LOOK_SECONDS
            destination = keeper_of(self.run)
            if destination is None or _as_kept(destination) != self.keeper:
                self.line.is_stopped.set()

    def _newest_there(self) -> tuple[int, int]:
        if self.there is None:
            copy = newest_copy(self.run)
            self.there = copy.age if copy else (0, 0)
        return self.there

    def _row(self, found: Found, destination: Destination) -> CheckpointCopy:
        """Before the first file goes. The same checkpoint tried again is the same row."""
        raw = (found.path / MANIFEST).read_bytes()
        sha256, named = hashlib.sha256(raw).hexdigest(), loads(raw)["files"]
        parts = [destination.prefix, "checkpoints", f"run-{self.run.pk}"]
        name = f"{found.token}-step-{found.step}-{sha256[:12]}"
        copy, _is_new = CheckpointCopy.objects.get_or_create(
            destination=destination,
            folder="/".join([*filter(None, parts), name]),
            removed_at=None,
            defaults={
                "run": self.run,
                "token": found.token,
                "step": found.step,
                "sha256": sha256,
                "files": [*named, MANIFEST],
                "byte_count": len(raw) + sum(entry["bytes"] for entry in named.values()),
            },
        )
        return copy

    def _send(
        self, found: Found, copy: CheckpointCopy, bucket: Bucket, alive: Callable[[], None]
    ) -> None:
        """File by file, the manifest last: a folder without it is not whole."""
        with tempfile.TemporaryDirectory(prefix=LINKED, dir=self.folder.path) as name:
            source = linked(found.path, Path(name))
            named = loads((source / MANIFEST).read_bytes())["files"]
            for file, entry in named.items():
                if sha256_of_file(source / file, alive=alive) != entry["sha256"]:
                    raise DomainError(DAMAGED)
                _put(bucket, f"{copy.folder}/{file}", source / file, entry["sha256"], alive)
            _put(bucket, f"{copy.folder}/{MANIFEST}", source / MANIFEST, copy.sha256, alive)

    def _take_in(self) -> None:
        """Written first and forgotten then: a database that does not answer is asked again."""
        error, copy = self.line.error, self.copy
        if error is None:
            with transaction.atomic():
                rows = CheckpointCopy.objects.filter(pk=copy.pk)
                rows.update(arrived_at=timezone.now())
                self._tell("")
                order_removal(self.run)
            self.there = copy.age
        elif isinstance(error, DomainError):
            self._trouble(str(error))
        elif not isinstance(error, Stopped | FileNotFoundError):
            # Not found: newer ones pushed it off the disk before it was linked.
            logger.error("run %s: step %d was not sent", self.run.pk, copy.step, exc_info=error)
            self._trouble(NOT_SENT)
        self.line = self.copy = None

    def _trouble(self, sentence: str) -> None:
        self.not_before = time.monotonic() + AGAIN_SECONDS
        self._tell(sentence)

    def _tell(self, sentence: str) -> None:
        if sentence != self.told:
            TrainingRun.objects.filter(pk=self.run.pk).update(copy_fault=sentence[:500])
            self.told = sentence


def _as_kept(destination: Destination) -> tuple:
    return destination.pk, destination.sealed_secret


def _put(bucket: Bucket, key: str, path: Path, sha256: str, alive: Callable[[], None]) -> None:
    wanted = Kept(path.stat().st_size, sha256)
    if bucket.look(key) == wanted:  # it was tried before, and came so far
        return
    bucket.put_file(key, path, alive, sha256=sha256)
    if bucket.look(key, is_there=True) != wanted:
        raise StorageError(NOT_WHOLE)


def linked(source: Path, target: Path) -> Path:
    """The same files under a second name, which the trainer's pruning leaves alone. Where the
    file system has no links, the files themselves: a copy would take the room of the next one."""
    for path in sorted(source.rglob("*")):
        if path.is_file():
            place = target / path.relative_to(source)
            place.parent.mkdir(parents=True, exist_ok=True)
            try:
                os.link(path, place)
            except FileNotFoundError:
                raise
            except OSError:
                return source
    return target
