"""The journal of a run: metrics.jsonl, run.json, and the token that says who may write.

Needs no torch: the first line is on disk before a heavy library is imported.
"""

import json
import math
import os
import time
from pathlib import Path
from typing import Any

from training.errors import Fenced

# Progress lines closer together than this tell a reader nothing new.
PROGRESS_SECONDS = 1.0


def strict_json(value: Any) -> str:
    """One line of JSON without NaN or infinities, which the contract forbids: they become null."""
    return json.dumps(_finite(value), ensure_ascii=False, allow_nan=False, sort_keys=False)


def _finite(value: Any) -> Any:
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {str(key): _finite(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(entry) for entry in value]
    return value


class Journal:
    """Writes one attempt's lines, each only while the run's `token` file still names it."""

    def __init__(self, run_folder: Path, token: int):
        self.run_folder = run_folder
        self.token = token
        self.folder = run_folder / str(token)
        self.stage = "start"
        self._step: int | None = None
        self._total: int | None = None
        self._last_progress = 0.0
        self.check_token()
        self.folder.mkdir(exist_ok=True)
        # Append: the supervisor may have created the file, and no line is ever rewritten.
        self._lines = (self.folder / "metrics.jsonl").open("a", encoding="utf-8")

    def check_token(self) -> None:
        """Raise Fenced when the run belongs to another attempt, or to none any more."""
        try:
            current = (self.run_folder / "token").read_text(encoding="ascii").strip()
        except (OSError, UnicodeDecodeError):
            current = ""
        if current != str(self.token):
            raise Fenced(f"attempt {self.token} lost the run to {current or 'nobody'}")

    def write(self, type_: str, **fields: Any) -> None:
        """Append one line and flush it. Raises Fenced instead where the token has moved on."""
        self.check_token()
        line = {"t": round(time.time(), 3), "token": self.token, "type": type_, **fields}
        self._lines.write(strict_json(line) + "\n")
        self._lines.flush()

    def sync(self) -> None:
        """Make all lines so far survive a power cut: after evaluations and saves."""
        os.fsync(self._lines.fileno())

    def progress(self, stage: str, *, step: int | None = None, total: int | None = None) -> None:
        """Say where the run is. Call it as often as you like: a second apart is what it writes,
        and the end of a stage."""
        self.check_token()
        now = time.monotonic()
        is_end = step is not None and step == total and step != self._step
        if stage == self.stage and not is_end and now - self._last_progress < PROGRESS_SECONDS:
            return
        self.stage, self._step, self._total = stage, step, total
        self._last_progress = now
        place = {"step": step, "total": total}
        self.write(
            "progress",
            stage=stage,
            **{name: value for name, value in place.items() if value is not None},
        )

    def alive(self) -> None:
        """A sign of life in the middle of something long, at the same stage and step."""
        self.progress(self.stage, step=self._step, total=self._total)

    def metric(self, step: int, total: int | None = None, **values: float) -> None:
        self.write("metric", step=step, **({} if total is None else {"total": total}), **values)

    def warning(self, message: str, **fields: Any) -> None:
        self.write("warning", message=message, **fields)

    def finish(self, record: dict[str, Any]) -> None:
        """Write run.json by rename, so that a reader sees all of it or nothing."""
        self.sync()
        self.check_token()
        write_json(self.folder / "run.json", record)


class QuietJournal(Journal):
    """Of every process of a run but the first: it looks whether the run is lost, no more."""

    def __init__(self, run_folder: Path, token: int):
        self.run_folder, self.token = run_folder, token
        self.folder = run_folder / str(token)
        self.check_token()

    def write(self, type_: str, **fields: Any) -> None:
        self.check_token()

    def progress(self, stage: str, *, step: int | None = None, total: int | None = None) -> None:
        self.check_token()

    def alive(self) -> None:
        self.check_token()

    def sync(self) -> None:
        """Nothing was written."""

    def finish(self, record: dict[str, Any]) -> None:
        self.check_token()


def write_json(path: Path, value: Any) -> None:
    """Write strict JSON durably: temporary name, fsync, rename, fsync of the folder."""
    temporary = path.with_name(f".{path.name}.tmp")
    with temporary.open("w", encoding="utf-8") as file:
        json.dump(_finite(value), file, ensure_ascii=False, allow_nan=False, indent=1)
        file.write("\n")
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """fsync a folder: without it a rename may be lost with the power."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
