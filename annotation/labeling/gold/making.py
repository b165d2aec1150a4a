"""Making gold: the only writers of known answers."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from annotation.core import audit
from annotation.core.errors import Conflict
from annotation.core.numbers import grouped
from annotation.core.text import clean
from annotation.labeling.gold import rule
from annotation.labeling.gold.fits import MAX_EXPLANATION, check_answer
from annotation.labeling.models import GoldItem, Item
from annotation.labeling.prerender import request_rendering
from annotation.labeling.verdict import Verdict, VerdictError, dense
from annotation.projects.models import RubricVersion
from annotation.projects.services import current_rubric


@dataclass(frozen=True)
class Known:
    """A known answer as it is given: what is right, and how near to it is near enough."""

    verdict: Verdict  # of which the order, the marks and the ratings count
    tolerance: str = rule.EXACT
    max_inversions: int | None = None
    rating_slack: int = 1
    explanation: str = ""

    def as_columns(self) -> dict[str, Any]:
        """The columns of a GoldItem. What is unacceptable has no rank."""
        said = self.verdict
        marked = zip(said.ranks, said.unacceptable, strict=True)
        return {
            "ranks": list(dense([None if bad else rank for rank, bad in marked])),
            "unacceptable": list(said.unacceptable),
            "rest_below": said.rest_below,
            "ratings": {key: list(values) for key, values in said.ratings.items()},
            "rating_slack": self.rating_slack,
            "tolerance": self.tolerance,
            "max_inversions": self.max_inversions,
            "explanation": self.explanation,
        }


def make_gold(
    *,
    item: Item,
    actor,
    known: Known,
    use: str = GoldItem.Use.QUEUE,
    section=None,
    position: int = 0,
) -> GoldItem:
    """Keep the known answer of an item, and keep the item for it: what is not complete is not
    lent as work any more. VerdictError names the field that does not fit; Conflict where the item
    has an answer already, or was withdrawn."""
    with transaction.atomic():
        locked = _lock(item)
        known = checked(known, item=locked, rubric=current_rubric(locked.project))
        if GoldItem.objects.filter(item=locked).exists():
            raise Conflict(_("This item has a known answer already: change that one."))
        reserve([locked])
        gold = GoldItem.objects.create(
            project=locked.project,
            item=locked,
            use=use,
            section=section,
            position=position,
            made_by=actor,
            **known.as_columns(),
        )
        _record("gold.made", gold, actor, use=use, **_numbers(gold))
        request_rendering(project=locked.project, actor=actor)
    return gold


def make_golds(*, project, answers: Sequence[tuple[Item, Known]], actor) -> None:
    """Those of a file, in its transaction: the items are locked and in no way withdrawn, none has
    an answer, and these were checked. Whoever calls asks for the rendering."""
    reserve([item for item, _known in answers])
    made = GoldItem.objects.bulk_create(
        GoldItem(project=project, item=item, made_by=actor, **known.as_columns())
        for item, known in answers
    )
    said = [(f"item:{gold.item_id}", {"use": gold.use, **_numbers(gold)}) for gold in made]
    audit.record_all("gold.made", said, actor=actor, project=project)


def change_gold(*, gold: GoldItem, actor, known: Known) -> GoldItem:
    """Another answer, or another tolerance. Every judgment of it is measured by the new one."""
    with transaction.atomic():
        locked = _lock(gold.item)
        known = checked(known, item=locked, rubric=current_rubric(locked.project))
        before = _numbers(gold)
        for name, value in known.as_columns().items():
            setattr(gold, name, value)
        gold.save(update_fields=list(known.as_columns()))
        _record("gold.changed", gold, actor, before=before, **_numbers(gold))
    return gold


def retire_gold(*, gold: GoldItem, actor, is_counted: bool = True) -> None:
    """Lend it to nobody any more; its item stays out of the work. Without `is_counted` what was
    judged of it counts for nobody: its answer was none. The same again changes nothing."""
    changed = GoldItem.objects.filter(pk=gold.pk)
    changed = changed.exclude(is_active=False, is_counted=is_counted)
    with transaction.atomic():
        if changed.update(is_active=False, is_counted=is_counted):
            _record("gold.retired", gold, actor, is_counted=is_counted)
    gold.is_active, gold.is_counted = False, is_counted


def take_up_gold(*, gold: GoldItem, actor) -> None:
    """Lend it again, and count it again. The same again changes nothing."""
    with transaction.atomic():
        _lock(gold.item)
        changed = GoldItem.objects.filter(pk=gold.pk, is_active=False)
        if changed.update(is_active=True, is_counted=True, taken_up_at=timezone.now()):
            _record("gold.taken_up", gold, actor)
    gold.is_active = gold.is_counted = True


def checked(known: Known, *, item: Item, rubric: RubricVersion | None) -> Known:
    """The answer with its texts cleaned; VerdictError where it does not fit."""
    explanation = clean(known.explanation, field="explanation").strip()
    if len(explanation) > MAX_EXPLANATION:
        raise VerdictError(
            _("The explanation has %(count)s characters; at most %(most)s fit.")
            % {"count": grouped(len(explanation)), "most": grouped(MAX_EXPLANATION)},
            field="explanation",
        )
    check_answer(
        GoldItem(**known.as_columns()),
        response_count=item.response_count,
        project=item.project,
        rubric=rubric,
    )
    return replace(known, explanation=explanation)


def reserve(items: Iterable[Item]) -> None:
    """Keep items out of the work, complete ones too: a place may come free, or a rubric may ask
    again. What was judged of them stays, and who is judging one goes on."""
    open_ones = Item.objects.filter(pk__in=[item.pk for item in items], state=Item.State.OPEN)
    open_ones.update(state=Item.State.RESERVED)


def _lock(item: Item) -> Item:
    locked = Item.objects.select_for_update(of=("self",)).select_related("project")
    found = locked.get(pk=item.pk)
    if found.state == Item.State.WITHDRAWN:
        raise Conflict(_("This item was withdrawn: nobody is lent it."))
    return found


def _numbers(gold: GoldItem) -> dict[str, Any]:
    """What may stand in the audit trail: no text."""
    names = ("ranks", "unacceptable", "rest_below", "ratings", "rating_slack", "tolerance")
    return {name: getattr(gold, name) for name in (*names, "max_inversions")}


def _record(kind: str, gold: GoldItem, actor, **said) -> None:
    audit.record(kind, actor=actor, project=gold.project, target=f"item:{gold.item_id}", **said)
