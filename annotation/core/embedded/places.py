"""The folders a server lives in, and whether its account can get there."""

from __future__ import annotations

import hashlib
import os
import shutil
import stat
import tempfile
from pathlib import Path

from annotation.core.embedded import EmbeddedError
from annotation.core.embedded.child import Account

PROJECT = Path(__file__).resolve().parents[3]
# sockaddr_un holds 108 bytes, the last one is the NUL.
SOCKET_PATH_LIMIT = 107


def data_directory() -> Path:
    """Where a demo keeps its data, logs and lock: `var/concord`, or CONCORD_DATA."""
    return Path(os.environ.get("CONCORD_DATA") or PROJECT / "var" / "concord").absolute()


def server_home(directory: Path, account: Account) -> Path:
    """`directory`, or another where the account cannot reach it (a clone under /root).

    That one lies in /var/tmp, named by user and original path: a restart finds it again.
    """
    directory.mkdir(parents=True, exist_ok=True)
    if is_reachable(directory, account):
        return directory
    return _own_folder(Path("/var/tmp"), directory)  # noqa: S108 - ownership is checked


def socket_directory(home: Path, account: Account, longest_name: str) -> Path:
    """A folder only the account (and root) enters, short enough for a socket of that name."""
    folder = home / "run"
    if len(os.fsencode(folder / longest_name)) > SOCKET_PATH_LIMIT:
        folder = _own_folder(Path(tempfile.gettempdir()), home) / "run"
    if len(os.fsencode(folder / longest_name)) > SOCKET_PATH_LIMIT:
        raise EmbeddedError(f"{folder} is too long for a Unix socket: set TMPDIR to a shorter one")
    return private_directory(folder, account)


def private_directory(folder: Path, account: Account) -> Path:
    """The folder, made if absent, owned by the account and closed to all others."""
    folder.mkdir(mode=0o700, exist_ok=True)
    if os.geteuid() == 0:
        os.chown(folder, *account, follow_symlinks=False)
    _check_owner(folder, {account.uid})
    folder.chmod(0o700)
    return folder


def is_reachable(path: Path, account: Account) -> bool:
    """May the account walk through every folder down to and including `path`?"""
    path = path.resolve()
    if os.geteuid() == account.uid and os.access(path, os.X_OK):
        return True
    return all(_may_enter(os.stat(step), account) for step in [path, *path.parents])


def reachable_copy(bin_folder: Path, account: Account, home: Path) -> Path:
    """`bin_folder`, or a copy below `home` where the account cannot reach it."""
    program = (bin_folder / "postgres").resolve()
    if is_reachable(program, account):
        return bin_folder
    status = program.stat()
    name = _short_hash(f"{program} {status.st_mtime_ns} {status.st_size}")
    copy = home / f"postgres-{name}"
    # The wheel's programs look for their libraries at ../../../<package>.libs.
    package = bin_folder.parent.parent
    inside = bin_folder.relative_to(package.parent)
    if not copy.exists():
        part = Path(tempfile.mkdtemp(prefix="copy-part-", dir=home))
        unused = shutil.ignore_patterns("include")
        shutil.copytree(bin_folder.parent, part / inside.parent, ignore=unused)
        libraries = package.with_name(f"{package.name}.libs")
        if libraries.exists():
            shutil.copytree(libraries, part / libraries.name)
        for folder in [part, *(path for path in part.rglob("*") if path.is_dir())]:
            folder.chmod(0o755)
        part.rename(copy)
    return copy / inside


def _may_enter(status: os.stat_result, account: Account) -> bool:
    if status.st_uid == account.uid:
        return bool(status.st_mode & stat.S_IXUSR)
    if status.st_gid == account.gid:
        return bool(status.st_mode & stat.S_IXGRP)
    return bool(status.st_mode & stat.S_IXOTH)


def _own_folder(parent: Path, named_after: Path) -> Path:
    folder = parent / f"concord-{os.geteuid()}-{_short_hash(str(named_after))}"
    folder.mkdir(mode=0o755, exist_ok=True)
    _check_owner(folder, {os.geteuid()})  # somebody else may have made it in a shared folder
    folder.chmod(0o755)
    return folder


def _check_owner(folder: Path, owners: set[int]) -> None:
    status = os.lstat(folder)
    if not stat.S_ISDIR(status.st_mode) or status.st_uid not in owners:
        raise EmbeddedError(f"{folder} belongs to somebody else: remove it or set CONCORD_DATA")


def _short_hash(text: str) -> str:
    return hashlib.sha256(text.encode(errors="surrogateescape")).hexdigest()[:12]
