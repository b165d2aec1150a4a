"""Child processes of a run: started with nothing they must not know, ended to the last one.

A run's processes carry a mark in their environment: `CONCORD_RUN=<id>:<token>` and the run's
folder. Launchers give their ranks sessions of their own, so neither the process group nor the
parent's death reaches all of them; the mark does. The folder belongs to the mark because two
installations on one machine both have a run 1.
"""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path

from annotation.core.embedded.child import die_with_parent

GRACE_SECONDS = 20.0

# What a child may see of our environment. No database address, no broker, no secret.
PASSED_ON = (
    "PATH", "LANG", "LC_ALL", "TZ", "TMPDIR", "LD_LIBRARY_PATH", "CUDA_VISIBLE_DEVICES",
    "CUDA_HOME", "NVIDIA_VISIBLE_DEVICES", "VIRTUAL_ENV", "SYSTEMROOT",
)  # fmt: skip
OFFLINE = {
    "HF_HUB_OFFLINE": "1",
    "TRANSFORMERS_OFFLINE": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "DO_NOT_TRACK": "1",
    "TOKENIZERS_PARALLELISM": "false",
}


def cpu_quota() -> int:
    """Cores this process may use: its affinity, or less where a cgroup grants less."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    try:
        quota, period = Path("/sys/fs/cgroup/cpu.max").read_text(encoding="ascii").split()
        return max(1, min(cores or 1, int(quota) // int(period)))
    except (OSError, ValueError):  # no cgroup 2, or no limit in it
        return cores or 1


def mark(run: str, token: int) -> str:
    return f"{run}:{token}"


def environment(*, run: str, token: int, folder: Path) -> dict[str, str]:
    """The whole environment of a run's child."""
    kept = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
    return {
        **kept,
        **OFFLINE,
        # A home of its own: caches stay with the run, and ~/.pgpass is not its business.
        "HOME": str(folder),
        "HF_HOME": str(folder / "cache"),
        "HF_DATASETS_CACHE": str(folder / "cache"),
        "OMP_NUM_THREADS": os.environ.get("OMP_NUM_THREADS") or str(cpu_quota()),
        "PYTHONUNBUFFERED": "1",
        "CONCORD_RUN": mark(run, token),
        "CONCORD_RUN_FOLDER": str(folder),
    }


class Child:
    """One attempt of a run as a process in its own session."""

    def __init__(self, process: subprocess.Popen[bytes], *, run: str, token: int, folder: Path):
        self.process = process
        self.run = run
        self.token = token
        self.folder = folder

    @classmethod
    def start(
        cls, command: Iterable[str], *, run: str, token: int, folder: Path, cwd: Path
    ) -> "Child":
        """Start it with output to `<folder>/<token>/log.txt`. It dies with this thread's process.

        Call it from the main thread: the kernel ties a child to the thread that forked it.
        """
        folder = folder.resolve()
        (folder / str(token)).mkdir(parents=True, exist_ok=True)
        with (folder / str(token) / "log.txt").open("ab") as log:
            process = subprocess.Popen(  # noqa: S603  our own entry points, never user text
                list(command),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=die_with_parent(signal.SIGKILL),  # noqa: PLW1509
                env=environment(run=run, token=token, folder=folder),
                cwd=cwd,
            )
        return cls(process, run=run, token=token, folder=folder)

    def poll(self) -> int | None:
        """The exit status as a shell counts it (137 for a kill), or None while it lives."""
        status = self.process.poll()
        return 128 - status if status is not None and status < 0 else status

    def terminate(self) -> None:
        """Ask it to save and end. The launcher forwards it; a dead child is no error."""
        if self.process.poll() is None:
            self.process.terminate()

    def stop(self, grace: float = GRACE_SECONDS) -> int | None:
        """End it and everything it started: ask, wait, kill the group, kill what is marked."""
        self.terminate()
        deadline = time.monotonic() + grace
        while self.process.poll() is None and time.monotonic() < deadline:
            time.sleep(0.05)
        self.kill()
        return self.poll()

    def kill(self) -> None:
        """Kill the group and every process that carries this attempt's mark."""
        if self.process.poll() is None:
            with suppress(ProcessLookupError):  # it may go in between
                os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
        kill_marked(run=self.run, folder=self.folder, tokens={self.token})


def marked_processes(*, run: str, folder: Path) -> dict[int, int]:
    """Process id to token of every process of this run, by the mark. Empty without /proc."""
    found = {}
    here = str(folder.resolve())
    for entry in Path("/proc").glob("[0-9]*") if sys.platform == "linux" else ():
        values = _environment_of(entry)
        run_id, _, token = values.get("CONCORD_RUN", "").rpartition(":")
        if run_id == run and token.isdigit() and values.get("CONCORD_RUN_FOLDER") == here:
            found[int(entry.name)] = int(token)
    return found


def _environment_of(entry: Path) -> Mapping[str, str]:
    try:
        raw = (entry / "environ").read_bytes()
        if b"CONCORD_RUN=" not in raw or "Z" in (entry / "stat").read_text().rpartition(")")[2]:
            return {}
    except OSError:  # gone, or another user's
        return {}
    pairs = (part.decode(errors="replace").partition("=") for part in raw.split(b"\0"))
    return {name: value for name, _, value in pairs}


def kill_marked(*, run: str, folder: Path, tokens: set[int] | None = None) -> list[int]:
    """Kill the run's processes of these attempts (all without `tokens`). Returns their ids."""
    killed: list[int] = []
    for _ in range(5):  # one that forks while we look is caught by the next look
        found = marked_processes(run=run, folder=folder)
        alive = [pid for pid, token in found.items() if tokens is None or token in tokens]
        if not alive:
            break
        for pid in alive:
            try:
                os.kill(pid, signal.SIGKILL)
            except (ProcessLookupError, PermissionError):
                continue
            killed.append(pid)
        time.sleep(0.05)
    return sorted(set(killed))


def sweep_older(*, run: str, folder: Path, token: int) -> list[int]:
    """Kill what earlier attempts of this run left behind, before a new one starts."""
    older = {t for t in marked_processes(run=run, folder=folder).values() if t < token}
    return kill_marked(run=run, folder=folder, tokens=older) if older else []
