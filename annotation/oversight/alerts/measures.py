"""What alerts look at: a number for each kind, or None while there is too little to go by."""

from datetime import timedelta

from django.db.models import Max
from django.utils import timezone

from annotation.labeling.gold.results import results
from annotation.labeling.models import Item, Judgment
from annotation.oversight.alerts.rules import RULES
from annotation.oversight.models import AlertKind
from annotation.quality.models import judgment_state
from annotation.quality.services import (
    SMALL,
    compute_report,
    is_stale,
    latest_report,
    request_figures,
)

LEAST_ITEMS = 20  # with two judgments, for agreement
LEAST_GOLD = 20  # judgments of gold in the last week
GOLD_DAYS = 7
# A large project's agreement is computed again at most this often for an alert.
RECOMPUTE_AFTER = timedelta(hours=1)
LONGEST_IDLE = timedelta(hours=720)


def raw_agreement(project, threshold) -> float | None:
    """In per cent, from the report in force."""
    value = _figure(project, "raw")
    return None if value is None else 100 * value


def alpha(project, threshold) -> float | None:
    return _figure(project, "alpha_ordinal")


def gold_accuracy(project, threshold) -> float | None:
    """In per cent: gold met of gold judged, in the last week."""
    share = results(project, since=timezone.now() - timedelta(days=GOLD_DAYS)).share
    if share.value is None or share.count < LEAST_GOLD:
        return None
    return 100 * share.value


def items_left(project, threshold) -> float | None:
    """Items that can be lent, counted only as far as it matters. None before the first item."""
    enough = int(threshold + RULES[AlertKind.QUEUE].margin(threshold)) + 1
    left = Item.objects.filter(project=project).open().order_by()[:enough].count()
    if left == 0 and not Item.objects.filter(project=project).exists():
        return None
    return float(left)


def hours_idle(project, threshold) -> float | None:
    """Hours since the last judgment made here; 0 where nothing is left to judge. None before the
    first one: work that never began is not interrupted."""
    if not Item.objects.filter(project=project).open().exists():
        return 0.0
    now = timezone.now()
    members = list(project.memberships.values_list("user_id", flat=True))
    made = Judgment.objects.filter(project=project, labeler__in=members)
    made = made.exclude(origin=Judgment.Origin.IMPORT)
    last = made.filter(submitted_at__gt=now - LONGEST_IDLE).aggregate(at=Max("submitted_at"))["at"]
    if last is None:
        return LONGEST_IDLE.total_seconds() / 3600 if made.exists() else None
    return (now - last).total_seconds() / 3600


MEASURES = {
    AlertKind.AGREEMENT: raw_agreement,
    AlertKind.ALPHA: alpha,
    AlertKind.GOLD: gold_accuracy,
    AlertKind.QUEUE: items_left,
    AlertKind.IDLE: hours_idle,
}


def _figure(project, name: str) -> float | None:
    report = _report(project)
    if report is None:
        return None
    figure = report.result["agreement"]["pairs"][name]
    return figure["value"] if (figure["n_pairable"] or 0) >= LEAST_ITEMS else None


def _report(project):
    """The newest one. A small project's is made new on the spot, a large one's by a job: then the
    next look finds it."""
    report = latest_report(project)
    if report is not None and not is_stale(report):
        return report
    if judgment_state(project)[0] <= SMALL:
        return compute_report(project=project)
    if report is None or report.computed_at < timezone.now() - RECOMPUTE_AFTER:
        request_figures(project=project)
    return report
