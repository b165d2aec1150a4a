"""One attempt of a run: its folder, its child, its end. Shared by training and generation.

The contract with the child is docs/formats.md: files in, files out, an exit status. The caller
brings the job's claim (its token is the attempt's number) and is told how the attempt ended; what
the end means for the domain is the caller's.
"""

import json
import logging
import os
import re
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import InterfaceError, OperationalError, connection

from annotation.core import children
from annotation.core.errors import DomainError
from annotation.core.hashing import sha256_of_file
from annotation.core.jobs import Cancelled, Claim, Fenced
from annotation.core.strict_json import loads

logger = logging.getLogger(__name__)

POLL_SECONDS = 1.0
RENEW_SECONDS = 5.0
STALL_SECONDS = 600.0
# A database that restarts is no reason to lose hours of training; a lost lease is.
DATABASE_PATIENCE = 45.0
LOG_TAIL_BYTES = 6000
MAX_LINE_BYTES = 1 << 20
_COLOURS = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")

Lines = Sequence[tuple[int, Mapping[str, Any]]]


class Damaged(DomainError):
    """The child said it was done, and its files say otherwise."""


@dataclass(frozen=True)
class Ending:
    """How an attempt ended: `done`, `failed`, `cancelled`, `interrupted` or `killed`."""

    kind: str
    code: int | None = None
    message: str = ""


class RunFolder:
    """The folder in which the platform and one run's attempts meet."""

    def __init__(self, path: Path, *, run: str):
        self.path = path
        self.run = run

    def attempt(self, token: int) -> Path:
        return self.path / str(token)

    def prepare(self, config: Mapping[str, Any], *, token: int, begins_anew: bool = False) -> None:
        """Write config.json, hand the folder to this attempt, end what earlier ones left.

        It is written once, for an attempt goes on from what earlier ones made by it; again for
        each attempt of a kind that `begins_anew`, as what made one fail may be mended since.
        """
        self.path.mkdir(parents=True, exist_ok=True, mode=0o700)
        if begins_anew or not (self.path / "config.json").exists():
            text = json.dumps(config, ensure_ascii=False, allow_nan=False, indent=1)
            _replace(self.path / "config.json", text + "\n")
        _replace(self.path / "token", f"{token}\n")
        self.attempt(token).mkdir(exist_ok=True)
        killed = children.sweep_older(run=self.run, folder=self.path, token=token)
        if killed:
            logger.warning("run %s: ended %d processes of older attempts", self.run, len(killed))

    @contextmanager
    def forgetting(self, *names: str, token: int) -> Iterator[None]:
        """Files of these names hold people's texts: they are removed when the attempt ends, in
        whatever way, for what is to stay of them is in the database by then. Not where a later
        attempt has the folder."""
        try:
            yield
        finally:
            if self._holder() <= token:
                for name in names:
                    for path in (self.path / name, *self.path.glob(f"[0-9]*/{name}")):
                        path.unlink(missing_ok=True)

    def _holder(self) -> int:
        try:
            return int((self.path / "token").read_text())
        except (OSError, ValueError):
            return 0

    def log_tail(self, token: int) -> str:
        return tail(self.attempt(token) / "log.txt")

    def report(self, token: int) -> dict[str, Any]:
        """run.json of the attempt, or an empty dictionary where it wrote none."""
        try:
            value = loads((self.attempt(token) / "run.json").read_bytes())
        except (OSError, DomainError):
            return {}
        return value if isinstance(value, dict) else {}

    def verified_report(
        self, token: int, *, kind: str, alive: Callable[[], None] = lambda: None
    ) -> dict[str, Any]:
        """run.json of an attempt that says it is done, every file it names checked by content;
        `alive` is called meanwhile."""
        report = self.report(token)
        if report.get("status") != "done" or report.get("kind") != kind:
            raise Damaged("It ended without a complete run.json.")
        files = report.get("files")
        if not isinstance(files, dict) or not files:
            raise Damaged("It ended without any file.")
        root = self.attempt(token).resolve()
        for name, expected in files.items():
            path = (root / name).resolve()
            if not path.is_relative_to(root) or not path.is_file():
                raise Damaged(f"The file {name} is missing from what it left.")
            if sha256_of_file(path, alive=alive) != expected:
                raise Damaged(f"The file {name} is not what it wrote.")
        return report


def _replace(path: Path, text: str) -> None:
    part = path.with_name(f".{path.name}.part")
    with part.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)


