"""Known answers get known: after so many judgments, or so many days, one is due to be retired."""

from datetime import timedelta

from django.db import transaction
from django.db.models import Count, F, Q
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.translation import gettext as _

from annotation.core import audit
from annotation.core.errors import DomainError
from annotation.labeling.gold.making import retire_gold
from annotation.labeling.models import GoldItem, GoldRotation, Judgment, Purpose
from annotation.projects.models import Membership

MOST = 10_000  # judgments, or days


def rotation_of(project) -> GoldRotation:
    """What is set, else that nothing is."""
    found = GoldRotation.objects.filter(project=project).first()
    return found or GoldRotation(project=project)


def set_rotation(
    *, project, actor, after_judgments: int | None, after_days: int | None, is_automatic: bool
) -> None:
    """When a known answer is due, and whether Concord retires it or only says so."""
    for limit in (after_judgments, after_days):
        if limit is not None and not 1 <= limit <= MOST:
            raise DomainError(_("A limit is from 1 to %(most)d, or empty.") % {"most": MOST})
    said = {
        "after_judgments": after_judgments,
        "after_days": after_days,
        "is_automatic": is_automatic,
    }
    with transaction.atomic():
        GoldRotation.objects.update_or_create(project=project, defaults=said)
        audit.record("gold.rotation_changed", actor=actor, project=project, **said)


def due_gold(project):
    """The known answers in the queue that have reached a limit, since they were made or taken up
    again. First judgments count, whatever became of them: so often was the item seen."""
    rotation = rotation_of(project)
    gold = GoldItem.objects.in_queue().filter(project=project)
    gold = gold.annotate(since=Coalesce("taken_up_at", "made_at"))
    is_due = Q(pk__in=[])
    if rotation.after_days is not None:
        is_due |= Q(since__lte=timezone.now() - timedelta(days=rotation.after_days))
    if rotation.after_judgments is not None:
        judged = Q(
            item__judgments__purpose=Purpose.GOLD,
            item__judgments__revision=1,
            item__judgments__submitted_at__gte=F("since"),
        )
        gold = gold.annotate(judged_count=Count("item__judgments", filter=judged))
        is_due |= Q(judged_count__gte=rotation.after_judgments)
    return gold.filter(is_due).select_related("project").order_by("pk")


def retire_due(*, project, actor=None) -> int:
    """Retire them. Their results stay. Returns how many."""
    due = list(due_gold(project))
    for gold in due:
        retire_gold(gold=gold, actor=actor)
    return len(due)


def rotate() -> int:
    """The clock's look at every project that wants it done by itself. Returns how many went."""
    wanted = GoldRotation.objects.filter(is_automatic=True).select_related("project")
    return sum(retire_due(project=rotation.project) for rotation in wanted.order_by("pk"))


def seen_all(project) -> list[Membership]:
    """The labelers for whom the share has nothing to draw from: they have judged every known
    answer in the queue."""
    gold = GoldItem.objects.in_queue().filter(project=project)
    count = gold.count()
    if not count:
        return []
    items = gold.values("item")
    judged = Judgment.objects.filter(item__in=items, purpose=Purpose.GOLD)
    met = judged.order_by().values("labeler").annotate(n=Count("item", distinct=True))
    done = met.filter(n=count).values("labeler")
    members = project.memberships.active().filter(user__is_active=True, user__in=done)
    return list(members.filter(role=Membership.Role.LABELER).order_by("handle"))
