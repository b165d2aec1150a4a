"""Which processes belong to a demo: by its data directory, wherever it shows."""

import os
import time
from pathlib import Path


def living(directory: Path) -> dict[int, str]:
    """Process id and command line of everything that still lives on this directory."""
    mark = os.fsencode(directory)
    found = {}
    for name in filter(str.isdigit, os.listdir("/proc")):
        process = Path("/proc", name)
        try:
            if process.joinpath("stat").read_text().rpartition(")")[2].split()[0] == "Z":
                continue
            command = process.joinpath("cmdline").read_bytes()
            traces = [command, process.joinpath("environ").read_bytes()]
            traces.append(os.fsencode(os.readlink(process / "cwd")))
        except OSError:
            continue  # gone meanwhile, or not ours
        if int(name) != os.getpid() and any(mark in trace for trace in traces):
            found[int(name)] = command.replace(b"\0", b" ").decode(errors="replace")
    return found


def await_none(directory: Path, seconds: float) -> dict[int, str]:
    """What is left after at most that time; empty as soon as nothing is."""
    deadline = time.monotonic() + seconds
    while (left := living(directory)) and time.monotonic() < deadline:
        time.sleep(0.1)
    return left
