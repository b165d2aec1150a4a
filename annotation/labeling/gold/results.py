"""How labelers do on gold: met of how many, with the interval, by week and by tolerance.

What counts is the judgment that holds now, as in agreement. A gold item that does not count any
more counts for nobody.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import cached_property

from django.utils import timezone

from annotation.core.intervals import Interval, wilson_interval
from annotation.core.numbers import localised
from annotation.labeling.gold.judged import outcome
from annotation.labeling.models import GoldItem, Judgment, Purpose


@dataclass(frozen=True)
class Share:
    """Met of judged. Wilson's interval: it holds for few judgments, and for all or none met."""

    met: int
    count: int

    @property
    def value(self) -> float | None:
        return self.met / self.count if self.count else None

    @property
    def interval(self) -> Interval | None:
        return wilson_interval(self.met, self.count)

    @property
    def percent(self) -> str:
        return "–" if self.value is None else localised(f"{100 * self.value:.0f} %")

    @property
    def interval_text(self) -> str:
        if self.interval is None:
            return ""
        low, high = self.interval
        return f"{100 * low:.0f}–{100 * high:.0f} %"


@dataclass(frozen=True)
class GoldResult:
    """One judgment of a gold item."""

    gold: GoldItem
    labeler_id: int
    judgment_id: int
    submitted_at: datetime
    is_met: bool


@dataclass(frozen=True)
class Results:
    """Some of them, together and apart. Oldest first."""

    rows: Sequence[GoldResult] = field(default_factory=list)

    @cached_property
    def share(self) -> Share:
        return share_of(self.rows)

    @cached_property
    def by_week(self) -> dict[date, Share]:
        """By the Monday that the week begins with."""
        return _apart(self.rows, lambda row: monday_of(row.submitted_at))

    @cached_property
    def by_tolerance(self) -> dict[str, Share]:
        return _apart(self.rows, lambda row: row.gold.tolerance)

    @cached_property
    def by_labeler(self) -> dict[int, Share]:
        return _apart(self.rows, lambda row: row.labeler_id)

    @cached_property
    def by_gold(self) -> dict[int, Share]:
        return _apart(self.rows, lambda row: row.gold.pk)


def results(project, labeler=None, **period) -> Results:
    """Of a project, of one labeler where one is given, `since` a moment and `until` another. Two
    statements (and some for each rubric version that is not at hand)."""
    return results_in([project], labeler, **period)


def results_in(
    projects, labeler=None, *, since: datetime | None = None, until: datetime | None = None
) -> Results:
    """The same of several projects."""
    judged = Judgment.objects.filter(project__in=projects, purpose=Purpose.GOLD)
    if labeler is not None:
        judged = judged.filter(labeler=labeler)
    if since is not None:
        judged = judged.filter(submitted_at__gte=since)
    if until is not None:
        judged = judged.filter(submitted_at__lt=until)
    compared = ("ranks", "unacceptable", "rest_below", "ratings", "rubric_version_id")
    judged = judged.current().order_by("submitted_at", "pk")
    judged = judged.only(*compared, "labeler_id", "submitted_at", "item_id")
    answers = GoldItem.objects.filter(project__in=projects, is_counted=True).select_related("item")
    known = {gold.item_id: gold for gold in answers}
    return Results(
        [
            GoldResult(
                gold=known[one.item_id],
                labeler_id=one.labeler_id,
                judgment_id=one.pk,
                submitted_at=one.submitted_at,
                is_met=outcome(known[one.item_id], one).is_met,
            )
            for one in judged
            if one.item_id in known
        ]
    )


def share_of(rows: Iterable[GoldResult]) -> Share:
    found = [row.is_met for row in rows]
    return Share(sum(found), len(found))


def monday_of(moment: datetime) -> date:
    day = timezone.localdate(moment)
    return day - timedelta(days=day.weekday())


def _apart(rows: Sequence[GoldResult], key) -> dict:
    groups: dict = defaultdict(list)
    for row in rows:
        groups[key(row)].append(row)
    return {name: share_of(groups[name]) for name in sorted(groups)}
