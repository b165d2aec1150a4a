"""Where the database and the broker are, for settings: the environment, else a live demo."""

from __future__ import annotations

import os

from annotation.core.embedded import live, places


def database_url() -> str | None:
    """DATABASE_URL, else the running demo's PostgreSQL, else None."""
    return os.environ.get("DATABASE_URL") or _published("database_url")


def redis_url() -> str | None:
    """REDIS_URL, else the running demo's broker, else None."""
    return os.environ.get("REDIS_URL") or _published("redis_url")


def _published(name: str) -> str | None:
    value = (live.facts(places.data_directory()) or {}).get(name)
    return value if isinstance(value, str) else None
