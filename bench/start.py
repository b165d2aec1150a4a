"""From `manage.py demo` to the first page, and what it holds in memory while idle."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from bench import world
from bench.measure import ROOT, family, memory_mib
from bench.report import Report


def run(report: Report, folder: Path, sizes=()) -> None:
    data = Path(tempfile.mkdtemp(prefix="concord-bench-demo-"))
    data.chmod(0o755)
    try:
        for what in ("an empty directory", "its own data again"):
            seconds, idle, stop = _once(data)
            report.add(f"start from {what}", f"{seconds:.1f} s", "≤ 6 s")
            report.add(f"memory idle, all processes, {what}", f"{idle:.0f} MiB", "≤ 300 MiB")
            report.add(f"stop by Ctrl-C, {what}", f"{stop:.1f} s")
    finally:
        shutil.rmtree(data, ignore_errors=True)


def _once(data: Path) -> tuple[float, float, float]:
    port = world.free_port()
    environment = {**os.environ, "CONCORD_DATA": str(data), "PORT": str(port)}
    for name in ("DATABASE_URL", "REDIS_URL"):
        environment.pop(name, None)
    demo = subprocess.Popen(
        [sys.executable, "manage.py", "demo", "--port", str(port)], cwd=ROOT, env=environment,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        seconds = world.wait_until_up(port, "/sign-in/", seconds=120)
        time.sleep(10)
        idle = memory_mib(family(demo.pid))
    finally:
        started = time.perf_counter()
        demo.send_signal(signal.SIGINT)
        demo.wait(timeout=60)
    return seconds, idle, time.perf_counter() - started
