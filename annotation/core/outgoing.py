"""Files that leave in one piece or not at all: what each is, and what was told of the way."""

import errno
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from django.utils.translation import gettext_noop

from annotation.core.errors import DomainError

DISK_IS_FULL = gettext_noop("The disk is full: nothing was kept of this.")


@dataclass(frozen=True)
class Outgoing:
    """A file, by the name that it has at the other end."""

    name: str
    path: Path
    size: int
    sha256: str


@dataclass(frozen=True)
class Teller:
    """Whom to tell how far it is; either may raise to stop."""

    files: Callable[[int, int], None] = lambda done, total: None
    alive: Callable[[], None] = lambda: None


@dataclass(frozen=True)
class Arrived:
    """Where the files lie now: `place` for programs, `url` for people, the Hub's `revision`."""

    place: str
    url: str = ""
    revision: str = ""


@contextmanager
def told_when_full() -> Iterator[None]:
    """A full disk is a sentence; any other trouble with files stays what it is."""
    try:
        yield
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise
        raise DomainError(DISK_IS_FULL) from error
