"""The files of a run that reads and writes a line per prompt or response: JSON Lines, ids once."""

import json
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from training.checkpoint import sha256_of
from training.errors import ConfigError, DataError
from training.events import strict_json, sync_folder
from training.run import Run


def read(path: str, *, option: str, noun: str) -> list[tuple[str, dict[str, Any]]]:
    """(where it stands, row) of each line of the file that `option` names; ids are unique."""
    if not path or not Path(path).is_file():
        raise ConfigError(f"option {option!r} must be a file, got {path!r}")
    rows: list[tuple[str, dict[str, Any]]] = []
    known: set[str] = set()
    with Path(path).open(encoding="utf-8") as file:
        for number, line in enumerate(file, 1):
            where = f"{noun} line {number}"
            try:
                row = json.loads(line)
            except ValueError as error:
                raise DataError(f"{where} is not JSON: {error}") from error
            if not isinstance(row, dict) or not isinstance(row.get("id"), str):
                raise DataError(f"{where} needs an id")
            if row["id"] in known:
                raise DataError(f"{where}: the id {row['id']!r} appeared before")
            known.add(row["id"])
            rows.append((where, row))
    if not rows:
        raise DataError(f"no {noun}")
    return rows


def write(run: Run, name: str, rows: Iterable[dict[str, Any]]) -> None:
    """`name`.jsonl in the attempt's folder, by rename: whole or not at all. The run's artifact."""
    target = run.out / f"{name}.jsonl"
    temporary = run.out / f".{name}.jsonl.tmp"
    with temporary.open("w", encoding="utf-8") as file:
        for row in rows:
            file.write(strict_json(row) + "\n")
        file.flush()
        os.fsync(file.fileno())
    run.check()
    temporary.replace(target)
    sync_folder(run.out)
    run.outcome.files = {target.name: sha256_of(target)}
    run.journal.write("artifact", path=f"{run.journal.token}/{target.name}", kind=name)
