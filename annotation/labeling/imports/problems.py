"""What is wrong with a file: the first thousand told, all counted."""

from typing import Any, NamedTuple

KEPT = 1_000
MAX_REASON = 500


class Problem(NamedTuple):
    line: int
    field: str
    reason: str

    def __str__(self) -> str:
        where = f"line {self.line}"
        return f"{where}: {self.field}: {self.reason}" if self.field else f"{where}: {self.reason}"


class RowRefused(Exception):
    """A line breaks one rule or several; `found` is a list of (field, reason)."""

    def __init__(self, *found: tuple[str, str]):
        super().__init__("; ".join(f"{field}: {reason}" for field, reason in found))
        self.found = list(found)


class Problems:
    """Collects in any order; `first` gives the earliest lines."""

    def __init__(self) -> None:
        self.count = 0
        self._kept: list[Problem] = []

    def __bool__(self) -> bool:
        return self.count > 0

    def add(self, line: int, field: str, reason: str) -> None:
        self.count += 1
        self._kept.append(Problem(line, field[:200], reason[:MAX_REASON]))
        if len(self._kept) >= 2 * KEPT:
            self._kept = self.first

    @property
    def first(self) -> list[Problem]:
        return sorted(self._kept, key=lambda problem: problem.line)[:KEPT]


def name_of_type(value: Any) -> str:
    """What a JSON value is, in words."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "a boolean"
    if isinstance(value, int | float):
        return "a number"
    if isinstance(value, str):
        return "text"
    return "a list" if isinstance(value, list) else "an object"
