"""Rows as Parquet, where pyarrow is there (the extra `export`); JSON Lines need nothing."""

from collections.abc import Iterable
from importlib.util import find_spec
from itertools import islice
from pathlib import Path
from typing import Any

from django.utils.translation import gettext_noop

from annotation.core.errors import DomainError
from annotation.datasets.formats.columns import FLAG, INTEGER, NUMBER, TEXT

BATCH = 2_000  # rows in memory, and in a row group
MISSING = gettext_noop(
    "Parquet needs pyarrow, which is not installed here (the extra “export”). JSON Lines need "
    "nothing."
)


def is_available() -> bool:
    """Without importing it: it takes a second and 60 MB."""
    return find_spec("pyarrow") is not None


def write(rows: Iterable[dict[str, Any]], columns: dict[str, Any], path: Path) -> int:
    """The rows with these columns; returns how many."""
    if not is_available():
        raise DomainError(MISSING)
    import pyarrow
    import pyarrow.parquet

    schema = pyarrow.schema([(name, _type(pyarrow, kind)) for name, kind in columns.items()])
    source, count = iter(rows), 0
    with pyarrow.parquet.ParquetWriter(path, schema, compression="zstd") as writer:
        while batch := list(islice(source, BATCH)):
            count += len(batch)
            writer.write_table(pyarrow.Table.from_pylist(batch, schema=schema))
    return count


def _type(pyarrow, kind):
    if isinstance(kind, list):
        return pyarrow.list_(_type(pyarrow, kind[0]))
    if isinstance(kind, dict):
        return pyarrow.struct([(name, _type(pyarrow, one)) for name, one in kind.items()])
    return {
        TEXT: pyarrow.string,
        INTEGER: pyarrow.int64,
        NUMBER: pyarrow.float64,
        FLAG: pyarrow.bool_,
    }[kind]()
