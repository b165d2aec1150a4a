"""A frozen dataset written into a folder in one of the formats, a file after the other."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from annotation.core.errors import DomainError
from annotation.datasets.formats import argilla, label_studio, parquet
from annotation.datasets.formats.catalogue import Document, Format
from annotation.datasets.formats.frozen import SPLITS, Frozen, Row

FORMAT = "concord-export/1"
RECORD = "export.json"
# What `datasets` and most others call the splits.
SPLIT_NAMES = {"train": "train", "dev": "validation", "test": "test"}
_ENCODER = json.JSONEncoder(ensure_ascii=False, allow_nan=False)


@dataclass
class Written:
    """What lies in the folder: rows by file; the other files with their contents."""

    rows: dict[str, int] = field(default_factory=dict)
    others: list[str] = field(default_factory=list)

    @property
    def names(self) -> list[str]:
        return [*self.rows, *self.others]


def lines(rows: Iterable[Row]) -> Iterator[bytes]:
    for row in rows:
        yield _ENCODER.encode(row).encode() + b"\n"


def write(
    frozen: Frozen,
    form: Format | Document,
    target: Path,
    *,
    as_parquet: bool = False,
    title: str = "",
    guidelines: str = "",
) -> Written:
    """All of it. A split without rows has no file: programs refuse an empty one."""
    if isinstance(form, Document):
        if as_parquet:
            raise DomainError(f"The format “{form.key}” is JSON, never Parquet.")
        return _write_document(frozen, form, target, title, guidelines)
    if as_parquet and form.columns is None:
        raise DomainError(f"The format “{form.key}” is JSON Lines, never Parquet.")
    written = Written()
    for split in SPLITS:
        path = target / f"{split}.{'parquet' if as_parquet else 'jsonl'}"
        count = write_split(frozen, form, split, path, as_parquet=as_parquet)
        if count:
            written.rows[path.name] = count
        else:
            path.unlink()
    return written


def write_split(
    frozen: Frozen, form: Format, split: str, path: Path, *, as_parquet: bool = False
) -> int:
    rows = form.rows(frozen, split)
    if as_parquet and form.columns is not None:
        return parquet.write(rows, form.columns, path)
    count = 0
    with path.open("wb") as file:
        for count, line in enumerate(lines(rows), start=1):  # noqa: B007  counted after the loop
            file.write(line)
    return count


def _write_document(frozen, form, target, title, guidelines) -> Written:
    tally = _Tally()
    count = 0
    with (target / form.file).open("wb") as file:
        file.write(b"[")
        for count, row in enumerate(form.rows(frozen), start=1):
            tally.see(row)
            file.write(b",\n" if count > 1 else b"\n")
            file.write(_ENCODER.encode(row).encode())
        file.write(b"\n]\n")
    written = Written(rows={form.file: count})
    for name, content in _besides(form.key, tally, title, guidelines).items():
        (target / name).parent.mkdir(exist_ok=True)
        (target / name).write_text(content, encoding="utf-8")
        written.others.append(name)
    return written


class _Tally:
    """What the settings of a document need to know of its rows."""

    def __init__(self):
        self.most_responses = 0

    def see(self, row: Row) -> None:
        keys = row.get("metadata", {}).get("keys", ())
        self.most_responses = max(self.most_responses, len(keys))


def _besides(kind: str, tally: _Tally, title: str, guidelines: str) -> dict[str, str]:
    if kind == "argilla":
        files: dict[str, Any] = {
            ".argilla/settings.json": argilla.settings(max(1, tally.most_responses), guidelines),
            ".argilla/dataset.json": argilla.dataset(title, guidelines),
        }
        return {name: _ENCODER.encode(content) + "\n" for name, content in files.items()}
    if kind == "label-studio":
        return {"config.xml": label_studio.ranked_config()}
    return {"config.xml": label_studio.PAIRED_CONFIG}
