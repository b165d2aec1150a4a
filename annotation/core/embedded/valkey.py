"""One broker as a direct child. It keeps nothing: jobs are rows, messages are only hints."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path
from urllib.parse import quote

from annotation.core.embedded import EmbeddedError, binaries, child, places

SOCKET_NAME = "broker.sock"
START_SECONDS = 30


class Valkey:
    """A Valkey (or Redis) on a Unix socket below `directory`."""

    def __init__(self, directory: Path) -> None:
        self.account = child.server_account()
        self.home = places.server_home(directory, self.account)
        self.log = directory / "broker.log"
        self.socket = places.socket_directory(self.home, self.account, SOCKET_NAME) / SOCKET_NAME
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """The form that Celery's kombu wants; redis-py calls the same thing unix://."""
        return f"redis+socket://{quote(str(self.socket), safe='/')}"

    def start(self) -> None:
        """Serve, or raise with the end of the log."""
        self.process = child.spawn(
            [
                *(self._program(), "--port", "0", "--unixsocket", self.socket),
                *("--unixsocketperm", "700", "--dir", self.socket.parent),
                *("--save", "", "--appendonly", "no", "--maxmemory-policy", "noeviction"),
            ],
            log=self.log,
            # At once: a server that shuts down in order removes the socket, which by then may
            # be its successor's.
            death_signal=signal.SIGKILL,
            account=self.account,
            cwd=self.home,
        )
        deadline = time.monotonic() + START_SECONDS
        while self.process.poll() is None and time.monotonic() < deadline:
            if self.answers():
                return
            time.sleep(0.02)
        self.stop()
        raise EmbeddedError(f"the broker does not start; {self.log}:\n{child.tail(self.log)}")

    def answers(self) -> bool:
        """Does our own process answer a PING?"""
        try:
            with socket.socket(socket.AF_UNIX) as client:
                client.settimeout(2)
                client.connect(str(self.socket))
                client.sendall(b"PING\r\n")
                return client.recv(16).startswith(b"+PONG")
        except OSError:
            return False

    def stop(self) -> None:
        if self.process is not None:
            child.stop(self.process, [(signal.SIGTERM, 5)])
            self.process = None

    def kill(self) -> None:
        """What a crash does: everything that was queued is gone."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None

    def _program(self) -> Path:
        program = binaries.find_broker()
        if places.is_reachable(program, self.account):
            return program
        copy = self.home / program.name
        if not copy.exists() or copy.stat().st_size != program.stat().st_size:
            part = copy.with_suffix(f".{os.getpid()}")
            shutil.copy2(program, part)
            part.chmod(0o755)
            part.rename(copy)
        return copy
