"""How far the work is. Counted from the rows at each look; no statement joins all judgments."""

from django.db.models import Count, Exists, F, OuterRef, Q, Sum

from annotation.labeling.models import Assignment, Item, Judgment, Purpose, newer_revisions


def progress_of(project) -> dict:
    """Counts of the project's items and judgments; percentages where they mean something."""
    is_open = Q(state=Item.State.OPEN)
    items = Item.objects.filter(project=project).aggregate(
        total=Count("pk", filter=is_open),
        full=Count("pk", filter=is_open & Q(taken=F("overlap"))),
        begun=Count("pk", filter=is_open & Q(taken__gt=0)),
        wanted=Sum("overlap", filter=is_open),
        taken=Sum("taken", filter=is_open),
        withdrawn=Count("pk", filter=Q(state=Item.State.WITHDRAWN)),
    )
    live, only_lent, full_by_loans = _lent(project)
    judged = _judged(project)
    wanted, held = items["wanted"] or 0, (items["taken"] or 0) - live
    return {
        "item_count": items["total"],
        "full_count": items["full"] - full_by_loans,
        "withdrawn_count": items["withdrawn"],
        "judged_item_count": items["begun"] - only_lent,
        "wanted": wanted,
        "held": held,
        "remaining": max(0, wanted - held),
        "percent": round(100 * held / wanted) if wanted else None,
        "live_count": live,
        "judgment_count": judged["total"],
        "labeler_count": _labeler_count(project),
        "surplus_count": judged["surplus"],
    }


def _lent(project) -> tuple[int, int, int]:
    """How many items are being judged; in how many of them that is all there is so far; and how
    many open ones would not be full without."""
    live = (
        Assignment.objects.live()
        .filter(project=project, purpose=Purpose.WORK)
        .values("item", "item__taken", "item__overlap", "item__state")
        .annotate(count=Count("pk"))
        .order_by()
    )
    rows = list(live.values_list("count", "item__taken", "item__overlap", "item__state"))
    return (
        sum(count for count, *_ in rows),
        sum(count == taken for count, taken, *_ in rows),
        sum(taken == most and state == Item.State.OPEN for _, taken, most, state in rows),
    )


def _judged(project) -> dict[str, int]:
    """What `.work().current()` would count. Looking for a newer revision of each judgment joins
    the table with itself; only of those few that take one back, or are surplus, it is asked."""
    work = Judgment.objects.filter(project=project).work()
    first = work.filter(revision=1).count()
    taken_back = work.filter(~Exists(newer_revisions()), is_retraction=True).count()
    surplus = work.filter(is_surplus=True).current().count()
    return {"total": first - taken_back, "surplus": surplus}


def _labeler_count(project) -> int:
    """Who has judged work: a look into an index for each member."""
    judged = Judgment.objects.filter(project=project, labeler=OuterRef("user")).work()
    return project.memberships.filter(Exists(judged)).count()
