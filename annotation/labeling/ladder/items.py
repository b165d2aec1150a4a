"""What the training and the test ask: known answers in their order, and the test's sections."""

import re

from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext as _

from annotation.core import audit
from annotation.core.errors import Conflict, DomainError
from annotation.core.text import clean
from annotation.labeling.gold import making
from annotation.labeling.models import GoldItem, Item, TestSection
from annotation.projects.models import LadderSettings, Membership, Project

Use = GoldItem.Use
MAX_NAME = 120
PLACE = re.compile(r"training|test:([0-9]{1,9})")


def place_named(project, name: str) -> tuple[str, TestSection | None]:
    """ "training", or "test:3" for the section with that id; a DomainError for anything else."""
    found = PLACE.fullmatch(name)
    if found is None:
        raise DomainError(_("Choose the training or a section of the test."))
    if found[1] is None:
        return Use.TRAINING, None
    section = TestSection.objects.filter(project=project, pk=int(found[1])).first()
    if section is None:
        raise DomainError(_("The test has no such section any more."))
    return Use.TEST, section


def add_item(*, item, actor, known, use: str, section=None) -> GoldItem:
    """A known answer at the end of the training, or of a section. VerdictError as for gold."""
    with transaction.atomic():
        _lock(item.project)
        gold = making.make_gold(
            item=item,
            actor=actor,
            known=known,
            use=use,
            section=section,
            position=_next_position(item.project, use, section),
        )
        _record(item.project, actor, gold)
    return gold


def place(*, gold, actor, use: str, section=None) -> None:
    """Move a known answer that there is to the end of the training, or of a section. A retired
    one is taken up again: who places it wants it asked."""
    with transaction.atomic():
        _lock(gold.project)
        making.take_up_gold(gold=gold, actor=actor)
        position = _next_position(gold.project, use, section)
        GoldItem.objects.filter(pk=gold.pk).update(use=use, section=section, position=position)
        _record(gold.project, actor, gold)


def move(*, gold, actor, up: bool) -> None:
    """One place up or down among those of its training or section; at the end nothing happens."""
    with transaction.atomic():
        _lock(gold.project)
        same = GoldItem.objects.active().filter(
            project=gold.project, use=gold.use, section=gold.section_id
        )
        order = list(same.order_by("position", "pk").values_list("pk", flat=True))
        if gold.pk not in order:
            raise Conflict(_("This item is not asked any more."))
        here = order.index(gold.pk)
        there = here - 1 if up else here + 1
        if 0 <= there < len(order):
            order[here], order[there] = order[there], order[here]
        for position, pk in enumerate(order):
            GoldItem.objects.filter(pk=pk).update(position=position)
        _record(gold.project, actor, gold)


def remove(*, gold, actor) -> None:
    """Ask it no more. What was answered stays; its item stays out of the work."""
    with transaction.atomic():
        _lock(gold.project)
        making.retire_gold(gold=gold, actor=actor)
        refuse_an_empty_beginning(gold.project)
        _record(gold.project, actor, gold)


def take_up(*, gold, actor) -> None:
    """Ask it again, at the end."""
    place(gold=gold, actor=actor, use=gold.use, section=gold.section)


def refuse_an_empty_beginning(project) -> None:
    """Nobody is sent to where nothing is asked."""
    first = LadderSettings.objects.filter(project=project).values_list("first_stage", flat=True)
    stage = first.first() or Membership.Stage.FULL
    asked = GoldItem.objects.active().filter(project=project, use=stage)
    if (
        stage != Membership.Stage.FULL
        and not asked.exclude(item__state=Item.State.WITHDRAWN).exists()
    ):
        raise Conflict(
            _("New labelers begin here, and nothing would be asked of them: add an item first.")
        )


def save_section(
    *, project, actor, name: str, pass_percent: int, section: TestSection | None = None
) -> TestSection:
    """A new section at the end, or another name and mark. Attempts that ended keep theirs."""
    name = clean(name, field="name").strip()
    if not name or len(name) > MAX_NAME:
        raise DomainError(
            _("A section has a name of at most %(most)d characters.") % {"most": MAX_NAME}
        )
    if not 0 <= pass_percent <= 100:
        raise DomainError(_("A pass mark is from 0 to 100 %."))
    with transaction.atomic():
        _lock(project)
        if section is None:
            last = project.test_sections.aggregate(last=Max("position"))["last"] or 0
            section = TestSection(project=project, position=last + 1)
        section.name, section.pass_percent = name, pass_percent
        section.save()
        _record(project, actor, section=section)
    return section


def remove_section(*, section, actor) -> None:
    """Only an empty one: its known answers belong somewhere."""
    with transaction.atomic():
        _lock(section.project)
        if section.gold_items.exists():
            raise Conflict(_("The section has items: move them first."))
        _record(section.project, actor, section=section)
        section.delete()


def _lock(project) -> None:
    """One after the other: positions are counted."""
    Project.objects.select_for_update(no_key=True).get(pk=project.pk)


def _next_position(project, use, section) -> int:
    same = GoldItem.objects.filter(project=project, use=use, section=section)
    last = same.aggregate(last=Max("position"))["last"]
    return 0 if last is None else last + 1


def _record(project, actor, gold=None, section=None) -> None:
    target = f"item:{gold.item_id}" if gold else f"section:{section.pk}"
    audit.record("ladder.items_changed", actor=actor, project=project, target=target)
