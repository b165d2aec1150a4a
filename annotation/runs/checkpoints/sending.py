"""The newest checkpoint of an attempt, sent to the project's bucket while the trainer goes on.

A thread reads and sends; it knows no database. The supervisor looks at it at each beat, stores
what arrived and begins the next. Trouble on the way costs the copy, never the training.
"""

import hashlib
import logging
import os
import shutil
import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path

from django.db import transaction

from annotation.core import jobs
from annotation.core.errors import DomainError
from annotation.core.hashing import sha256_of_file
from annotation.core.object_storage.bucket import Kept, StorageError
from annotation.core.strict_json import loads
from annotation.core.supervision import RunFolder
from annotation.datasets.models import Destination
from annotation.datasets.publishing.shelves import NOT_WHOLE, bucket_of
from annotation.runs import tasks
from annotation.runs.models import CheckpointCopy, TrainingRun

logger = logging.getLogger(__name__)

MANIFEST = "checkpoint.json"
LINKED = ".copy-"
# How long an attempt that ended waits for its last checkpoint to arrive: the lease is longer.
LAST_SECONDS = 20.0


class Stopped(Exception):
    """The attempt is over: nobody waits for the rest."""


@dataclass(frozen=True)
class Found:
    """A checkpoint on the disk that was written whole."""

    path: Path
    token: int
    step: int


@dataclass(frozen=True)
class Sent:
    """What arrived; `files` are names in `folder`, the manifest last."""

    found: Found
    sha256: str
    folder: str
    files: list[str]
    byte_count: int


def newest(folder: Path) -> Found | None:
    """The one with most steps, and among equals of the newest attempt. By name: the trainer
    checks the content of what it goes on from."""
    manifests = folder.glob(f"[0-9]*/checkpoints/step-[0-9]*/{MANIFEST}")
    found = [
        Found(path.parent, int(path.parts[-4]), int(path.parts[-2].removeprefix("step-")))
        for path in manifests
    ]
    return max(found, key=lambda one: (one.step, one.token), default=None)


