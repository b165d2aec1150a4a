"""Times as people here count them."""

from datetime import datetime

from django.utils import timezone


def last_midnight() -> datetime:
    """When today began, in the time zone of the site."""
    return timezone.localtime().replace(hour=0, minute=0, second=0, microsecond=0)
