"""Advisory locks: a periodic job runs once, however many schedulers ring."""

import zlib
from contextlib import contextmanager

from django.db import connection


def lock_number(name: str) -> int:
    return zlib.crc32(name.encode())


@contextmanager
def only_one(name: str):
    """True inside for one holder at a time, False for everybody else. Never waits."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [lock_number(name)])
        (is_ours,) = cursor.fetchone()
    try:
        yield is_ours
    finally:
        if is_ours:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(%s)", [lock_number(name)])
