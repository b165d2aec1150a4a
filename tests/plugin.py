"""A database for the whole run, before pytest-django reads the settings (loaded with -p).

With DATABASE_URL set, nothing is started. Workers of pytest-xdist inherit the variable.
"""

import os
import secrets
import shutil
import signal
import tempfile
from pathlib import Path

import pytest

from annotation.core.embedded import EmbeddedError, live
from annotation.core.embedded.postgres import FORGETFUL, Postgres
from annotation.core.embedded.valkey import Valkey

PREFIX = "concord-tests-"
_running: list[tuple[Postgres | None, live.Ownership]] = []


def _start() -> None:
    if "PYTEST_XDIST_WORKER" in os.environ:
        return  # the first process made all of this; we inherit its environment
    _sweep()
    directory = Path(tempfile.mkdtemp(prefix=PREFIX))
    directory.chmod(0o755)  # as root, the server runs as nobody and walks through here
    owner = live.Ownership(directory)
    # What runs are told, not what is lying about: nothing of a developer's own demo.
    os.environ["CONCORD_DATA"] = str(directory)
    os.environ["CONCORD_SECRET_KEY"] = secrets.token_urlsafe(48)
    # As in the demo; the tests of signing in switch it on.
    os.environ["CONCORD_SECOND_FACTOR"] = "nobody"
    # Playwright's synchronous API runs an event loop in the thread that also uses the ORM.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    if os.environ.get("DATABASE_URL"):
        _running.append((None, owner))
        return
    postgres = Postgres(
        directory,
        settings={**FORGETFUL, "lock_timeout": "30s"},
        death_signal=signal.SIGQUIT,
    )
    try:
        postgres.start()
    except EmbeddedError as error:
        shutil.rmtree(directory, ignore_errors=True)
        raise pytest.UsageError(str(error)) from error
    _running.append((postgres, owner))
    os.environ["DATABASE_URL"] = postgres.url


def _sweep() -> None:
    """Remove what runs that were killed left on the disk."""
    for directory in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        try:
            owner = live.Ownership(directory)
        except (EmbeddedError, OSError):
            continue  # another run lives there
        shutil.rmtree(directory, ignore_errors=True)
        owner.release()


def pytest_unconfigure() -> None:
    while _running:
        postgres, owner = _running.pop()
        if postgres is not None:
            postgres.stop()
        shutil.rmtree(owner.directory, ignore_errors=True)
        owner.release()


@pytest.fixture(autouse=True)
def language():
    """A request leaves its language to the thread, and so to whatever runs next in it."""
    from django.utils import translation  # after pytest-django has read the settings

    translation.deactivate()
    yield
    translation.deactivate()


@pytest.fixture(scope="session")
def broker():
    """A broker of this worker's own, started when the first test asks for it."""
    directory = Path(tempfile.mkdtemp(prefix=PREFIX))
    directory.chmod(0o755)
    owner = live.Ownership(directory)
    server = Valkey(directory)
    server.start()
    yield server
    server.stop()
    shutil.rmtree(directory, ignore_errors=True)
    owner.release()


_start()


def pytest_terminal_summary(terminalreporter):
    """What the walk over the permission matrix counted, from all workers together."""
    total: dict[str, int] = {}
    for report in terminalreporter.getreports("passed") + terminalreporter.getreports("failed"):
        for name, counted in report.user_properties:
            if name == "permission matrix" and report.when == "call":
                for what, count in counted.items():
                    add = max if what == "tables" else int.__add__
                    total[what] = add(total.get(what, 0), count)
    if total:
        words = ", ".join(f"{count:,} {what}" for what, count in total.items())
        terminalreporter.write_line(f"Permission matrix: {words}")