def tail(path: Path, size: int = LOG_TAIL_BYTES) -> str:
    """The last bytes of a log as storable text, from a line's beginning."""
    try:
        with path.open("rb") as file:
            end = file.seek(0, os.SEEK_END)
            file.seek(max(0, end - size))
            raw = file.read(size)
    except OSError:
        return ""
    if end > size:
        raw = raw.partition(b"\n")[2]
    # A progress bar rewrites its line with carriage returns: only the last state is worth it. And
    # what libraries write in colour is meant for a terminal.
    text = _COLOURS.sub("", raw.decode(errors="replace").replace("\0", "�"))
    lines = text.split("\n")
    return "\n".join(line.rstrip("\r").rpartition("\r")[2] for line in lines)


class LineReader:
    """New complete lines of a growing metrics.jsonl, each with its number."""

    def __init__(self, path: Path):
        self.path = path
        self.offset = 0
        self.number = 0

    def read(self) -> list[tuple[int, dict[str, Any]]]:
        """Lines since the last call. What is not an object of JSON is passed by, and logged."""
        try:
            with self.path.open("rb") as file:
                file.seek(self.offset)
                raw = file.read()
        except OSError:
            return []
        complete, _, _ = raw.rpartition(b"\n")
        if not complete:
            return []
        self.offset += len(complete) + 1
        lines = []
        for line in complete.split(b"\n"):
            self.number += 1
            try:
                value = loads(line) if len(line) <= MAX_LINE_BYTES else None
            except DomainError as error:
                logger.warning("%s, line %d: %s", self.path, self.number, error)
                continue
            if isinstance(value, dict):
                lines.append((self.number, value))
        return lines


def child_config(
    *, kind: str, run: int, options: Mapping[str, Any], seed: int = 0, **more: Any
) -> dict[str, Any]:
    """config.json, all that a child is told: docs/formats.md. `more`: dataset, base, reward."""
    return {
        "format": "concord-run/1",
        "kind": kind,
        "run": str(run),
        "seed": seed,
        "dataset": None,
        **more,
        "options": options,
    }


def weights_of(artifact: str, sha256: str) -> dict[str, str]:
    """A model of ours, as a child is told it: where it lies, and what it must be."""
    return {"path": str(settings.DATA_DIR / artifact), "sha256": sha256}


def module_command(module: str, folder: Path, token: int) -> list[str]:
    return [sys.executable, "-m", module, str(folder.resolve()), str(token)]


