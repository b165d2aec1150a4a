"""Runs the servers and the platform's own processes as children, and ends all of them.

Three nets, each below the one before: an orderly stop; the death signal that the kernel sends to
our children when we are killed; and, for what children leave behind, adoption of orphans.
"""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType, TracebackType

from annotation.core.embedded import EmbeddedError, child, live, places, processes
from annotation.core.embedded.postgres import Postgres
from annotation.core.embedded.valkey import Valkey

STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
# Long enough for requests and short jobs; a training resumes from its last checkpoint.
STOP_SECONDS = 8.0
RESTARTS, RESTART_WINDOW = 3, 60.0


class StopAsked(BaseException):
    """Ctrl-C, a termination or a closed terminal."""


@dataclass
class Kept:
    """A process of the platform that is started again when it dies."""

    name: str
    command: Sequence[str | Path]
    process: subprocess.Popen[bytes]
    deaths: deque[float] = field(default_factory=lambda: deque(maxlen=RESTARTS))


class Supervisor:
    """Owns one data directory while it is entered; leaves no process behind."""

    def __init__(self, directory: Path, *, say: Callable[[str], None]) -> None:
        self.directory = directory
        self.say = say
        self.environment = dict(os.environ, CONCORD_DATA=str(directory), PYTHONUNBUFFERED="1")
        self.postgres: Postgres | None = None
        self.valkey: Valkey | None = None
        self._kept: list[Kept] = []
        self._stopping = False

    def __enter__(self) -> Supervisor:
        self._ownership = live.Ownership(self.directory)
        self._logs = self.directory / "log"
        self._logs.mkdir(exist_ok=True)
        self._handlers = {
            number: signal.signal(number, self._on_signal) for number in STOP_SIGNALS
        }
        child.adopt_orphans()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> bool:
        self._stopping = True
        started = time.monotonic()
        self._say("Stopping …")
        self._stop_kept()
        servers = [s for s in (self.valkey, self.postgres) if s is not None]
        pids = [server.process.pid for server in servers if server.process is not None]
        processes.end_descendants(spare=pids)
        for server in servers:
            server.stop()
        processes.end_descendants()
        self._ownership.release()
        for number, handler in self._handlers.items():
            signal.signal(number, handler)
        self._say(f"Stopped in {time.monotonic() - started:.1f} s. The data is kept.")
        return kind is StopAsked

    def lacks_a_server(self) -> bool:
        """Is there anything for us to start?"""
        return not (self.environment.get("DATABASE_URL") and self.environment.get("REDIS_URL"))

    def start_servers(self) -> None:
        """Start what DATABASE_URL and REDIS_URL do not replace, and tell other terminals."""
        if not self.environment.get("DATABASE_URL"):
            self.postgres = Postgres(self.directory)
            self.postgres.start()
            self.environment["DATABASE_URL"] = self.postgres.url
        if not self.environment.get("REDIS_URL"):
            self.valkey = Valkey(self.directory)
            self.valkey.start()
            self.environment["REDIS_URL"] = self.valkey.url
        self.publish()

    def publish(self, **facts: str) -> None:
        """The note that commands in a second terminal read."""
        self._ownership.publish(
            database_url=self.environment["DATABASE_URL"],
            redis_url=self.environment["REDIS_URL"],
            **facts,
        )

    def run(self, name: str, command: Sequence[str | Path]) -> str:
        """Run a step to its end and return what it printed; its errors go to its log."""
        log = self._log(name)
        with log.open("ab") as errors:
            step = subprocess.Popen(  # noqa: S603 - the caller's own command
                [str(part) for part in command],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=errors,
                env=self.environment,
                cwd=places.PROJECT,
                start_new_session=True,
                preexec_fn=child.die_with_parent(),  # noqa: PLW1509
            )
            output, _ = step.communicate()
        if step.returncode:
            raise EmbeddedError(
                f"{name} failed with status {step.returncode}; {log}:\n{child.tail(log)}"
            )
        return output.decode()

    def keep(self, name: str, command: Sequence[str | Path]) -> None:
        """Start a process that runs until we stop, and again when it dies."""
        self._kept.append(Kept(name, command, self._spawn(name, command)))

    def watch(self) -> None:
        """Until asked to stop: report what dies and start it again, a few times."""
        while True:
            self.check()
            time.sleep(0.2)

    def check(self) -> None:
        """One look at everybody."""
        for server, name in ((self.postgres, "PostgreSQL"), (self.valkey, "The broker")):
            if server is not None and server.process and server.process.poll() is not None:
                self._say(f"{name} died; {server.log}:\n{child.tail(server.log)}\nStarting it …")
                server.start()
        for kept in self._kept:
            if kept.process.poll() is not None:
                self._restart(kept)
        processes.reap_adopted(known=self._known())

    def _restart(self, kept: Kept) -> None:
        log = self._log(kept.name)
        cause = f"{kept.name} ended with status {kept.process.returncode}; {log}:\n"
        cause += child.tail(log)
        now = time.monotonic()
        if len(kept.deaths) == RESTARTS and now - kept.deaths[0] < RESTART_WINDOW:
            raise EmbeddedError(f"{cause}\nIt died {RESTARTS + 1} times within a minute.")
        kept.deaths.append(now)
        self._say(f"{cause}\nStarting it again …")
        kept.process = self._spawn(kept.name, kept.command)

    def _spawn(self, name: str, command: Sequence[str | Path]) -> subprocess.Popen[bytes]:
        return child.spawn(
            command,
            log=self._log(name),
            # Not a polite signal: a worker would finish its job first, and a training is long.
            # Rows and leases recover what is cut.
            death_signal=signal.SIGKILL,
            env=self.environment,
            cwd=places.PROJECT,
        )

    def _stop_kept(self) -> None:
        """Ask all at once, then wait: half the time of one after the other."""
        for kept in self._kept:
            if kept.process.poll() is None:
                kept.process.terminate()
        deadline = time.monotonic() + STOP_SECONDS
        for kept in self._kept:
            if not child.wait(kept.process, deadline - time.monotonic()):
                self._say(
                    f"{kept.name} is busy and is cut off; its job resumes at the next start."
                )
                os.killpg(kept.process.pid, signal.SIGKILL)
                kept.process.wait()

    def _known(self) -> list[int]:
        servers = [s.process for s in (self.postgres, self.valkey) if s is not None]
        return [p.pid for p in [*servers, *(k.process for k in self._kept)] if p is not None]

    def _log(self, name: str) -> Path:
        return self._logs / f"{name}.log"

    def _say(self, text: str) -> None:
        try:
            self.say(text)
        except OSError:
            # The terminal is gone; the children must still be stopped.
            self.say = lambda text: None

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        if not self._stopping:
            self._stopping = True
            raise StopAsked
        for kept in self._kept:  # asked twice: no more waiting for them
            if kept.process.poll() is None:
                os.killpg(kept.process.pid, signal.SIGKILL)
