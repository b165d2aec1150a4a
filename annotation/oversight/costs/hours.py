"""How long labelers worked: the seconds of their judgments, by labeler and day.

The judging page counts a second only while its tab is shown and in use; the count goes on where a
judgment is changed. So an item's time is that of its last revision, and each revision adds what it
has above the ones before. One item counts at most the project's cap, which the page says.
"""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import ROUND_HALF_UP, Decimal

from django.db import connection
from django.utils import timezone

from annotation.oversight.models import MemberRate, Pay
from annotation.projects.models import Membership

DEFAULT_CAP_MINUTES = 15
CENT = Decimal("0.01")

HOURS = """
SELECT labeler_id, day, count(*) FILTER (WHERE revision = 1), coalesce(sum(credit), 0),
       count(*) FILTER (WHERE seconds > %(cap)s), count(*) FILTER (WHERE seconds IS NULL)
  FROM (
    SELECT j.labeler_id, j.revision, j.seconds,
           (j.submitted_at AT TIME ZONE %(zone)s)::date AS day,
           greatest(0, least(coalesce(j.seconds, 0), %(cap)s) - coalesce(
             (SELECT least(max(b.seconds), %(cap)s) FROM labeling_judgment b
               WHERE j.revision > 1 AND b.revision < j.revision
                 AND b.item_id = j.item_id AND b.labeler_id = j.labeler_id
                 AND b.is_repeat = j.is_repeat
              HAVING max(b.seconds) IS NOT NULL), 0)) AS credit
      FROM labeling_judgment j
     WHERE j.labeler_id = ANY (%(labelers)s) AND j.project_id = %(project)s
       AND j.submitted_at >= %(since)s AND j.submitted_at < %(until)s AND j.origin <> 'import'
  ) AS judged
 GROUP BY labeler_id, day ORDER BY labeler_id, day
"""


@dataclass(frozen=True)
class Day:
    """One labeler's work on one day."""

    handle: str
    day: date
    judgment_count: int
    seconds: int
    capped_count: int  # items that took longer than counts
    unmeasured_count: int  # judgments that say nothing of their time
    rate: Decimal | None

    @property
    def amount(self) -> Decimal | None:
        """Rounded by the day, so that sums over days and labelers add up to the cent."""
        if self.rate is None:
            return None
        return (self.rate * self.seconds / 3600).quantize(CENT, ROUND_HALF_UP)


@dataclass(frozen=True)
class Total:
    """A labeler's work in a period, or everybody's."""

    handle: str
    day_count: int
    judgment_count: int
    seconds: int
    rate: Decimal | None
    amount: Decimal | None

    @classmethod
    def of(cls, handle: str, days: list[Day], rate: Decimal | None = None) -> "Total":
        amounts = [day.amount for day in days if day.amount is not None]
        return cls(
            handle=handle,
            day_count=len({day.day for day in days}),
            judgment_count=sum(day.judgment_count for day in days),
            seconds=sum(day.seconds for day in days),
            rate=rate,
            amount=sum(amounts, Decimal(0)) if amounts else None,
        )


def pay_of(project) -> Pay | None:
    return Pay.objects.filter(project=project).first()


def days_of(project, first: date, last: date) -> list[Day]:
    """Each labeler's days from `first` to `last`, by handle, then by day. It reads the judgments
    of the period by the labelers' index, whatever else the project holds."""
    pay = pay_of(project)
    members = {one.user_id: one for one in Membership.objects.filter(project=project)}
    own = dict(
        MemberRate.objects.filter(membership__project=project).values_list(
            "membership__user_id", "hourly_rate"
        )
    )
    usual = pay.hourly_rate if pay else None
    days = [
        Day(members[labeler].handle, day, count, round(seconds), *odd, own.get(labeler, usual))
        for labeler, day, count, seconds, *odd in _rows(project, pay, list(members), first, last)
    ]
    return sorted(days, key=lambda one: (one.handle, one.day))


def totals_of(days: list[Day]) -> list[Total]:
    """By labeler, the longest first."""
    by_handle: dict[str, list[Day]] = {}
    for day in days:
        by_handle.setdefault(day.handle, []).append(day)
    totals = [Total.of(handle, own, own[0].rate) for handle, own in by_handle.items()]
    return sorted(totals, key=lambda one: (-one.seconds, one.handle))


def _rows(project, pay, labelers, first, last):
    values = {
        "project": project.pk,
        "labelers": labelers,
        "cap": 60.0 * (pay.cap_minutes if pay else DEFAULT_CAP_MINUTES),
        "zone": timezone.get_current_timezone_name(),
        "since": timezone.make_aware(datetime.combine(first, time.min)),
        "until": timezone.make_aware(datetime.combine(last + timedelta(days=1), time.min)),
    }
    with connection.cursor() as cursor:
        cursor.execute(HOURS, values)
        return cursor.fetchall()