class Sender:
    """Sends an attempt's checkpoints, one at a time, always the newest. Does nothing where the
    project keeps no checkpoints in a bucket."""

    def __init__(self, run: TrainingRun, folder: RunFolder):
        self.run, self.folder = run, folder
        self.destination: Destination | None = keeper_of(run)
        self.bucket = bucket_of(self.destination) if self.destination else None
        self.thread: threading.Thread | None = None
        self.is_stopped = threading.Event()
        self.outcome: Sent | str | None = None
        copy = run.checkpoint_copies.filter(removed_at=None).order_by("-step", "-token").first()
        self.tried = (copy.step, copy.token) if copy else (0, 0)
        for left in folder.path.glob(f"{LINKED}*"):  # a worker was killed on the way
            shutil.rmtree(left, ignore_errors=True)

    def look(self) -> None:
        """Store what arrived, begin with the newest that was not tried."""
        if self.bucket is None or (self.thread is not None and self.thread.is_alive()):
            return
        self.thread = None
        self._take_in()
        found = newest(self.folder.path)
        if found is not None and (found.step, found.token) > self.tried:
            self.tried = (found.step, found.token)
            self.thread = threading.Thread(target=self._work, args=(found,), daemon=True)
            self.thread.start()

    def finish(self, seconds: float = LAST_SECONDS) -> None:
        """The attempt ended: what it saved last goes, too, if it arrives in time."""
        until = time.monotonic() + seconds
        self.look()
        while self.thread is not None and time.monotonic() < until:
            self.thread.join(0.1)
            self.look()
        self.stop()

    def stop(self) -> None:
        """Leave it. What is under way ends after the request that it is in."""
        self.is_stopped.set()

    def _work(self, found: Found) -> None:
        try:
            self.outcome = self._send(found)
        except Stopped:
            pass
        except DomainError as error:
            self.outcome = str(error)
        except FileNotFoundError:  # newer ones pushed it off the disk meanwhile
            logger.info("run %s: step %d was pruned before it was sent", self.run.pk, found.step)
        except Exception as error:
            logger.exception("run %s: step %d was not sent", self.run.pk, found.step)
            self.outcome = f"{type(error).__name__}: {error}"

    def _send(self, found: Found) -> Sent:
        """File by file, the manifest last: a folder without it is not whole."""
        with tempfile.TemporaryDirectory(prefix=LINKED, dir=self.folder.path) as name:
            source = linked(found.path, Path(name) / found.path.name)
            raw = (source / MANIFEST).read_bytes()
            sha256 = hashlib.sha256(raw).hexdigest()
            named = loads(raw)["files"]
            parts = [self.destination.prefix, "checkpoints", f"run-{self.run.pk}"]
            folder = "/".join([*filter(None, parts), f"step-{found.step}-{sha256[:12]}"])
            for file, entry in named.items():
                if sha256_of_file(source / file, alive=self._alive) != entry["sha256"]:
                    raise DomainError(f"The checkpoint on the disk is damaged: {file}.")
                self._put(f"{folder}/{file}", source / file, entry["sha256"])
            self._put(f"{folder}/{MANIFEST}", source / MANIFEST, sha256)
        size = len(raw) + sum(entry["bytes"] for entry in named.values())
        return Sent(found, sha256, folder, [*named, MANIFEST], size)

    def _put(self, key: str, path: Path, sha256: str) -> None:
        wanted = Kept(path.stat().st_size, sha256)
        if self.bucket.look(key) == wanted:  # an attempt before this one came so far
            return
        self.bucket.put_file(key, path, self._alive, sha256=sha256)
        if self.bucket.look(key, is_there=True) != wanted:
            raise StorageError(NOT_WHOLE)

    def _alive(self) -> None:
        if self.is_stopped.is_set():
            raise Stopped

    def _take_in(self) -> None:
        outcome, self.outcome = self.outcome, None
        runs = TrainingRun.objects.filter(pk=self.run.pk)
        if isinstance(outcome, str):
            runs.update(copy_fault=outcome[:500])
        elif outcome is not None:
            with transaction.atomic():
                self._store(outcome)
                runs.update(copy_fault="")
                order_removal(self.run)

    def _store(self, sent: Sent) -> None:
        CheckpointCopy.objects.update_or_create(
            run=self.run,
            token=sent.found.token,
            step=sent.found.step,
            removed_at=None,
            defaults={
                "destination": self.destination,
                "sha256": sent.sha256,
                "folder": sent.folder,
                "files": sent.files,
                "byte_count": sent.byte_count,
            },
        )


def keeper_of(run: TrainingRun) -> Destination | None:
    """The bucket that the project keeps checkpoints in."""
    return Destination.objects.kept().filter(project=run.project, keeps_checkpoints=True).first()


def linked(source: Path, target: Path) -> Path:
    """The same files under a second name, which the trainer's pruning leaves alone; copied where
    the file system has no links."""
    for path in sorted(source.rglob("*")):
        if path.is_file():
            place = target / path.relative_to(source)
            place.parent.mkdir(parents=True, exist_ok=True)
            try:
                os.link(path, place)
            except FileNotFoundError:
                raise
            except OSError:
                shutil.copyfile(path, place)
    return target


def order_removal(run: TrainingRun) -> None:
    """Queue taking out of the bucket what is needed no more: all but the newest copy, and that
    one, too, once the run has its model."""
    if run.checkpoint_copies.filter(removed_at=None).exists():
        jobs.enqueue(
            kind=tasks.REMOVE_COPIES_KIND,
            project=run.project,
            target=f"run:{run.pk}",
            payload={"run": run.pk},
        )


def sweep() -> None:
    """Ask again for what a bucket kept although its run has its model."""
    copies = CheckpointCopy.objects.filter(removed_at=None, run__job__state="done")
    for run in TrainingRun.objects.filter(pk__in=copies.values("run")).select_related("project"):
        order_removal(run)
