"""What a labeler's start page says of calibration rounds."""

from dataclasses import dataclass

from annotation.labeling.calibration.progress import MemberProgress, progress_of
from annotation.labeling.calibration.talking import unread_by_item
from annotation.labeling.models import CalibrationRound
from annotation.projects.permissions import visible_in

State = CalibrationRound.State


@dataclass(frozen=True)
class OwnRound:
    """A round that waits for its member's judgments, or is being discussed."""

    round: CalibrationRound
    own: MemberProgress | None  # None when there is nothing left to judge in it
    unread: int = 0  # posts of others

    @property
    def is_nudged(self) -> bool:
        return self.own is not None and self.own.member.nudged_at is not None


def own_rounds(user) -> list[OwnRound]:
    """Rounds of projects that the person is still in. Such rounds are few, and so are statements:
    those of `progress_of` for each that is being judged."""
    mine = visible_in(CalibrationRound.objects.filter(members__labeler=user), user, "judge")
    rounds = mine.filter(state__in=[State.OPEN, State.REVEALED]).select_related("project")
    shown = []
    for round_ in rounds.order_by("-pk"):
        own = progress_of(round_).of(user) if round_.is_open else None
        if round_.is_shown:
            unread = sum(unread_by_item(round_.items.all(), user).values())
            shown.append(OwnRound(round_, None, unread))
        elif own and own.is_missing and not own.is_barred:
            shown.append(OwnRound(round_, own))
    return shown
