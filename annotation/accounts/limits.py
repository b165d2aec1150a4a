"""Where the limits of signing in are counted: a table, so that all web processes count together
and a lost broker forgets nothing. Django's own cache in the database keeps pickles; this keeps
JSON, and takes one statement for each call.
"""

from datetime import timedelta

from django.core.cache.backends.base import DEFAULT_TIMEOUT, BaseCache
from django.db import connection
from django.utils import timezone

from annotation.accounts.models import Limit
from annotation.core.strict_json import canonical

LONGEST = timedelta(days=1)  # for what was given no end


class LimitCache(BaseCache):
    """What django-allauth asks of a cache, over rows of `Limit`."""

    def __init__(self, name, params):
        super().__init__(params)

    def get(self, key, default=None, version=None):
        live = Limit.objects.filter(key=self._key(key, version), expires_at__gt=timezone.now())
        found = live.values_list("value").first()
        return default if found is None else found[0]

    def set(self, key, value, timeout=DEFAULT_TIMEOUT, version=None):
        self._write(key, value, timeout, version, always=True)

    def add(self, key, value, timeout=DEFAULT_TIMEOUT, version=None):
        """Keep it unless there is one already, and say whether it was kept: one statement, so
        that of two at the same moment one is told no."""
        return self._write(key, value, timeout, version, always=False)

    def touch(self, key, timeout=DEFAULT_TIMEOUT, version=None):
        now = timezone.now()
        live = Limit.objects.filter(key=self._key(key, version), expires_at__gt=now)
        return live.update(expires_at=self._end(now, timeout)) > 0

    def delete(self, key, version=None):
        return Limit.objects.filter(key=self._key(key, version)).delete()[0] > 0

    def clear(self):
        Limit.objects.all().delete()

    def _key(self, key, version) -> str:
        return self.make_and_validate_key(key, version=version)

    @staticmethod
    def _end(now, timeout):
        has_end = timeout is not None and timeout is not DEFAULT_TIMEOUT
        return now + (timedelta(seconds=timeout) if has_end else LONGEST)

    def _write(self, key, value, timeout, version, *, always) -> bool:
        now = timezone.now()
        values = {
            "key": self._key(key, version),
            "value": canonical(value).decode(),
            "now": now,
            "always": always,
            "end": self._end(now, timeout),
        }
        with connection.cursor() as cursor:
            cursor.execute(
                "INSERT INTO accounts_limit (key, value, expires_at)"
                " VALUES (%(key)s, %(value)s::jsonb, %(end)s) ON CONFLICT (key) DO UPDATE"
                " SET value = excluded.value, expires_at = excluded.expires_at"
                " WHERE %(always)s OR accounts_limit.expires_at <= %(now)s RETURNING key",
                values,
            )
            return cursor.fetchone() is not None
