"""How much was judged on each day and by whom; and so, when it will be done."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import date, timedelta

from django.db.models import Count
from django.db.models.functions import TruncDate

from annotation.core.clock import last_midnight
from annotation.labeling.models import Judgment
from annotation.quality.stats.forecast import Forecast, days_until_done

SHOWN_DAYS = 14


@dataclass(frozen=True)
class OfLabeler:
    """What one labeler judged."""

    handle: str
    today: int
    week: int  # the last seven days with today
    shown: int  # all days shown


@dataclass
class Throughput:
    """First judgments of items as work, by day, oldest first; today is the last of them."""

    days: list[date]
    counts: list[int]
    labelers: list[OfLabeler] = field(default_factory=list)
    # The complete days a forecast may rest on.
    complete: list[int] = field(default_factory=list)

    @property
    def today(self) -> int:
        return self.counts[-1]


def throughput_of(project) -> Throughput:
    """By the members' index of judgments: it reads what its days hold, not the project. Imported
    judgments were not made here, and a change or what is taken back is no further judgment."""
    handles = dict(project.memberships.values_list("user_id", "handle"))
    midnight = last_midnight()
    # A day more than is shown: the complete ones end before today.
    read = [(midnight - timedelta(days=back)).date() for back in reversed(range(SHOWN_DAYS + 1))]
    since = midnight - timedelta(days=SHOWN_DAYS)
    made = Judgment.objects.work().filter(project=project, labeler__in=list(handles), revision=1)
    made = made.exclude(origin=Judgment.Origin.IMPORT)
    rows = (
        made.filter(submitted_at__gte=since)
        .annotate(day=TruncDate("submitted_at"))
        .values_list("labeler_id", "day")
        .annotate(count=Count("pk"))
        .order_by()
    )
    by_day: Counter[date] = Counter()
    by_labeler: dict[int, Counter[date]] = {}
    for labeler, day, count in rows:
        by_day[day] += count
        by_labeler.setdefault(labeler, Counter())[day] += count
    complete = [by_day[day] for day in read[:-1]]
    if not made.filter(submitted_at__lt=since).exists():
        # Nothing came before: the empty days until the first judgment say nothing.
        begun = next((n for n, count in enumerate(complete) if count), len(complete))
        complete = complete[begun:]
    return Throughput(
        days=read[1:],
        counts=[by_day[day] for day in read[1:]],
        labelers=_labelers(by_labeler, handles, read[1:]),
        complete=complete,
    )


def _labelers(by_labeler, handles, days) -> list[OfLabeler]:
    found = [
        OfLabeler(
            handle=handles[labeler],
            today=counts[days[-1]],
            week=sum(counts[day] for day in days[-7:]),
            shown=sum(counts[day] for day in days),
        )
        for labeler, counts in by_labeler.items()
    ]
    return sorted((one for one in found if one.shown), key=lambda one: (-one.shown, one.handle))


def forecast_of(throughput: Throughput, remaining: int) -> Forecast:
    return days_until_done(remaining, throughput.complete)
