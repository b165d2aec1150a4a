"""What a labeler sees of their own work: how much, how long, and agreement with their peers over
time. Never anybody's name, never a ranking of people."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from statistics import median

import numpy as np
from django.utils import formats, timezone
from django.utils.translation import gettext as _

from annotation.core.charts.bars import BarChart, bar_chart
from annotation.core.charts.lines import LineChart, Series, line_chart
from annotation.core.clock import last_midnight
from annotation.labeling.gold.results import Share
from annotation.labeling.models import ON_THE_LADDER, Judgment, Purpose
from annotation.labeling.verdict.tiers import signs_of
from annotation.projects.permissions import visible_in
from annotation.quality.gold import own_gold
from annotation.quality.stats.bootstrap import bootstrap_mean

# The latest judgments only: a page must not grow with somebody's years of work.
MOST = 2_000
LEAST_COMPARISONS = 20
DAYS = 14
# Raw agreement between people on preferences as published: Bai et al. 2022 63 %, Ouyang et al.
# 2022 73 %, Stiennon et al. 2020 72 to 77 %, Zheng et al. 2023 81 %.
USUAL = (65.0, 80.0)


@dataclass(frozen=True)
class Agreement:
    """The mean share, over shared items, of comparisons that a peer decided alike."""

    share: float | None
    low: float | None
    high: float | None
    item_count: int
    comparison_count: int

    @property
    def text(self) -> str:
        """The figure with its interval, or why there is none."""
        if self.share is None:
            return _("needs %(least)d shared comparisons, has %(count)d") % {
                "least": LEAST_COMPARISONS,
                "count": self.comparison_count,
            }
        value = f"{100 * self.share:.0f} %"
        if self.low is None or self.high is None:
            return value
        return f"{value} [{100 * self.low:.0f}, {100 * self.high:.0f}]"


@dataclass(frozen=True)
class OwnFigures:
    """Of the latest judgments (at most `MOST`)."""

    count: int
    today_count: int
    seconds: float
    today_seconds: float
    median_seconds: float | None
    is_cut: bool
    agreement: Agreement
    gold: Share | None
    by_day: BarChart
    by_week: LineChart | None


@dataclass(frozen=True)
class _Own:
    item: int
    signs: dict[tuple[int, int], int]
    seconds: float | None
    day: date
    is_work: bool


def own_figures(labeler) -> OwnFigures:
    """Over the projects that the labeler is in. Four statements, whatever their size."""
    rows = rows_of(visible_in(Judgment.objects.filter(labeler=labeler), labeler, "judge"))
    today = timezone.localdate()
    # Agreement as of this morning: a number that moves after every submit but some would tell
    # which of them were gold.
    shares = shares_with_peers(labeler, [row for row in rows if row.day < today], last_midnight())
    timed = [row.seconds for row in rows if row.seconds is not None]
    of_today = [row for row in rows if row.day == today]
    weeks: dict[date, list[tuple[float, int]]] = defaultdict(list)
    for row in rows:
        if row.item in shares:
            weeks[row.day - timedelta(days=row.day.weekday())].append(shares[row.item])
    return OwnFigures(
        count=len(rows),
        today_count=len(of_today),
        seconds=sum(timed),
        today_seconds=sum(row.seconds or 0.0 for row in of_today),
        median_seconds=median(timed) if timed else None,
        is_cut=len(rows) == MOST,
        agreement=agreement_of(list(shares.values())),
        gold=own_gold(labeler),
        by_day=_by_day(rows, today),
        by_week=_by_week(weeks),
    )


def agreement_of(shares: Sequence[tuple[float, int]]) -> Agreement:
    """From (share, comparisons) per item: the mean and its bootstrap interval, over items."""
    values = np.array([share for share, _n in shares])
    comparisons = sum(n for _share, n in shares)
    if comparisons < LEAST_COMPARISONS:
        return Agreement(None, None, None, len(values), comparisons)
    low, high = bootstrap_mean(values, seed=len(values)) or (None, None)
    return Agreement(float(values.mean()), low, high, len(values), comparisons)


def rows_of(judgments) -> list[_Own]:
    """The latest of somebody's judgments that hold."""
    rows = (
        judgments.exclude(purpose__in=ON_THE_LADDER)
        .current()
        .order_by("-submitted_at")
        .values_list(
            "item_id", "ranks", "unacceptable", "rest_below", "seconds", "submitted_at", "purpose"
        )[:MOST]
    )
    return [
        _Own(item, signs_of(*verdict), seconds, timezone.localdate(at), purpose == Purpose.WORK)
        for item, *verdict, seconds, at, purpose in rows
    ]


def shares_with_peers(
    labeler, rows: Iterable[_Own], before: datetime | None = None
) -> dict[int, tuple[float, int]]:
    """Per item that others judged too, as work: the share decided alike, and of how many
    comparisons."""
    own = {row.item: row.signs for row in rows if row.is_work}
    same: dict[int, int] = defaultdict(int)
    all_of: dict[int, int] = defaultdict(int)
    peers = Judgment.objects.filter(item__in=list(own)).exclude(labeler=labeler).work().current()
    if before is not None:
        peers = peers.filter(submitted_at__lt=before)
    for item, *verdict in peers.values_list("item_id", "ranks", "unacceptable", "rest_below"):
        theirs, mine = signs_of(*verdict), own[item]
        shared = mine.keys() & theirs.keys()
        same[item] += sum(mine[pair] == theirs[pair] for pair in shared)
        all_of[item] += len(shared)
    return {item: (same[item] / count, count) for item, count in all_of.items() if count}


def _by_day(rows: Sequence[_Own], today: date) -> BarChart:
    days = [today - timedelta(days=back) for back in reversed(range(DAYS))]
    counts = dict.fromkeys(days, 0)
    for row in rows:
        if row.day in counts:
            counts[row.day] += 1
    return bar_chart(
        label=_("Your judgments per day, the last %(days)d days") % {"days": DAYS},
        bars=[(formats.date_format(day, _("j M")), float(n)) for day, n in counts.items()],
        name=_("Day"),
        value_name=_("Judgments"),
        last_is_unfinished=True,
    )


def _by_week(weeks: dict[date, list[tuple[float, int]]]) -> LineChart | None:
    """A line where at least two weeks have enough to say something."""
    known = [(week, agreement_of(weeks[week])) for week in sorted(weeks)]
    known = [(week, found) for week, found in known if found.share is not None]
    if len(known) < 2:
        return None
    values = [100 * (found.share or 0.0) for _week, found in known]
    return line_chart(
        label=_("Agreement with your peers, week by week"),
        series=[
            Series(
                _("you"),
                [(float(place), value) for place, value in enumerate(values)],
                low=[100 * (found.low or 0.0) for _week, found in known],
                high=[100 * (found.high or 1.0) for _week, found in known],
            )
        ],
        x_name=_("Week of"),
        y_name="%",
        x_labels=[formats.date_format(week, _("j M")) for week, _found in known],
        y_range=(0.0, 100.0),
        usual=(*USUAL, _("usual between people")),
    )
