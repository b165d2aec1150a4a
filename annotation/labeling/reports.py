"""Problems with an item itself: reported by labelers, resolved by staff, the item withdrawn."""

from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from annotation.core import audit
from annotation.core.errors import Conflict, DomainError
from annotation.core.numbers import grouped
from annotation.core.text import clean
from annotation.labeling.models import CalibrationItem, GoldItem, Item, ItemReport
from annotation.labeling.responses.leaving import leave_out_decided

MAX_TEXT = 2_000


def report_problem(*, assignment, kind: str, text: str = "") -> ItemReport:
    """What the labeler of an assignment says is wrong with its item. The same again, while
    nobody has looked at it, adds what is new to the text."""
    text = clean(text, field="text").strip()
    if kind not in ItemReport.Kind.values:
        raise DomainError(_("Say what is wrong: choose one of the kinds."))
    if len(text) > MAX_TEXT:
        raise DomainError(
            _("The report has %(count)s characters; at most %(most)s fit.")
            % {"count": grouped(len(text)), "most": grouped(MAX_TEXT)}
        )
    if kind == ItemReport.Kind.OTHER and not text:
        raise DomainError(_("Say in words what is wrong."))
    labeler = assignment.labeler
    with transaction.atomic():
        Item.objects.select_for_update().get(pk=assignment.item_id)
        report, is_new = ItemReport.objects.open().get_or_create(
            item_id=assignment.item_id, labeler=labeler, kind=kind, defaults={"text": text}
        )
        if not is_new and text and text not in report.text:
            report.text = f"{report.text}\n{text}".strip()
            report.save(update_fields=["text"])
        if is_new:
            audit.record(
                "item.reported",
                actor=labeler,
                project=assignment.project,
                target=f"item:{assignment.item_id}",
                report=report.pk,
                reason=kind,
            )
    return report


def resolve_report(*, report: ItemReport, actor, resolution: str) -> None:
    """Say what became of a report. Conflict where somebody else did."""
    resolution = clean(resolution, field="resolution").strip()
    if not resolution:
        raise DomainError(_("Say in a few words what became of it."))
    with transaction.atomic():
        changed = ItemReport.objects.open().filter(pk=report.pk)
        if not changed.update(
            resolved_at=timezone.now(), resolved_by=actor, resolution=resolution[:MAX_TEXT]
        ):
            raise Conflict(_("Somebody else has resolved this report already."))
        audit.record(
            "item.report_resolved",
            actor=actor,
            project=report.item.project,
            target=f"item:{report.item_id}",
            report=report.pk,
        )


def set_withdrawn(*, item: Item, actor, is_withdrawn: bool) -> None:
    """Take an item out of the queue, or put it back. What was judged of it stays; who is judging
    it just now is asked what becomes of their work. Put back it goes without what is kept out of
    items by a decision. The same again changes nothing."""
    with transaction.atomic():
        state = Item.State.WITHDRAWN if is_withdrawn else _state_in_the_queue(item)
        is_so = Q(state=Item.State.WITHDRAWN)
        changed = Item.objects.filter(~is_so if is_withdrawn else is_so, pk=item.pk)
        if not changed.update(state=state):
            return
        if not is_withdrawn:
            leave_out_decided(item)
        # From now on it is as a person wants it, whatever is decided on its responses.
        item.removed_places.of_items_withdrawn_for_it().delete()
        audit.record(
            "item.withdrawn" if is_withdrawn else "item.restored",
            actor=actor,
            project=item.project,
            target=f"item:{item.pk}",
        )


def _state_in_the_queue(item: Item) -> str:
    """Where a withdrawn item belongs: gold, the ladder and calibration never become work."""
    is_gold = GoldItem.objects.filter(item=item).exists()
    taken = CalibrationItem.objects.filter(item=item).exclude(round__state="draft")
    if is_gold or taken.exists():
        return Item.State.RESERVED
    return Item.State.OPEN
