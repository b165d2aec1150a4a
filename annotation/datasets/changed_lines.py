"""Which lines of a dataset are not what the database gives: named, with what stands there."""

import json
from collections.abc import Iterator
from itertools import islice, zip_longest
from pathlib import Path

from annotation.datasets.diff import KINDS, compare
from annotation.datasets.diff_words import sentence
from annotation.datasets.formats.frozen import Frozen

MOST = 20  # lines that are named


def changed_lines(folder: Path, whole: Path, names: list[str]) -> list[str]:
    """Of files that were changed after freezing, against the same dataset made anew."""
    return list(islice(_changed(folder, whole, names), MOST))


def _changed(folder: Path, whole: Path, names: list[str]) -> Iterator[str]:
    for name in names:
        if not (folder / name).is_file():
            continue
        with (folder / name).open("rb") as here, (whole / name).open("rb") as there:
            for number, (found, right) in enumerate(zip_longest(here, there), start=1):
                if found != right:
                    yield f"{name}, line {number}: {_words(found, right)}."


def _words(found: bytes | None, right: bytes | None) -> str:
    if found is None:
        return f"is missing ({_item(right)})"
    if right is None:
        return "does not belong there"
    return f"was changed ({_item(right)}{_fields(found, right)})"


def _item(line: bytes | None) -> str:
    item = json.loads(line or b"{}").get("item")
    return f"item {item}" if item else "of no item"


def _fields(found: bytes, right: bytes) -> str:
    """Which values differ, where it is still JSON."""
    try:
        said = json.loads(found)
    except ValueError:
        return ", no JSON any more"
    if not isinstance(said, dict):
        return ""
    true = json.loads(right)
    names = sorted(key for key in said.keys() | true.keys() if said.get(key) != true.get(key))
    return f": {', '.join(names)}" if names else ", in its spelling"


def changed_rows(folder: Path, today: Path) -> list[str]:
    """Of a whole dataset against what the database gives today: what came, went or turned."""
    found = compare(Frozen(folder), Frozen(today))
    told = [change for kind in KINDS for change in found.changes.get(kind, ())]
    said = [sentence(change) for change in told[:MOST]]
    left = found.counts.total() - len(said)
    return [*said, f"And {left:,} rows more."] if left else said
