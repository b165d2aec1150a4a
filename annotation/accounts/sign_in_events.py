"""Signing in, for the audit trail: each success, and the refused ones by the hour."""

from datetime import timedelta

from django.db import connection, transaction
from django.utils import timezone

from annotation.accounts.models import RefusedSignIns
from annotation.core import audit

HOUR = timedelta(hours=1)

# One statement, so that two at the same moment are two.
COUNT = """
INSERT INTO accounts_refusedsignins (hour, count) VALUES (%(hour)s, 1)
ON CONFLICT (hour) DO UPDATE SET count = accounts_refusedsignins.count + 1
"""


def record_sign_in(user) -> None:
    audit.record("sign_in.succeeded", actor=user, target=f"user:{user.pk}")


def count_refused() -> None:
    with connection.cursor() as cursor:
        cursor.execute(COUNT, {"hour": _hour_of(timezone.now())})


def record_refused() -> int:
    """One event for each hour that is over. Returns how many."""
    with transaction.atomic():
        over = RefusedSignIns.objects.filter(hour__lt=_hour_of(timezone.now()))
        rows = list(over.select_for_update(skip_locked=True).order_by("hour"))
        for row in rows:
            audit.record("sign_in.refused", count=row.count, hour=row.hour.isoformat())
        RefusedSignIns.objects.filter(pk__in=[row.pk for row in rows]).delete()
    return len(rows)


def _hour_of(moment):
    return moment.replace(minute=0, second=0, microsecond=0)
