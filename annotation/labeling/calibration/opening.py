"""Opening a round takes its items out of the work; calling it off gives back what is unjudged."""

from django.db import transaction
from django.db.models import Exists, OuterRef
from django.utils import timezone
from django.utils.translation import gettext as _

from annotation.core import audit
from annotation.core.errors import Conflict, DomainError
from annotation.labeling.calibration.drafts import add_members, everybody, locked
from annotation.labeling.calibration.picking import problems_with
from annotation.labeling.models import Assignment, CalibrationRound, Item, Judgment, Purpose
from annotation.labeling.queue import give_back
from annotation.projects.models import Membership

FEWEST_MEMBERS = 2


def open_round(*, round_: CalibrationRound, actor) -> CalibrationRound:
    """Reserve the items and let the members have them first: all of it, or nothing.

    The items' rows are locked. Somebody who is being lent one of them at this moment was either
    first, and the round is told so, or finds another item.
    """
    with transaction.atomic():
        round_ = locked(round_)
        if not round_.is_draft:
            raise Conflict(_("This round was opened already."))
        items = _lock_items(round_)
        if not items:
            raise DomainError(_("Choose items first: the round has none."))
        labelers = _members(round_)
        if problems := problems_with(items, labelers, of_round=round_):
            raise DomainError(" ".join(problems))
        Item.objects.filter(pk__in=[item.pk for item in items]).update(state=Item.State.RESERVED)
        round_.state = CalibrationRound.State.OPEN
        round_.opened_at = timezone.now()
        round_.save(update_fields=["state", "opened_at"])
        audit.record(
            "calibration.opened",
            actor=actor,
            project=round_.project,
            target=f"calibration:{round_.pk}",
            items=len(items),
            members=len(labelers),
        )
    return round_


def _lock_items(round_) -> list[Item]:
    """In one order: two who open rounds at once must not wait for each other."""
    ids = round_.items.values("item")
    return list(Item.objects.select_for_update().filter(pk__in=ids).order_by("pk"))


def _members(round_) -> list[int]:
    """The members as they are now; "everybody" becomes rows at this moment."""
    if round_.takes_everybody:
        labelers = everybody(round_.project)
        add_members(round_, labelers)
    else:
        members = round_.members.filter(
            labeler__memberships__project=round_.project, labeler__memberships__is_active=True
        )
        barred = members.exclude(
            labeler__memberships__project=round_.project,
            labeler__memberships__stage__in=Membership.JUDGING,
        )
        if round_.members.count() != members.count() or barred.exists():
            raise DomainError(
                _("Somebody you chose has left the project or may not judge yet: choose again.")
            )
        labelers = list(members.values_list("labeler_id", flat=True))
    if len(labelers) < FEWEST_MEMBERS:
        raise DomainError(_("A round needs two people at least: there is nothing to compare."))
    return labelers


def call_off(*, round_: CalibrationRound, actor) -> int:
    """End an open round without revealing it. Items that nobody judged go back into the queue;
    the others were talked about or soon are, and stay out. Returns how many went back."""
    with transaction.atomic():
        round_ = locked(round_)
        if not round_.is_open:
            raise Conflict(_("Only a round that is being judged can be called off."))
        end_lent_items(round_)
        items = _lock_items(round_)
        judged = Judgment.objects.filter(item=OuterRef("item"), purpose="calibration")
        free = round_.items.exclude(Exists(judged))
        going = Item.objects.filter(
            pk__in=list(free.values_list("item", flat=True)),
            state=Item.State.RESERVED,
            gold=None,
        )
        free.delete()
        count = going.update(state=Item.State.OPEN)
        round_.state, round_.closed_at = CalibrationRound.State.CLOSED, timezone.now()
        round_.save(update_fields=["state", "closed_at"])
        audit.record(
            "calibration.called_off",
            actor=actor,
            project=round_.project,
            target=f"calibration:{round_.pk}",
            back=count,
            kept=len(items) - count,
        )
    return count


def end_lent_items(round_) -> None:
    """Take back what is on members' desks. What is sent later is kept, and comes too late."""
    items = round_.items.values("item")
    give_back(Assignment.objects.filter(item__in=items, purpose=Purpose.CALIBRATION))
