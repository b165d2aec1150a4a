"""One PostgreSQL server as a direct child: Unix socket only, no TCP, access by file mode."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from urllib.parse import quote

from annotation.core.embedded import EmbeddedError, binaries, child, places

PORT = 5432  # names the socket only
ROLE = DATABASE = "concord"
PART = "postgres-part-"
START_SECONDS = 120  # a start after a crash replays the log first
SETTINGS = {
    "timezone": "UTC",
    "max_connections": "100",
    "idle_in_transaction_session_timeout": "60s",
    "lock_timeout": "5s",
}
# For data that nobody misses. Never for the demo.
FORGETFUL = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


class Postgres:
    """A cluster below `directory`; `start` makes it when it is not there yet."""

    def __init__(
        self,
        directory: Path,
        *,
        settings: Mapping[str, str] | None = None,
        death_signal: signal.Signals = signal.SIGINT,  # a fast, clean shutdown
    ) -> None:
        self.account = child.server_account()
        self.home = places.server_home(directory, self.account)
        self.data = self.home / "postgres"
        self.log = directory / "postgres.log"
        self.socket_directory = places.socket_directory(
            self.home, self.account, f".s.PGSQL.{PORT}"
        )
        self.settings = {**SETTINGS, **(settings or {})}
        self.death_signal = death_signal
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """For libpq and Django. The port is named, or else PGPORT would move the client."""
        folder = quote(str(self.socket_directory), safe="/")
        return f"postgresql://{ROLE}@/{DATABASE}?host={folder}&port={PORT}"

    def start(self) -> None:
        """Serve, or raise with the end of the log."""
        self.bin = places.reachable_copy(binaries.find_postgres(), self.account, self.home)
        if not self.data.exists():
            self._initialise()
        self._end_leftover()
        # The processes of a killed server may live a moment longer and make the first try fail.
        if not (self._try_start() or self._try_start()):
            raise EmbeddedError(f"PostgreSQL does not start; {self.log}:\n{child.tail(self.log)}")

    def stop(self) -> None:
        """Fast shutdown: sessions are cut, the data is complete."""
        if self.process is not None:
            child.stop(self.process, [(signal.SIGINT, 15), (signal.SIGQUIT, 5)])
            self.process = None

    def kill(self) -> None:
        """What a power cut does to the server."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None

    def _try_start(self) -> bool:
        options = [f"-c{name}={value}" for name, value in self.settings.items()]
        self.process = child.spawn(
            [
                *(self.bin / "postgres", "-D", self.data),
                *("-h", "", "-k", self.socket_directory, "-p", str(PORT)),
                *("-c", "unix_socket_permissions=0700", *options),
            ],
            log=self.log,
            death_signal=self.death_signal,
            account=self.account,
            env=_environment(),
            cwd=self.home,
        )
        deadline = time.monotonic() + START_SECONDS
        while self.process.poll() is None and time.monotonic() < deadline:
            pid, status = self._postmaster()
            if pid == self.process.pid and status == "ready":
                return True
            time.sleep(0.02)
        self.stop()
        time.sleep(1)
        return False

    def _initialise(self) -> None:
        """Make the cluster aside and move it into place, so that a half-made one never counts."""
        for old in self.home.glob(f"{PART}*"):
            shutil.rmtree(old)
        part = Path(tempfile.mkdtemp(prefix=PART, dir=self.home))
        places.private_directory(part, self.account)
        locale = ["--locale=C"]
        if binaries.postgres_version(self.bin) >= 17:
            # The same order of strings on every machine, whatever its C library.
            locale = ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
        sync = ["--no-sync"] if self.settings.get("fsync") == "off" else []
        self._run(
            [
                *(self.bin / "initdb", "-D", part, "-U", "postgres", "-A", "trust", "-E", "UTF8"),
                *("--data-checksums", *locale, *sync),
            ]
        )
        # The application owns its database and is no superuser.
        self._run(
            [self.bin / "postgres", "--single", "-D", part, "postgres"],
            typed=f"CREATE ROLE {ROLE} LOGIN CREATEDB\nCREATE DATABASE {DATABASE} OWNER {ROLE}\n",
        )
        part.rename(self.data)

    def _run(self, command: Sequence[str | Path], typed: str = "") -> None:
        changes_user = self.account.uid != os.geteuid()
        done = subprocess.run(  # noqa: S603 - our own command
            [str(part) for part in command],
            input=typed.encode(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            user=self.account.uid if changes_user else None,
            group=self.account.gid if changes_user else None,
            extra_groups=[] if changes_user else None,
            preexec_fn=child.die_with_parent(),  # noqa: PLW1509
            env=_environment(),
            cwd=self.home,
            timeout=START_SECONDS,
            check=False,
        )
        with self.log.open("ab") as log:
            log.write(done.stdout)
        # Single-user mode reports a failed statement only in its output.
        if done.returncode or b"ERROR:" in done.stdout or b"FATAL:" in done.stdout:
            output = done.stdout.decode(errors="replace")
            raise EmbeddedError(f"{Path(command[0]).name} failed:\n{output}")

    def _end_leftover(self) -> None:
        """Wait for, then stop, a server that still runs on our data after its owner was killed."""
        pid, _ = self._postmaster()
        if pid is None or not _serves(pid, self.data):
            return
        for number, seconds in ((None, 5), (signal.SIGINT, 15), (signal.SIGQUIT, 5)):
            if number is not None:
                os.kill(pid, number)
            deadline = time.monotonic() + seconds
            while time.monotonic() < deadline:
                if not _serves(pid, self.data):
                    return
                time.sleep(0.05)
        raise EmbeddedError(f"process {pid} still serves {self.data} and does not stop")

    def _postmaster(self) -> tuple[int | None, str]:
        """Process id and status of the server that says it runs on our data."""
        try:
            lines = (self.data / "postmaster.pid").read_text().splitlines()
            return int(lines[0]), lines[7].strip() if len(lines) > 7 else ""
        except (OSError, ValueError, IndexError):
            return None, ""


def _serves(pid: int, data: Path) -> bool:
    """Is this process a PostgreSQL on that data? The pid may long belong to somebody else."""
    try:
        words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except OSError:
        if Path("/proc/self").exists():
            return False
        shown = subprocess.run(  # noqa: S603 - macOS has no /proc
            ["/bin/ps", "-p", str(pid), "-o", "command="],
            capture_output=True,
            timeout=10,
            check=False,
        )
        words = shown.stdout.split()
    return os.fsencode(data) in words


def _environment() -> dict[str, str]:
    """Ours without what redirects PostgreSQL's programs."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
    return {**kept, "LC_ALL": "C", "LANG": "C"}
