"""What the start page shows: a labeler's queues, and what they judged last."""

from dataclasses import dataclass

from django.db.models import Count, Q, Sum
from django.utils.translation import gettext as _

from annotation.core.clock import last_midnight
from annotation.labeling import queue
from annotation.labeling.ladder.stages import Stage
from annotation.labeling.ladder.standing import Standing, standing_of
from annotation.labeling.models import ON_THE_LADDER, Assignment, Item, Judgment, Purpose
from annotation.projects.permissions import STAFF, projects_where

# Judged in the place of work, and no judgment that the open items need.
BESIDE_WORK = Q(purpose__in=[Purpose.GOLD, Purpose.REPEAT])
SUBMITTED = [Assignment.State.SUBMITTED, Assignment.State.SURPLUS]


@dataclass(frozen=True)
class Queue:
    """A project as one labeler sees it."""

    project: object
    wanted: int  # judgments that the open items need
    done: int  # of those, submitted
    judged: int  # by this labeler
    judged_today: int
    avoided: int  # open items that this labeler's preferences keep away
    is_waiting: bool
    is_held: bool  # an item is on the desk already
    is_staff: bool
    standing: Standing | None  # on the way to the work, or suspended; None where there is none
    is_paused: bool

    @property
    def percent(self) -> int:
        return 100 * self.done // self.wanted if self.wanted else 0


def queues_of(user) -> list[Queue]:
    """Every project in which this person may judge, those with work first. Its cost grows with
    the items of the projects: for the start page, never for the judging path."""
    projects = list(projects_where(user, "judge").order_by("name").distinct())
    mine = {
        one.project_id: one
        for one in user.memberships.filter(project__in=projects, is_active=True)
    }
    needs = {
        row["project"]: row
        for row in Item.objects.filter(project__in=projects, state=Item.State.OPEN)
        .values("project")
        .annotate(wanted=Sum("overlap"), taken=Sum("taken"))
    }
    live = Assignment.objects.live().filter(project__in=projects, purpose=Purpose.WORK)
    on_desks = dict(live.values_list("project").annotate(count=Count("pk")))
    midnight = last_midnight()
    avoided = _avoided(user, projects)
    own = {
        row["project"]: row
        for row in Assignment.objects.filter(labeler=user, project__in=projects)
        .exclude(purpose__in=ON_THE_LADDER)
        .values("project")
        .annotate(
            judged=Count("pk", filter=Q(state__in=SUBMITTED)),
            today=Count("pk", filter=Q(state__in=SUBMITTED, over_at__gte=midnight)),
            beside_today=Count(
                "pk", filter=BESIDE_WORK & Q(state__in=SUBMITTED, over_at__gte=midnight)
            ),
            held=Count("pk", filter=Q(state=Assignment.State.LIVE)),
        )
    }
    queues = []
    for project in projects:
        need, have = needs.get(project.pk, {}), own.get(project.pk, {})
        is_held, me = bool(have.get("held")), mine.get(project.pk)
        queues.append(
            Queue(
                project=project,
                wanted=need.get("wanted") or 0,
                done=_done(need, on_desks.get(project.pk, 0), have.get("beside_today", 0)),
                judged=have.get("judged", 0),
                judged_today=have.get("today", 0),
                avoided=avoided.get(project.pk, 0),
                is_held=is_held,
                is_waiting=bool(is_held or queue.waiting_for(project=project, labeler=user)),
                is_staff=user.is_superuser or (me is not None and me.role in STAFF),
                standing=_standing(me, project, user),
                is_paused=me is not None and me.is_paused,
            )
        )
    return sorted(queues, key=lambda one: (not one.is_waiting, one.project.name))


def _done(need, on_desks: int, own_beside_today: int) -> int:
    """Judgments of the open items that are there. This person's own of gold and of repeats count
    for today: a number that grows with every submit but some would tell which those are."""
    done = (need.get("taken") or 0) - on_desks + own_beside_today
    return min(max(done, 0), need.get("wanted") or 0)


def _standing(membership, project, user) -> Standing | None:
    if membership is None or membership.stage == Stage.FULL:
        return None
    membership.project, membership.user = project, user
    return standing_of(membership)


def _avoided(user, projects) -> dict[int, int]:
    kinds = queue.avoided_by(user)
    if not kinds:
        return {}
    items = Item.objects.open().filter(project__in=projects, warnings__overlap=kinds)
    return dict(items.values_list("project").annotate(count=Count("pk")))


def recent_judgments(user, limit=8):
    return (
        Judgment.objects.filter(labeler=user)
        .exclude(purpose__in=ON_THE_LADDER)
        .current()
        .select_related("project", "item__prompt")
        .order_by("-submitted_at")[:limit]
    )


def headline_of(queues) -> str:
    """The finding in one sentence: is there work?"""
    waiting = sum(one.is_waiting for one in queues)
    if not waiting:
        return _("Nothing waits for you right now")
    words = [_("One queue has work for you"), _("Two queues have work for you")]
    words.append(_("Three queues have work for you"))
    if waiting <= len(words):
        return words[waiting - 1]
    return _("%(count)d queues have work for you") % {"count": waiting}
