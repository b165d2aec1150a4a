"""What is measured of processes: CPU time, memory. Linux (/proc)."""

import os
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")
ROOT = Path(__file__).resolve().parent.parent


def family(pid: int) -> list[int]:
    """The process and everything below it."""
    children: dict[int, list[int]] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rsplit(")", 1)[1].split()
        except (OSError, IndexError):
            continue
        children.setdefault(int(fields[1]), []).append(int(stat.parent.name))
    found, queue = [], [pid]
    while queue:
        here = queue.pop()
        found.append(here)
        queue += children.get(here, [])
    return found


def cpu_seconds(pids: list[int]) -> float:
    """User and system time of live processes and of their children that have ended."""
    total = 0
    for pid in pids:
        try:
            fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
        except OSError:
            continue
        total += sum(int(field) for field in fields[11:15])
    return total / TICKS


def memory_mib(pids: list[int]) -> float:
    """Proportional set size: shared pages are counted once."""
    total = 0
    for pid in pids:
        try:
            for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
                if line.startswith("Pss:"):
                    total += int(line.split()[1])
        except OSError:
            continue
    return total / 1024


@dataclass(frozen=True)
class Finished:
    seconds: float
    peak_mib: float
    output: str


def command(*arguments, env=None, stdin=None, check=True) -> Finished:
    """Run `manage.py …`; wall seconds and the peak memory of that process alone."""
    started = time.perf_counter()
    child = subprocess.Popen(
        [sys.executable, "-c", RUNNER, str(ROOT / "manage.py"), *map(str, arguments)],
        cwd=ROOT,
        env={**os.environ, **(env or {})},
        stdin=stdin,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    output, errors = child.communicate()
    seconds = time.perf_counter() - started
    if check and child.returncode:
        raise RuntimeError(f"{arguments}: {errors[-2000:]}{output[-500:]}")
    peak = next(
        (line.split()[1] for line in errors.splitlines() if line.startswith("PEAK_KIB ")), "0"
    )
    return Finished(seconds, int(peak) / 1024, output)


# The command itself says its peak at the end: RUSAGE_CHILDREN would give the largest of all.
RUNNER = """
import atexit, resource, runpy, sys
def peak():
    kib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    sys.stderr.write(f"\\nPEAK_KIB {kib}\\n")
atexit.register(peak)
sys.argv = sys.argv[1:]
sys.path.insert(0, ".")
runpy.run_path(sys.argv[0], run_name="__main__")
"""


def percentile(values: list[float], share: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def median(values: list[float]) -> float:
    return statistics.median(values)
