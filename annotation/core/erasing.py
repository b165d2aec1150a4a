"""What the apps share when a person is erased: each owns its tables and has a `personal.py` with
`erase(leaving)` and, for the person's own copy, `collect(user)`."""

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

PREFIX = "erased-"
# In place of a text where the database wants one, or where others would wonder about a gap.
REMOVED = "[removed]"
_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class Leaving:
    """Whom to erase, and how. `names`: what they were called, to be found in texts."""

    user: Any
    pseudonym: str
    removes_texts: bool = False
    names: frozenset[str] = frozenset()
    # How many of what were removed or changed, for the preview and the audit trail.
    counts: Counter = field(default_factory=Counter)

    def without_names(self, value: Any) -> Any:
        """A JSON value with the pseudonym wherever one of the names is a word of a text."""
        if not self.names:
            return value
        words = "|".join(re.escape(name) for name in sorted(self.names, key=len, reverse=True))
        pattern = re.compile(rf"(?<!\w)(?:{words})(?!\w)", re.IGNORECASE)
        return mapped(value, lambda text: pattern.sub(self.pseudonym, text))


def mapped(value: Any, change) -> Any:
    """A JSON value with every text of it changed. Keys stay."""
    if isinstance(value, str):
        return change(value)
    if isinstance(value, list):
        return [mapped(one, change) for one in value]
    if isinstance(value, dict):
        return {key: mapped(one, change) for key, one in value.items()}
    return value


def without_texts(value: Any, *, but: Iterable[str] = ()) -> Any:
    """A JSON value without what somebody may have typed: numbers and hashes stay, and texts under
    the keys `but`."""
    if isinstance(value, dict):
        return {
            key: one if key in but and isinstance(one, str) else without_texts(one, but=but)
            for key, one in value.items()
        }
    if isinstance(value, list):
        return [without_texts(one, but=but) for one in value]
    if isinstance(value, str) and not _SHA256.fullmatch(value):
        return ""
    return value
