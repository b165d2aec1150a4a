"""Rows on their way into the database: a temporary file per table, then one COPY each.

Whatever the size of the import, memory holds one line.
"""

import tempfile
from collections.abc import Sequence
from typing import IO, Any, Self

from django.db import connection

from annotation.core.database import copy_in


def escaped(text: str) -> str:
    """A text in PostgreSQL's COPY format."""
    if "\\" in text:
        text = text.replace("\\", "\\\\")
    if "\n" in text:
        text = text.replace("\n", "\\n")
    if "\r" in text:
        text = text.replace("\r", "\\r")
    return text.replace("\t", "\\t") if "\t" in text else text


def array(values: Sequence[Any]) -> str:
    """An array literal of numbers, booleans and nulls."""
    spelled = {None: "NULL", True: "t", False: "f"}
    return (
        "{"
        + ",".join(spelled[v] if v is None or isinstance(v, bool) else str(v) for v in values)
        + "}"
    )


def boolean(value: bool) -> str:
    return "t" if value else "f"


def nullable(value: Any) -> str:
    """A number or a time, or nothing."""
    return "\\N" if value is None else str(value)


class Spool:
    """Rows of one temporary table, kept in an unnamed file until they are copied."""

    def __init__(self, table: str, columns: Sequence[str]):
        self.table, self.columns = table, columns
        self.row_count = 0
        self._file: IO[bytes] = tempfile.TemporaryFile(  # noqa: SIM115  closed by __exit__
            prefix="concord-import-"
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def add(self, *fields: str) -> None:
        """Fields already in COPY format: text `escaped`, null as \\N."""
        self._file.write(("\t".join(fields) + "\n").encode())
        self.row_count += 1

    def copy(self) -> None:
        self._file.seek(0)
        columns = ", ".join(self.columns)
        with connection.cursor() as cursor:
            copy_in(cursor, f"COPY {self.table} ({columns}) FROM STDIN", self._file)