class Supervisor:
    """Watches one attempt: relays its lines, renews the lease by its progress, ends it."""

    def __init__(
        self,
        claim: Claim,
        folder: RunFolder,
        *,
        relay: Callable[[Lines], None],
        show_log: Callable[[str], None] = lambda text: None,
        at_beat: Callable[[], None] = lambda: None,
        stall_seconds: float = STALL_SECONDS,
        grace_seconds: float = children.GRACE_SECONDS,
        poll_seconds: float | None = None,
    ):
        self.claim = claim
        self.folder = folder
        self.relay = relay
        self.show_log = show_log
        self.at_beat = at_beat
        self.stall_seconds = stall_seconds
        self.grace_seconds = grace_seconds
        self.poll_seconds = POLL_SECONDS if poll_seconds is None else poll_seconds
        self.lines = LineReader(folder.attempt(claim.token) / "metrics.jsonl")
        self.pending: list[tuple[int, Mapping[str, Any]]] = []
        self.log = ""
        self.last_progress = self.last_renewal = self.last_answer = time.monotonic()
        self.asked_to_stop_at: float | None = None
        self.is_cancelled = False

    def run(self, command: Sequence[str], *, cwd: Path | None = None) -> Ending:
        """Start the child, watch it to its end. Raises Fenced when the job is no longer ours."""
        child = children.Child.start(
            command,
            run=self.folder.run,
            token=self.claim.token,
            folder=self.folder.path,
            cwd=cwd or settings.BASE_DIR,
        )
        try:
            while (code := child.poll()) is None:
                self._beat(child)
                if self.stalled:
                    child.kill()
                    minutes = self.stall_seconds / 60
                    return Ending("killed", None, f"no progress for {minutes:.0f} minutes")
                time.sleep(self.poll_seconds)
            self._beat(child)
            return self._ending(code)
        except Fenced:
            child.kill()
            raise
        finally:
            # Also on SystemExit and Ctrl-C: time to save, then nothing may be left.
            child.stop(self.grace_seconds)

    def run_to_end(self, module: str, *, keep: Callable[[], None] = lambda: None) -> bool:
        """Run a module of `training` on the folder. True: it is done, and the caller commits what
        it made. Else `keep` stores what it brought, and the claim ends as the attempt did."""
        try:
            ending = self.run(
                module_command(module, self.folder.path, self.claim.token),
                cwd=settings.TRAINING_DIR,
            )
        except KeyboardInterrupt:  # supervised in a terminal: Ctrl-C means cancel
            keep()
            settle(self.claim, Ending("cancelled"))
            raise
        except SystemExit:  # the worker was told to go: another one goes on
            keep()
            settle(self.claim, Ending("interrupted"))
            raise
        if ending.kind == "done":
            return True
        keep()
        settle(self.claim, ending)
        return False

    @property
    def stalled(self) -> bool:
        return time.monotonic() - self.last_progress > self.stall_seconds

    def _beat(self, child: children.Child) -> None:
        now = time.monotonic()
        new = self.lines.read()
        if new:
            self.last_progress = now
            self.pending.extend(new)
        try:
            self._tell(now)
            self.at_beat()
            self.last_answer = now
        except Cancelled:
            self.last_answer = now
            self.is_cancelled = True
        except (OperationalError, InterfaceError):
            if now - self.last_answer > DATABASE_PATIENCE:
                raise
            logger.warning("run %s: the database does not answer", self.folder.run)
            connection.close()
        if self.is_cancelled:
            self._ask_to_stop(child, now)

    def _tell(self, now: float) -> None:
        if self.pending:
            self.relay(self.pending)
            place = _place(self.pending)
            self.pending = []
        elif now - self.last_renewal < RENEW_SECONDS:
            return
        else:
            place = {}
        log = self.folder.log_tail(self.claim.token)
        if log != self.log:
            self.show_log(log)
            self.log = log
        self.last_renewal = now
        self.claim.progress(**place)

    def _ask_to_stop(self, child: children.Child, now: float) -> None:
        if self.asked_to_stop_at is None:
            self.asked_to_stop_at = now
            child.terminate()
        elif now - self.asked_to_stop_at > self.grace_seconds:
            child.kill()

    def _ending(self, code: int) -> Ending:
        log = self.folder.log_tail(self.claim.token)
        if log != self.log:
            self.show_log(log)
        if code == 0:
            return Ending("done", code)
        if code == 75:
            raise Fenced(f"run {self.folder.run}: attempt {self.claim.token} was fenced")
        if self.is_cancelled:
            return Ending("cancelled", code)
        if code == 143:
            return Ending("interrupted", code)
        if code > 128:
            return Ending("killed", code, f"killed by signal {code - 128}")
        return Ending("failed", code, self._cause(code, log))

    def _cause(self, code: int, log: str) -> str:
        said = self.folder.report(self.claim.token).get("error")
        lines = [line for line in log.splitlines() if line.strip()]
        last = str(said or (lines[-1].strip() if lines else "it said nothing")).replace("\0", "�")
        prefix = {
            64: "Bad configuration",
            65: "Bad data",
            70: "A defect in the trainer",
            71: "The machine",
        }
        return f"{prefix.get(code, f'Exit status {code}')}: {last}"[:2000]


def _place(lines: Lines) -> dict[str, Any]:
    """What the newest lines say about how far it is: the job's progress."""
    place: dict[str, Any] = {}
    for _, line in lines:
        if line.get("type") not in ("progress", "metric"):
            continue
        if isinstance(line.get("stage"), str):
            place["note"] = line["stage"].replace("\0", "")
        if type(line.get("step")) is int and type(line.get("total")) is int:
            place["done"], place["total"] = line["step"], line["total"]
    return place


def settle(claim: Claim, ending: Ending) -> None:
    """End the claim as the attempt ended, but for `done`, which is the caller's to commit."""
    if ending.kind == "cancelled":
        claim.cancelled()
    elif ending.kind == "interrupted":
        claim.defer(0)
    elif ending.kind == "killed":
        if claim.job.attempts >= claim.job.max_attempts:
            times = claim.job.attempts
            raise DomainError(f"Crashed {times} times, the last time: {ending.message}.")
        claim.defer(1, is_attempt=True)
    else:
        raise DomainError(ending.message)
