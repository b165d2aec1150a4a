"""The application as it is served, by gunicorn, to be killed and started again."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from urllib.parse import urlsplit

from django.db import connection

ROOT = Path(__file__).parents[2]


class Gunicorn:
    """On a port of its own that stays the same, with the database of the test."""

    def __init__(self):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self.process = None

    def start(self):
        here = urlsplit(os.environ["DATABASE_URL"])
        database = here._replace(path=f"/{connection.settings_dict['NAME']}").geturl()
        self.process = subprocess.Popen(
            [sys.executable, "-m", "gunicorn", "annotation.wsgi", "-b", f"127.0.0.1:{self.port}",
             "-k", "gthread", "-w", "1", "--threads", "4", "--log-level", "error",
             "--no-control-socket"],
            cwd=ROOT, env=os.environ | {"DATABASE_URL": database}, start_new_session=True,
        )  # fmt: skip
        end = time.monotonic() + 60
        while not self.answers():
            assert self.process.poll() is None, "gunicorn ended"
            assert time.monotonic() < end, "gunicorn never answered"
            time.sleep(0.05)

    def answers(self) -> bool:
        asked = HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            asked.request("GET", "/health/")
            return asked.getresponse().status == 200
        except (OSError, HTTPException):
            return False
        finally:
            asked.close()

    def kill(self):
        """The whole of it, at once: no worker finishes what it does."""
        if self.process is None:
            return
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        self.process = None
