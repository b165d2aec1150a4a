"""Who stands how to a round: its members, and those who lead or review the project."""

from dataclasses import dataclass

from django.http import Http404

from annotation.labeling.models import CalibrationItem, CalibrationMember, CalibrationRound
from annotation.projects.permissions import project_for, roles_for


@dataclass(frozen=True)
class Seat:
    """One person before one round."""

    project: object
    round: CalibrationRound
    user: object
    member: CalibrationMember | None
    may_review: bool
    may_manage: bool


def seat_for(user, slug: str, calibration_id: int) -> Seat:
    """Absent and foreign look the same, and so does a round one has no part in: a draft is for
    those who review, any other round for its members, too."""
    project = project_for(user, slug, "judge")
    round_ = CalibrationRound.objects.filter(project=project, pk=calibration_id).first()
    if round_ is None:
        raise Http404
    round_.project = project
    member = round_.members.filter(labeler=user).first()
    may_review = project.role in roles_for("review")
    if not may_review and (member is None or round_.is_draft):
        raise Http404
    return Seat(project, round_, user, member, may_review, project.role in roles_for("manage"))


def managed_round(user, slug: str, calibration_id: int) -> CalibrationRound:
    project = project_for(user, slug, "manage")
    round_ = CalibrationRound.objects.filter(project=project, pk=calibration_id).first()
    if round_ is None:
        raise Http404
    round_.project = project
    return round_


def item_of(seat: Seat, position: int) -> CalibrationItem:
    """An item of a revealed round; before that nobody has anything to look at."""
    found = seat.round.items.filter(position=position).select_related("item__prompt").first()
    if found is None or not seat.round.is_shown:
        raise Http404
    found.round, found.item.project = seat.round, seat.project
    return found
