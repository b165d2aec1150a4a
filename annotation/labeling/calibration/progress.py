"""How far everybody is with a round: what is missing before it can be revealed."""

from dataclasses import dataclass
from functools import cached_property

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from annotation.core.harms import known_harms
from annotation.labeling.models import (
    Assignment,
    CalibrationMember,
    CalibrationRound,
    Item,
    Judgment,
)


@dataclass(frozen=True)
class MemberProgress:
    """One member: how many items they judged, and of how many nobody waits for them."""

    member: CalibrationMember
    membership: object | None
    judged: int
    skipped: int
    kept_away: int  # by their preferences: such an item is never lent to them
    total: int  # of those that were not withdrawn

    @property
    def handle(self) -> str:
        return self.membership.handle if self.membership else "?"

    @property
    def is_excused(self) -> bool:
        return self.member.excused_at is not None

    @property
    def has_left(self) -> bool:
        return self.membership is None or not self.membership.is_active

    @property
    def is_barred(self) -> bool:
        """They are lent nothing just now, so they cannot go on."""
        return not self.has_left and (
            self.membership.is_paused or self.membership.stage not in self.membership.JUDGING
        )

    @property
    def has_done_all(self) -> bool:
        return self.judged + self.skipped + self.kept_away >= self.total

    @property
    def is_missing(self) -> bool:
        return not (self.has_done_all or self.is_excused or self.has_left)

    @property
    def text(self) -> str:
        """Such as “2 of 5 judged, 1 skipped”."""
        parts = [_("%(done)d of %(total)d judged") % {"done": self.judged, "total": self.total}]
        if self.skipped:
            parts.append(
                ngettext("%(count)d skipped", "%(count)d skipped", self.skipped)
                % {"count": self.skipped}
            )
        if self.kept_away:
            parts.append(
                ngettext(
                    "%(count)d kept away by their preferences",
                    "%(count)d kept away by their preferences",
                    self.kept_away,
                )
                % {"count": self.kept_away}
            )
        return ", ".join(parts)


@dataclass(frozen=True)
class Progress:
    round: CalibrationRound
    members: list[MemberProgress]

    @cached_property
    def missing(self) -> list[MemberProgress]:
        return [one for one in self.members if one.is_missing]

    @property
    def is_complete(self) -> bool:
        return not self.missing

    @property
    def judged(self) -> int:
        return sum(one.judged for one in self.members)

    def of(self, labeler) -> MemberProgress | None:
        found = (one for one in self.members if one.member.labeler_id == labeler.pk)
        return next(found, None)


def progress_of(round_: CalibrationRound) -> Progress:
    """Five statements, whatever the round's size."""
    items = list(
        Item.objects.filter(calibration__round=round_).exclude(state=Item.State.WITHDRAWN)
    )
    members = list(round_.members.select_related("labeler").order_by("pk"))
    memberships = {
        one.user_id: one
        for one in round_.project.memberships.filter(user__calibrations__round=round_)
    }
    judged = set(
        Judgment.objects.filter(item__in=items).current().values_list("labeler_id", "item_id")
    )
    skipped = set(
        Assignment.objects.filter(item__in=items, state=Assignment.State.SKIPPED).values_list(
            "labeler_id", "item_id"
        )
    )
    return Progress(
        round_,
        [_of(one, memberships.get(one.labeler_id), items, judged, skipped) for one in members],
    )


def _of(member, membership, items, judged, skipped) -> MemberProgress:
    labeler = member.labeler
    avoids = set(known_harms(labeler.preferences.get("avoids")))
    left = [item for item in items if (labeler.pk, item.pk) not in judged]
    rest = [item for item in left if (labeler.pk, item.pk) not in skipped]
    return MemberProgress(
        member=member,
        membership=membership,
        judged=len(items) - len(left),
        skipped=len(left) - len(rest),
        kept_away=sum(bool(avoids & set(item.warnings)) for item in rest),
        total=len(items),
    )
