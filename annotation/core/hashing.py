"""Content hashes: of texts, of files, and of values by their canonical JSON."""

import hashlib
from collections.abc import Callable
from pathlib import Path

from annotation.core.strict_json import canonical

# Hashed in a fraction of a second, so that whoever waits hears of it in time.
PIECE = 1 << 24


def sha256_of_text(text: str) -> str:
    """Hex sha256 of the UTF-8 bytes."""
    return hashlib.sha256(text.encode()).hexdigest()


def sha256_of_value(value) -> str:
    """Hex sha256 of the canonical JSON: equal values, equal hashes, on any machine."""
    return hashlib.sha256(canonical(value)).hexdigest()


def sha256_of_file(path: Path, *, alive: Callable[[], None] = lambda: None) -> str:
    """Hex sha256 of a file's bytes. `alive` is called between pieces: a model takes minutes, and
    whoever holds a lease must renew it."""
    found = hashlib.sha256()
    with path.open("rb") as file:
        while piece := file.read(PIECE):
            found.update(piece)
            alive()
    return found.hexdigest()
