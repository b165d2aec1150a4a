"""One live owner per data directory, and the note that tells other terminals where it serves."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path
from typing import IO, Any

from annotation.core.embedded import EmbeddedError

try:
    import fcntl
except ImportError:  # Windows: no embedded servers there, so nothing is ever live
    fcntl = None  # type: ignore[assignment]

LOCK = "lock"
NOTE = "services.json"


class Ownership:
    """Holds a directory for as long as the process lives: the kernel drops the lock with it."""

    def __init__(self, directory: Path) -> None:
        if fcntl is None:
            raise EmbeddedError(
                "Embedded servers need Linux or macOS (or WSL): set DATABASE_URL and REDIS_URL."
            )
        self.directory = directory
        directory.mkdir(parents=True, exist_ok=True)
        self._lock: IO[str] = (directory / LOCK).open("a")
        deadline = time.monotonic() + 1
        while not _lock(self._lock, fcntl.LOCK_EX):
            # Somebody who only looks whether we live holds it for microseconds.
            if time.monotonic() > deadline:
                self._lock.close()
                raise EmbeddedError(_live_message(directory))
            time.sleep(0.05)
        (directory / NOTE).unlink(missing_ok=True)

    def publish(self, **facts: Any) -> None:
        """Say where we serve. Replaces the note in one step."""
        part = self.directory / f"{NOTE}.part"
        part.write_text(json.dumps({"pid": os.getpid(), **facts}, indent=1) + "\n")
        part.replace(self.directory / NOTE)

    def release(self) -> None:
        (self.directory / NOTE).unlink(missing_ok=True)
        self._lock.close()


def facts(directory: Path) -> dict[str, Any] | None:
    """What the live owner of the directory published, or None when there is none."""
    if fcntl is None:
        return None
    try:
        with (directory / LOCK).open() as lock:
            if _lock(lock, fcntl.LOCK_SH):
                return None  # nobody holds it: the note, if any, is a dead one's
        note: dict[str, Any] = json.loads((directory / NOTE).read_text())
    except (OSError, ValueError):
        return None
    return note


def _lock(file: IO[str], kind: int) -> bool:
    try:
        fcntl.flock(file, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _live_message(directory: Path) -> str:
    note = facts(directory) or {}
    where = f" at {note['address']}" if note.get("address") else ""
    pid = f" (process {note['pid']})" if note.get("pid") else ""
    return (
        f"A Concord is already running on {directory}{where}{pid}. Use that one, stop it with "
        "Ctrl-C in its terminal, or set CONCORD_DATA to another directory (and PORT)."
    )
