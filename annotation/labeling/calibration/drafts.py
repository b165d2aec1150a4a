"""A round while it is prepared: nothing of it has begun, so everything of it may change."""

from dataclasses import dataclass, field
from datetime import datetime

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from annotation.core import audit
from annotation.core.errors import Conflict, DomainError
from annotation.core.text import clean
from annotation.labeling.calibration.picking import MOST_ITEMS, problems_with
from annotation.labeling.models import (
    CalibrationItem,
    CalibrationMember,
    CalibrationRound,
    Item,
)

MAX_NAME = 120


@dataclass(frozen=True)
class Plan:
    """What a lead says of a round."""

    name: str
    items: list[Item] = field(default_factory=list)
    takes_everybody: bool = True
    labelers: list[int] = field(default_factory=list)  # ids of users, where they are chosen
    deadline: datetime | None = None
    shows_names: bool = False
    samples: list[dict] = field(default_factory=list)


def everybody(project) -> list[int]:
    """The labelers of a project who would be lent an item now."""
    members = project.memberships.lendable()
    return list(members.order_by("pk").values_list("user_id", flat=True))


def create_round(*, project, plan: Plan, actor) -> CalibrationRound:
    with transaction.atomic():
        round_ = CalibrationRound(project=project, created_by=actor)
        _write(round_, plan)
        _tell("calibration.prepared", round_, actor, items=len(plan.items))
    return round_


def change_round(*, round_: CalibrationRound, plan: Plan, actor) -> CalibrationRound:
    with transaction.atomic():
        round_ = locked(round_)
        _refuse_unless_draft(round_)
        round_.items.all().delete()
        round_.members.all().delete()
        _write(round_, plan)
        _tell("calibration.changed", round_, actor, items=len(plan.items))
    return round_


def delete_round(*, round_: CalibrationRound, actor) -> None:
    with transaction.atomic():
        round_ = locked(round_)
        _refuse_unless_draft(round_)
        _tell("calibration.deleted", round_, actor)
        round_.items.all().delete()
        round_.members.all().delete()
        round_.delete()


def locked(round_: CalibrationRound) -> CalibrationRound:
    """The round as it is now, held until the transaction ends: of two who change it at once the
    second one finds what the first one made of it."""
    found = CalibrationRound.objects.select_for_update(of=("self",)).filter(pk=round_.pk)
    now = found.select_related("project").first()
    if now is None:
        raise Conflict(_("This round was deleted meanwhile."))
    return now


def _refuse_unless_draft(round_) -> None:
    if not round_.is_draft:
        raise Conflict(_("This round has begun: it cannot be changed any more."))


def _write(round_: CalibrationRound, plan: Plan) -> None:
    round_.name = _checked_name(round_, plan.name)
    round_.deadline = _checked_deadline(plan.deadline)
    round_.takes_everybody = plan.takes_everybody
    round_.shows_names = plan.shows_names
    round_.samples = [*round_.samples, *plan.samples]
    labelers = everybody(round_.project) if plan.takes_everybody else plan.labelers
    _check_items(round_, plan.items, labelers)
    if not plan.takes_everybody:
        _check_labelers(round_, plan.labelers)
    try:
        with transaction.atomic():
            round_.save()
            add_items(round_, plan.items)
    except IntegrityError as error:
        raise Conflict(_("Another round took one of these items just now.")) from error
    if not plan.takes_everybody:
        add_members(round_, plan.labelers)


def add_items(round_, items) -> None:
    CalibrationItem.objects.bulk_create(
        CalibrationItem(round=round_, item=item, position=position)
        for position, item in enumerate(items, start=1)
    )


def add_members(round_, labelers) -> None:
    CalibrationMember.objects.bulk_create(
        CalibrationMember(round=round_, labeler_id=labeler) for labeler in labelers
    )


def _checked_name(round_, name: str) -> str:
    name = clean(name, field="name").strip()
    if not name or len(name) > MAX_NAME:
        raise DomainError(
            _("Give the round a name of at most %(most)d characters.") % {"most": MAX_NAME}
        )
    others = CalibrationRound.objects.filter(project=round_.project, name=name)
    if others.exclude(pk=round_.pk).exists():
        raise DomainError(_("There is a round of this name already."))
    return name


def _checked_deadline(deadline: datetime | None) -> datetime | None:
    if deadline is not None and deadline <= timezone.now():
        raise DomainError(_("The deadline has passed already."))
    return deadline


def _check_items(round_, items, labelers) -> None:
    if len(items) > MOST_ITEMS:
        raise DomainError(
            _("A round has at most %(most)d items, not %(count)d.")
            % {"most": MOST_ITEMS, "count": len(items)}
        )
    if problems := problems_with(items, labelers, of_round=round_ if round_.pk else None):
        raise DomainError(" ".join(problems))


def _check_labelers(round_, labelers) -> None:
    active = round_.project.memberships.active().filter(user__in=labelers)
    if active.count() != len(set(labelers)):
        raise DomainError(_("Somebody you chose is not in the project any more."))


def _tell(kind: str, round_, actor, **said) -> None:
    audit.record(
        kind, actor=actor, project=round_.project, target=f"calibration:{round_.pk}", **said
    )
