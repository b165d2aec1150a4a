"""From judging to talking: excusing who is missing, and showing everybody what all have said."""

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from annotation.core import audit
from annotation.core.errors import Conflict, DomainError
from annotation.core.text import clean
from annotation.labeling.calibration.drafts import locked
from annotation.labeling.calibration.opening import end_lent_items
from annotation.labeling.calibration.progress import progress_of
from annotation.labeling.models import (
    CalibrationMember,
    CalibrationRound,
    Judgment,
    Purpose,
)

MAX_REASON = 2_000
MAX_EXCUSE = 200


def reveal(*, round_: CalibrationRound, actor, reason: str = "") -> CalibrationRound:
    """Show the judgments to everybody in the round, as they are at this moment. While somebody
    is missing it takes a reason. Of two who reveal at once the second is told."""
    reason = clean(reason.replace("\r\n", "\n"), field="reason").strip()[:MAX_REASON]
    with transaction.atomic():
        round_ = locked(round_)
        if not round_.is_open:
            raise Conflict(_("This round is not being judged: there is nothing to reveal."))
        end_lent_items(round_)
        missing = progress_of(round_).missing
        if missing and not reason:
            raise DomainError(_("Somebody has not judged all items yet: say why you do not wait."))
        judgments = _blind_judgments(round_)
        if not judgments:
            raise DomainError(_("Nobody has judged anything yet: call the round off instead."))
        round_.state = CalibrationRound.State.REVEALED
        round_.revealed_at = timezone.now()
        round_.revealed_by = actor
        round_.reveal_reason = reason if missing else ""
        round_.judgment_ids = judgments
        round_.save()
        audit.record(
            "calibration.revealed",
            actor=actor,
            project=round_.project,
            target=f"calibration:{round_.pk}",
            judgments=len(judgments),
            missing=len(missing),
        )
    return round_


def _blind_judgments(round_) -> list[int]:
    members = round_.members.values("labeler")
    items = round_.items.values("item")
    found = Judgment.objects.filter(item__in=items, labeler__in=members).current()
    return list(
        found.filter(purpose=Purpose.CALIBRATION).order_by("pk").values_list("pk", flat=True)
    )


def excuse(*, member: CalibrationMember, actor, reason: str) -> None:
    """Nobody waits for this member any more. They may still judge, and then it counts."""
    reason = clean(reason, field="reason").strip()[:MAX_EXCUSE]
    if not reason:
        raise DomainError(_("Say why, in a few words."))
    with transaction.atomic():
        round_ = locked(member.round)
        if not round_.is_open:
            raise Conflict(_("The round is not being judged any more."))
        changed = CalibrationMember.objects.filter(pk=member.pk, excused_at=None)
        if not changed.update(excused_at=timezone.now(), excuse=reason):
            return
        _tell("calibration.excused", member, actor)


def expect_again(*, member: CalibrationMember, actor) -> None:
    with transaction.atomic():
        round_ = locked(member.round)
        if not round_.is_open:
            raise Conflict(_("The round is not being judged any more."))
        excused = CalibrationMember.objects.filter(pk=member.pk, excused_at__isnull=False)
        if excused.update(excused_at=None, excuse=""):
            _tell("calibration.expected_again", member, actor)


def nudge(*, round_: CalibrationRound, actor) -> int:
    """Ask those who are missing: their start page says so. Returns how many are asked."""
    with transaction.atomic():
        round_ = locked(round_)
        if not round_.is_open:
            raise Conflict(_("The round is not being judged any more."))
        missing = [one.member.pk for one in progress_of(round_).missing]
        CalibrationMember.objects.filter(pk__in=missing).update(nudged_at=timezone.now())
        if missing:
            audit.record(
                "calibration.nudged",
                actor=actor,
                project=round_.project,
                target=f"calibration:{round_.pk}",
                members=len(missing),
            )
    return len(missing)


def _tell(kind: str, member: CalibrationMember, actor) -> None:
    audit.record(
        kind,
        actor=actor,
        project=member.round.project,
        target=f"user:{member.labeler_id}",
        calibration=member.round_id,
    )
