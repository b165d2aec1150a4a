"""Child processes that never outlive us, whichever way we go."""

from __future__ import annotations

import ctypes
import os
import pwd
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

from annotation.core.embedded import EmbeddedError

PR_SET_PDEATHSIG = 1
PR_SET_CHILD_SUBREAPER = 36


class Account(NamedTuple):
    """Who a server runs as. PostgreSQL refuses to run as root."""

    uid: int
    gid: int


def server_account() -> Account:
    """Ourselves, or `nobody` when we are root."""
    if os.geteuid() != 0:
        return Account(os.geteuid(), os.getegid())
    nobody = pwd.getpwnam("nobody")
    return Account(nobody.pw_uid, nobody.pw_gid)


def spawn(
    command: Iterable[str | Path],
    *,
    log: Path,
    death_signal: signal.Signals,
    account: Account | None = None,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
) -> subprocess.Popen[bytes]:
    """Start a child in its own session that gets `death_signal` when this process dies.

    Its own session keeps the terminal's Ctrl-C away from it: we stop the children in our order.
    """
    if threading.current_thread() is not threading.main_thread():
        # The kernel watches the thread that forked, not the process: a child of a short-lived
        # thread would be killed when that thread ends.
        raise EmbeddedError("children are started from the main thread only")
    changes_user = account is not None and account.uid != os.geteuid()
    with log.open("ab") as output:
        return subprocess.Popen(  # noqa: S603 - commands are built by this package
            [str(part) for part in command],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            user=account.uid if account and changes_user else None,
            group=account.gid if account and changes_user else None,
            extra_groups=[] if changes_user else None,
            # Runs after the change of user, which would clear the death signal.
            preexec_fn=die_with_parent(death_signal),  # noqa: PLW1509
            env=dict(env) if env is not None else None,
            cwd=cwd,
        )


def die_with_parent(death_signal: signal.Signals = signal.SIGKILL) -> Callable[[], None] | None:
    """A `preexec_fn` that ties a child's life to this process; None where the system cannot.

    For every long-lived child, trainers too: the signal does not reach grandchildren.
    """
    if not sys.platform.startswith("linux"):
        return None
    libc = ctypes.CDLL(None)  # loaded here: the child must not open files
    parent = os.getpid()

    def before_exec() -> None:
        libc.prctl(PR_SET_PDEATHSIG, int(death_signal), 0, 0, 0)
        if os.getppid() != parent:  # the parent died between fork and prctl
            os._exit(1)

    return before_exec


def follow_parent() -> None:
    """End in order when the process that started us is killed: `make`, most of all."""
    if sys.platform.startswith("linux"):
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, int(signal.SIGTERM), 0, 0, 0)


def adopt_orphans() -> None:
    """Become the parent of grandchildren whose parent dies, so that we can end them too."""
    if sys.platform.startswith("linux"):
        ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def stop(process: subprocess.Popen[bytes], steps: Iterable[tuple[signal.Signals, float]]) -> None:
    """Send each signal in turn, waiting that many seconds, until the process is gone."""
    for number, seconds in steps:
        if process.poll() is not None:
            return
        process.send_signal(number)
        if wait(process, seconds):
            return
    process.kill()
    process.wait()


def wait(process: subprocess.Popen[bytes], seconds: float) -> bool:
    """True when the process ended in time. Polls: SIGCHLD belongs to whoever imported us."""
    deadline = time.monotonic() + seconds
    while process.poll() is None:
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def tail(log: Path, lines: int = 15) -> str:
    """The end of a log, indented, for an error message."""
    try:
        text = log.read_text(errors="replace")
    except OSError:
        return ""
    return "\n".join(f"  {line}" for line in text.splitlines()[-lines:])
