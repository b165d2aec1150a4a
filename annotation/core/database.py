"""What the database says when something goes wrong, whichever driver says it."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import islice
from typing import Any, TypeVar

from django.db import DatabaseError, IntegrityError, connection, transaction

from annotation.core.errors import Conflict

Row = TypeVar("Row")

SERIALIZATION_FAILURE, DEADLOCK, UNIQUE_VIOLATION = "40001", "40P01", "23505"


def sqlstate(error: DatabaseError) -> str:
    """The five characters of PostgreSQL's error code, or '' where the connection was lost."""
    cause = error.__cause__
    return getattr(cause, "pgcode", None) or getattr(cause, "sqlstate", None) or ""


def is_retryable(error: DatabaseError) -> bool:
    """True where two transactions met and running this one again may well succeed."""
    return sqlstate(error) in (SERIALIZATION_FAILURE, DEADLOCK, UNIQUE_VIOLATION)


@contextmanager
def named_once(constraint: str, taken: str) -> Iterator[None]:
    """A transaction in which a row is written whose name is unique: where it is taken, Conflict
    with the sentence `taken`."""
    try:
        with transaction.atomic():
            yield
    except IntegrityError as error:
        if constraint not in str(error):
            raise
        raise Conflict(taken) from error


def rows_of(sql: str, values: dict[str, Any]) -> list[tuple[Any, ...]]:
    """All rows of a statement, by its `%(named)s` parameters."""
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return cursor.fetchall()


def in_pieces(rows: Iterable[Row], size: int) -> Iterator[list[Row]]:
    """The rows, so many at a time: a statement locks and sends no more than that."""
    source = iter(rows)
    while piece := list(islice(source, size)):
        yield piece


def copy_in(cursor, statement: str, stream) -> None:
    """COPY … FROM STDIN of a binary file, in pieces, by whichever driver there is."""
    driver = cursor.cursor
    if hasattr(driver, "copy_expert"):  # psycopg2
        driver.copy_expert(statement, stream, size=1 << 16)
        return
    with driver.copy(statement) as copy:
        while piece := stream.read(1 << 16):
            copy.write(piece)


@contextmanager
def consistent_reads():
    """Several reads of one moment. Inside somebody else's transaction theirs counts."""
    is_outermost = not connection.in_atomic_block
    with transaction.atomic():
        if is_outermost:
            with connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        yield
