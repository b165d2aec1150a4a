"""Statements that PostgreSQL parses and plans once per connection.

On the judging path planning a statement costs several times what running it does, and the drivers
send text that is planned anew each time.
"""

import hashlib
import re
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from typing import Any
from weakref import WeakKeyDictionary

from django.db import DEFAULT_DB_ALIAS, connections
from django.db.models import Model

# A plan is made for tables as large as they are then. PostgreSQL looks again once they are
# analysed; one that was empty would be read from end to end until that.
USES_OF_A_PLAN = 300
# How often a driver's connection ran what it knows. A new connection knows nothing.
_uses: WeakKeyDictionary[object, dict[str, int]] = WeakKeyDictionary()
PLACEHOLDER = re.compile(r"%\((\w+)\)s|%%")


class Prepared:
    """One SQL statement with `%(named)s` parameters. Where PostgreSQL cannot tell a parameter's
    type by its place, the statement casts it."""

    def __init__(self, sql: str):
        self.sql = sql
        self.names = list(dict.fromkeys(name for name in PLACEHOLDER.findall(sql) if name))
        # By its content: whatever else knows this name means the same statement.
        self.name = f"concord_{hashlib.sha256(sql.encode()).hexdigest()[:24]}"

        places = ", ".join(["%s"] * len(self.names))
        self._execute = f"EXECUTE {self.name}" + (f"({places})" if places else "")

    def row(self, values: Mapping[str, Any]) -> tuple[Any, ...] | None:
        """The first row that it returns, or None."""
        rows = self.rows(values)
        return rows[0] if rows else None

    def rows(self, values: Mapping[str, Any]) -> list[tuple[Any, ...]]:
        """Run it. It counts as one statement: that it is made known to a new connection first is
        no matter of whoever runs it."""
        database = connections[DEFAULT_DB_ALIAS]
        with database.cursor() as cursor:
            uses = _uses.setdefault(database.connection, {})
            if uses.get(self.name, USES_OF_A_PLAN) >= USES_OF_A_PLAN:
                self._prepare(database, uses)
            uses[self.name] += 1
            cursor.execute(self._execute, [values[name] for name in self.names])
            return cursor.fetchall()

    def _prepare(self, database, uses: dict[str, int]) -> None:
        with database.wrap_database_errors, database.connection.cursor() as driver:
            if self.name in uses:
                driver.execute(f"DEALLOCATE {self.name}")
                del uses[self.name]
            driver.execute(f"PREPARE {self.name} AS {self._numbered()}")
            uses[self.name] = 0

    def _numbered(self) -> str:
        """The statement as PREPARE wants it: $1, $2, …"""
        numbers = {name: f"${number}" for number, name in enumerate(self.names, start=1)}
        return PLACEHOLDER.sub(lambda found: numbers.get(found[1], "%"), self.sql)


def columns_of(model: type[Model], alias: str) -> list[str]:
    """All of a model's columns, for a statement whose rows `instance_of` reads."""
    return [f'{alias}."{field.column}"' for field in model._meta.concrete_fields]


def instance_of(model: type[Model], values: Iterator[Any]) -> Any:
    """The next instance in a row, its values read as the ORM reads them."""
    names, readers = _fields_of(model)
    read = [
        reader(value, None, connections[DEFAULT_DB_ALIAS]) if reader else value
        for reader, value in zip(readers, values, strict=False)
    ]
    return model.from_db(DEFAULT_DB_ALIAS, names, read)


@cache
def _fields_of(model: type[Model]) -> tuple[list[str], list[Callable[..., Any] | None]]:
    fields = model._meta.concrete_fields
    readers = [getattr(field, "from_db_value", None) for field in fields]
    return [field.attname for field in fields], readers
