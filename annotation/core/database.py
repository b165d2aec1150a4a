"""What the database says when something goes wrong, whichever driver says it."""

from django.db import DatabaseError

SERIALIZATION_FAILURE, DEADLOCK, UNIQUE_VIOLATION = "40001", "40P01", "23505"


def sqlstate(error: DatabaseError) -> str:
    """The five characters of PostgreSQL's error code, or '' where the connection was lost."""
    cause = error.__cause__
    return getattr(cause, "pgcode", None) or getattr(cause, "sqlstate", None) or ""


def is_retryable(error: DatabaseError) -> bool:
    """True where two transactions met and running this one again may well succeed."""
    return sqlstate(error) in (SERIALIZATION_FAILURE, DEADLOCK, UNIQUE_VIOLATION)
