"""Checkpoints and models that exist whole or not at all.

A folder is written under a temporary name; a manifest with the size and sha256 of every file
comes last; then the folder is renamed into place. A folder without a manifest that verifies does
not exist for anybody: a kill at any moment leaves the previous checkpoint as the newest one.

Large models are hashed for minutes. `alive` is called meanwhile: whoever watches ends a process
that says nothing.
"""

import errno
import hashlib
import json
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from training.events import sync_folder, write_json

MANIFEST = "checkpoint.json"
PIECE = 1 << 24  # bytes, hashed in a fraction of a second
Alive = Callable[[], None]


def nobody() -> None:
    """`alive` where nobody watches."""


@dataclass(frozen=True)
class Checkpoint:
    """A checkpoint whose every byte was verified. `state` is what its trainer added."""

    folder: Path
    step: int
    token: int
    state: dict[str, Any] = field(default_factory=dict)


def sha256_of(path: Path, alive: Alive = nobody) -> str:
    found = hashlib.sha256()
    with path.open("rb") as file:
        while piece := file.read(PIECE):
            found.update(piece)
            alive()
    return found.hexdigest()


def list_files(folder: Path, alive: Alive = nobody) -> dict[str, dict[str, Any]]:
    """Size and sha256 of each file under a folder, by its path inside it."""
    return {
        path.relative_to(folder).as_posix(): {
            "bytes": path.stat().st_size,
            "sha256": sha256_of(path, alive),
        }
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def matches(folder: Path, files: dict[str, dict[str, Any]], alive: Alive = nobody) -> bool:
    """Whether every listed file is there with the listed size and content."""
    for name, expected in files.items():
        path = folder / name
        if not path.is_file() or path.stat().st_size != expected["bytes"]:
            return False
        if sha256_of(path, alive) != expected["sha256"]:
            return False
    return True


def staging_of(target: Path) -> Path:
    """Where a folder is filled before it has its name."""
    return target.with_name(f".{target.name}.tmp")


@contextmanager
def staged(
    target: Path, *, before_rename: Callable[[Path], None], alive: Alive = nobody
) -> Iterator[Path]:
    """A folder to fill that becomes `target` only when the block ends without an error.

    `before_rename` gets the filled folder: it writes the manifest and has the last word on
    whether this process may still write. Files and folder are fsynced before the rename.
    """
    staging = staging_of(target)
    shutil.rmtree(staging, ignore_errors=True)
    staging.mkdir(parents=True)
    yield staging
    alive()
    for path in staging.rglob("*"):
        if path.is_file():
            with path.open("rb") as file:
                os.fsync(file.fileno())
            alive()
    before_rename(staging)
    sync_folder(staging)
    if target.exists():
        shutil.rmtree(target)
    staging.rename(target)
    sync_folder(target.parent)


def seal(
    folder: Path, *, step: int, config: str, state: dict[str, Any], alive: Alive = nobody
) -> None:
    """Write checkpoint.json, last. `config` (its sha256) ties the checkpoint to its run."""
    write_json(
        folder / MANIFEST,
        {"step": step, "config": config, "state": state, "files": list_files(folder, alive)},
    )


def verify(folder: Path, config: str | None = None, alive: Alive = nobody) -> Checkpoint | None:
    """The checkpoint in a folder, or None where it is damaged, unfinished or another run's."""
    try:
        manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        if config is not None and manifest["config"] != config:
            return None
        if not matches(folder, manifest["files"], alive):
            return None
        token = int(folder.parent.parent.name)
        return Checkpoint(folder, int(manifest["step"]), token, manifest["state"])
    except (OSError, ValueError, KeyError, TypeError):
        return None


def newest_verified(
    run_folder: Path, config: str, alive: Alive = nobody
) -> tuple[Checkpoint | None, list[Path]]:
    """The newest checkpoint that verifies over all attempts of a run, and the damaged passed by.

    Newest is the highest step, and among equal steps the highest token.
    """
    folders = sorted(
        (path for path in run_folder.glob("[0-9]*/checkpoints/step-[0-9]*")),
        key=lambda path: (_step(path), int(path.parent.parent.name)),
        reverse=True,
    )
    damaged: list[Path] = []
    for folder in folders:
        checkpoint = verify(folder, config, alive)
        if checkpoint is not None:
            return checkpoint, damaged
        damaged.append(folder)
    return None, damaged


def _step(folder: Path) -> int:
    return int(folder.name.removeprefix("step-"))


def prune(checkpoints: Path, keep: int = 2) -> None:
    """Remove all but the newest checkpoints of one attempt; call it after a save, never before."""
    folders = sorted(checkpoints.glob("step-[0-9]*"), key=_step)
    for folder in folders[:-keep]:
        # The manifest goes first: half a folder must not look like a whole one.
        (folder / MANIFEST).unlink(missing_ok=True)
        shutil.rmtree(folder)


def require_space(folder: Path, needed: int) -> None:
    """Raise OSError before a save that the disk cannot hold, instead of in its middle."""
    free = shutil.disk_usage(folder).free
    if free < needed:
        said = f"a checkpoint needs {needed:,} bytes, the disk has {free:,} left"
        raise OSError(errno.ENOSPC, said)
