"""Content hashes: of texts, and of values by their canonical JSON."""

import hashlib

from annotation.core.strict_json import canonical


def sha256_of_text(text: str) -> str:
    """Hex sha256 of the UTF-8 bytes."""
    return hashlib.sha256(text.encode()).hexdigest()


def sha256_of_value(value) -> str:
    """Hex sha256 of the canonical JSON: equal values, equal hashes, on any machine."""
    return hashlib.sha256(canonical(value)).hexdigest()
