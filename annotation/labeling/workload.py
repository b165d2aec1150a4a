"""How much work somebody may have here, and when none: quotas, daily caps and pauses."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Count, OuterRef, Subquery
from django.db.models.functions import Coalesce, Now
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from annotation.core import audit
from annotation.core.clock import last_midnight
from annotation.core.errors import Conflict, DomainError
from annotation.core.numbers import grouped
from annotation.core.text import clean
from annotation.labeling.models import COUNTED, Assignment, Judgment
from annotation.labeling.queue import give_back
from annotation.projects.models import Membership

MOST = 1_000_000
MAX_REASON = 500


def judged_by(labeler, project):
    """What counts against a quota and a daily cap."""
    return Judgment.objects.counted().filter(labeler=labeler, project=project)


def with_load(memberships):
    """Memberships with `held`, `today_count`, `week_count` and `judged_count`."""
    midnight = last_midnight()
    monday = midnight - timedelta(days=midnight.weekday())
    judged = judged_by(OuterRef("user"), OuterRef("project")).order_by().values("labeler")

    def count(rows):
        return Coalesce(Subquery(rows.annotate(n=Count("pk")).values("n")), 0)

    live = Assignment.objects.live().filter(labeler=OuterRef("user"), project=OuterRef("project"))
    return memberships.annotate(
        held=count(live.order_by().values("labeler")),
        today_count=count(judged.filter(submitted_at__gte=midnight)),
        week_count=count(judged.filter(submitted_at__gte=monday)),
        judged_count=count(judged),
    )


@transaction.atomic
def set_limits(*, membership: Membership, quota: int | None, daily_cap: int | None, actor) -> None:
    """How many items this person may judge in all and on one day; None: as many as there are.
    A quota below what was judged and is held already is refused."""
    for name, value, least in (
        (_("The quota"), quota, 0),
        (_("The daily cap"), daily_cap, 1),
    ):
        if value is not None and not least <= value <= MOST:
            raise DomainError(
                _("%(name)s is a number from %(least)d to %(most)s, or empty.")
                % {"name": name, "least": least, "most": grouped(MOST)}
            )
    # Held, as it is by whoever lends or submits: nothing is lent between counting and writing.
    rows = Membership.objects.select_for_update(no_key=True, of=("self",))
    locked = rows.select_related("user").get(pk=membership.pk)
    if quota is not None:
        used = with_load(Membership.objects.filter(pk=locked.pk)).get()
        begun = used.judged_count + used.held
        if quota < begun:
            raise DomainError(
                ngettext(
                    "%(handle)s has %(begun)s item already, judged or lent: a quota of %(quota)s "
                    "is below that.",
                    "%(handle)s has %(begun)s items already, judged or lent: a quota of %(quota)s "
                    "is below that.",
                    begun,
                )
                % {
                    "handle": locked.handle,
                    "begun": grouped(begun),
                    "quota": grouped(quota),
                }
            )
    Membership.objects.filter(pk=locked.pk).update(quota=quota, daily_cap=daily_cap)
    audit.record(
        "member.limited",
        actor=actor,
        project=locked.project,
        target=f"user:{locked.user_id}",
        quota=quota,
        daily_cap=daily_cap,
    )


@transaction.atomic
def set_limits_of_pool(*, project, pool, quota, daily_cap, actor) -> int:
    """The same limits for everybody of a pool who is in the project. Returns for how many."""
    members = project.memberships.active().filter(user__pool_memberships__pool=pool)
    members = list(members.select_related("user").order_by("pk"))
    for membership in members:
        set_limits(membership=membership, quota=quota, daily_cap=daily_cap, actor=actor)
    return len(members)


@transaction.atomic
def pause(*, membership: Membership, reason: str, actor, until: datetime | None = None) -> None:
    """Lend this person nothing, until that time if it is said. What they hold goes back at once;
    what they have typed stays for when they come back."""
    reason = clean(reason, field="reason").strip()
    if not reason:
        raise DomainError(_("Say why, in a few words: the labeler reads it."))
    if len(reason) > MAX_REASON:
        raise DomainError(
            _("The reason has %(count)s characters; at most %(most)s fit.")
            % {"count": grouped(len(reason)), "most": grouped(MAX_REASON)}
        )
    if until is not None and until <= timezone.now():
        raise DomainError(_("The day on which the pause ends is over already."))
    paused = Membership.objects.filter(pk=membership.pk)
    paused.update(paused_at=Now(), paused_until=until, pause_reason=reason)
    give_back(Assignment.objects.of(membership))
    audit.record(
        "member.paused",
        actor=actor,
        project=membership.project,
        target=f"user:{membership.user_id}",
        until=until.isoformat() if until else None,
    )


@transaction.atomic
def resume(*, membership: Membership, actor) -> None:
    """Lend to this person again. Conflict where they are not paused."""
    paused = Membership.objects.filter(pk=membership.pk, paused_at__isnull=False)
    if not paused.update(paused_at=None, paused_until=None, pause_reason=""):
        raise Conflict(_("This person is not paused."))
    audit.record(
        "member.resumed",
        actor=actor,
        project=membership.project,
        target=f"user:{membership.user_id}",
    )


@dataclass(frozen=True)
class Hindrance:
    """Why nothing is lent to somebody for whom there might be work: a heading and a sentence."""

    title: str
    text: str


def hindrance_of(labeler, project, *, only_pause: bool = False) -> Hindrance | None:
    """What keeps this person from work in the project, other than that there is none."""
    member = Membership.objects.filter(project=project, user=labeler, is_active=True).first()
    if member is None:
        return None
    if member.is_paused:
        return _pause_of(member)
    return None if only_pause else _limit_of(member, judged_by(labeler, project))


def is_over_quota(assignment) -> bool:
    """Would this judgment go over the quota? Asked of what was lent before it was set and is sent
    late; what is on a desk is counted when it is set. Of gold as of work, or it would tell. A
    daily cap spares the labeler: what they have done already is no less wanted."""
    if assignment.purpose not in COUNTED:
        return False
    labeler, project = assignment.labeler, assignment.project
    member = Membership.objects.filter(project=project, user=labeler)
    quota = member.values_list("quota", flat=True).first()
    line = Judgment.objects.of_line(assignment)
    judged = judged_by(labeler, project).exclude(pk__in=line)
    return quota is not None and judged.count() >= quota


def _limit_of(member, judged) -> Hindrance | None:
    """Which of both limits is reached by what was judged."""
    if member.quota is not None and judged.count() >= member.quota:
        return Hindrance(
            _("You have done your share here"),
            _("%(quota)s items were agreed for you, and you have judged them all. Thank you.")
            % {"quota": grouped(member.quota)},
        )
    midnight = last_midnight()
    today = judged.filter(submitted_at__gte=midnight).count()
    if member.daily_cap is not None and today >= member.daily_cap:
        return Hindrance(
            _("Enough for today"),
            _("%(cap)s items a day were agreed for you. The next ones come tomorrow.")
            % {"cap": grouped(member.daily_cap)},
        )
    return None


def _pause_of(member) -> Hindrance:
    if member.paused_until is None:
        return Hindrance(_("You are paused in this project"), member.pause_reason)
    until = timezone.localtime(member.paused_until)
    return Hindrance(
        _("You are paused in this project until %(day)s") % {"day": f"{until:%Y-%m-%d}"},
        member.pause_reason,
    )
