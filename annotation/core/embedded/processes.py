"""Who descends from whom, read from the system's process table."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Iterable
from pathlib import Path


def descendants(*, spare: Iterable[int] = ()) -> list[int]:
    """All living processes below this one, without the trees that start at `spare`."""
    children: dict[int, list[int]] = {}
    for pid, parent, state in _table():
        if state != "Z":
            children.setdefault(parent, []).append(pid)
    found: list[int] = []
    spared = set(spare)
    queue = [os.getpid()]
    while queue:
        for pid in children.get(queue.pop(), []):
            if pid not in spared:
                found.append(pid)
                queue.append(pid)
    return found


def end_descendants(*, spare: Iterable[int] = (), seconds: float = 3) -> None:
    """End what is left below us: asked at first, killed after `seconds`."""
    spared = tuple(spare)
    for number, patience in ((signal.SIGTERM, seconds), (signal.SIGKILL, 5.0)):
        left = descendants(spare=spared)
        for pid in left:
            _signal(pid, number)
        deadline = time.monotonic() + patience
        while left and time.monotonic() < deadline:
            time.sleep(0.05)
            left = descendants(spare=spared)
        if not left:
            return


def reap_adopted(*, known: Iterable[int]) -> None:
    """Collect dead grandchildren that became ours; `known` are collected by their Popen."""
    ours = set(known)
    for pid, parent, state in _table():
        if state == "Z" and parent == os.getpid() and pid not in ours:
            try:
                os.waitpid(pid, os.WNOHANG)
            except ChildProcessError:
                continue


def _signal(pid: int, number: signal.Signals) -> None:
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return


def _table() -> list[tuple[int, int, str]]:
    """(process id, parent's id, state letter) of every process that we may see."""
    if not Path("/proc/self/stat").exists():
        return _table_of_ps()
    rows = []
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                status = Path("/proc", name, "stat").read_text(errors="replace")
            except OSError:
                continue
            # The command's name stands in parentheses and may hold anything, even ") S 1".
            state, parent = status.rpartition(")")[2].split()[:2]
            rows.append((int(name), int(parent), state))
    return rows


def _table_of_ps() -> list[tuple[int, int, str]]:
    shown = subprocess.run(
        ["/bin/ps", "-axo", "pid=,ppid=,state="],
        capture_output=True,
        text=True,
        timeout=10,
        check=True,
    ).stdout
    rows = [line.split() for line in shown.splitlines()]
    return [(int(pid), int(parent), state[0]) for pid, parent, state in rows]
