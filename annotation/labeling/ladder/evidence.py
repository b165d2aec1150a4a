"""What the numbers say about somebody's work in a project: kept with a suspension."""

from collections import defaultdict
from typing import Any

from annotation.core.intervals import wilson_interval
from annotation.labeling.gold.results import results
from annotation.labeling.models import ItemReport, Judgment
from annotation.labeling.verdict.tiers import signs_of

# The latest only: a figure must not grow with years of work.
MOST = 2_000


def evidence_of(membership) -> dict[str, Any]:
    """{"judged", "gold": share, "agreement": {"right", "of", "items"}, "flags": {"judgments",
    "skipped", "reports"}} as of now; a share is {"right", "of", "percent", "low", "high"}."""
    mine = Judgment.objects.filter(project=membership.project_id, labeler=membership.user_id)
    return {
        "judged": mine.work().filter(revision=1).count(),
        "gold": gold_share(membership),
        "agreement": _agreement(membership),
        "flags": _flags(membership),
    }


def share(right: int, of: int) -> dict[str, Any]:
    """A share in percent with its interval (Wilson, 95 %); null where there is nothing."""
    interval = wilson_interval(right, of)
    low, high = (round(100 * bound, 1) for bound in interval) if interval else (None, None)
    percent = round(100 * right / of, 1) if of else None
    return {"right": right, "of": of, "percent": percent, "low": low, "high": high}


def gold_share(membership, since=None) -> dict[str, Any]:
    """How many of the gold items that came in the queue were met."""
    found = results(membership.project, membership.user, since=since).share
    return share(found.met, found.count)


def _agreement(membership) -> dict[str, Any]:
    """Of the comparisons that a peer judged too: how many were decided alike. The interval is left
    out: comparisons of one item hang together, and Wilson's would be too narrow."""
    said = ("item_id", "ranks", "unacceptable", "rest_below")
    work = Judgment.objects.filter(project=membership.project_id).work().current()
    mine = work.filter(labeler=membership.user_id).order_by("-pk").values_list(*said)[:MOST]
    own = {item: signs_of(*verdict) for item, *verdict in mine}
    peers = work.filter(item__in=list(own)).exclude(labeler=membership.user_id)
    alike: dict[int, int] = defaultdict(int)
    shared: dict[int, int] = defaultdict(int)
    for item, *verdict in peers.values_list(*said):
        theirs = signs_of(*verdict)
        both = theirs.keys() & own[item].keys()
        alike[item] += sum(theirs[pair] == own[item][pair] for pair in both)
        shared[item] += len(both)
    right, of = sum(alike.values()), sum(shared.values())
    return {
        "right": right,
        "of": of,
        "percent": round(100 * right / of, 1) if of else None,
        "items": sum(1 for count in shared.values() if count),
    }


def _flags(membership) -> dict[str, int]:
    """How often they set a flag, skipped, and reported an item."""
    mine = Judgment.objects.filter(project=membership.project_id, labeler=membership.user_id)
    flags = mine.work().current().order_by("-pk").values_list("flags", flat=True)[:MOST]
    skipped = membership.project.assignments.filter(labeler=membership.user_id, state="skipped")
    reports = ItemReport.objects.filter(
        item__project=membership.project_id, labeler=membership.user_id
    )
    return {
        "judgments": sum(any(any(places) for places in one.values()) for one in flags),
        "skipped": skipped.count(),
        "reports": reports.count(),
    }
