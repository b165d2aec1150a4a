"""Servers and data for a measurement: an own PostgreSQL (fsync on), gunicorn, n items."""

import http.client
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path

from bench.measure import ROOT, command, family

TEXT = (
    "Thank you for your message. I have looked into your order and found what went wrong: "
    "the parcel was **returned to us** because the address was incomplete.\n\n"
    "1. Please check the address below.\n2. Tell us if it is right.\n3. We send it again.\n\n"
) * 3


@contextmanager
def database():
    """An empty, migrated database of its own; DATABASE_URL is set inside."""
    from annotation.core.embedded.postgres import Postgres

    folder = Path(tempfile.mkdtemp(prefix="concord-bench-"))
    folder.chmod(0o755)
    server = Postgres(folder)
    server.start()
    os.environ["DATABASE_URL"] = server.url
    os.environ["CONCORD_DATA"] = str(folder / "data")
    os.environ["CONCORD_SECOND_FACTOR"] = "nobody"  # a lead's pages are measured, too
    os.environ.pop("REDIS_URL", None)
    try:
        command("migrate", "-v0")
        yield server
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)
        shutil.rmtree(server.home, ignore_errors=True)


def write_items(path: Path, count: int, *, responses: int = 2, start: int = 0) -> Path:
    """An import file of `count` items, about 1.5 kB of text each."""
    with path.open("w") as file:
        for number in range(start, start + count):
            row = {
                "id": f"x{number}",
                "prompt": f"My order {number} has not arrived. What happened?",
                "responses": [
                    {"id": "abcdefghi"[n], "text": f"{TEXT}Regards, {number}/{n}",
                     "generator": f"model-{n}"}
                    for n in range(responses)
                ],
            }  # fmt: skip
            file.write(json.dumps(row) + "\n")
    return path


def write_judgments(path: Path, items: int, labelers: int = 3) -> Path:
    """Each item judged by each labeler; they agree four times out of five."""
    with path.open("w") as file:
        for number in range(items):
            for labeler in range(labelers):
                flipped = (number * 7 + labeler * 13) % 5 == 0
                ranking = [["b"], ["a"]] if flipped else [["a"], ["b"]]
                row = {
                    "item": f"x{number}",
                    "labeler": f"w{labeler}",
                    "ranking": ranking,
                    "ratings": {"helpfulness": {"a": 4 - flipped, "b": 2 + flipped}},
                }
                file.write(json.dumps(row) + "\n")
    return path


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextmanager
def web():
    """gunicorn as the demo runs it. Yields (port, the server's process ids as a function)."""
    port = free_port()
    server = subprocess.Popen(
        [sys.executable, "-m", "gunicorn", "annotation.wsgi", "-b", f"127.0.0.1:{port}",
         "-k", "gthread", "-w", "2", "--threads", "4", "--log-level", "error"],
        cwd=ROOT, env={**os.environ, "CONCORD_LOG_LEVEL": "ERROR"}, start_new_session=True,
    )  # fmt: skip
    try:
        wait_until_up(port)
        yield port, lambda: family(server.pid)
    finally:
        os.killpg(server.pid, signal.SIGTERM)
        server.wait(timeout=20)


def wait_until_up(port: int, path: str = "/health/", seconds: float = 60) -> float:
    """Seconds until the first 200."""
    started = time.perf_counter()
    while time.perf_counter() - started < seconds:
        try:
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
            connection.request("GET", path)
            if connection.getresponse().status == 200:
                return time.perf_counter() - started
        except OSError:
            time.sleep(0.02)
    raise RuntimeError(f"nothing answers on port {port}")
