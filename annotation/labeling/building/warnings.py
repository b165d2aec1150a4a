"""What labelers are warned of: the harms that an item's responses are marked with."""

from django.db import transaction
from django.db.models import Exists, OuterRef

from annotation.candidates.marks.found import SAFETY
from annotation.candidates.models import ResponseDecision, ResponseMark
from annotation.core.harms import HARMS, known_harms
from annotation.labeling.models import BuiltBatch, Item
from annotation.labeling.responses.places import lock_untouched


def _marks():
    """A person who left a response as it is knew better."""
    left = ResponseDecision.Choice.LEFT
    return ResponseMark.objects.filter(kind=SAFETY).exclude(response__decision__choice=left)


def warn_of_marks(project, batch: str) -> None:
    """In the transaction that makes the items."""
    rows = _marks().filter(response__items__project=project, response__items__batch=batch)
    harms: dict[int, set[str]] = {}
    for item, harm in rows.values_list("response__items", "detail"):
        harms.setdefault(item, set()).add(harm)
    items = list(Item.objects.filter(project=project, batch=batch, pk__in=harms))
    for item in items:
        item.warnings = known_harms(harms[item.pk])
    Item.objects.bulk_update(items, ["warnings"], batch_size=500)


def warn_of_late_marks() -> int:
    """A classifier may speak after the items were built: those that nobody has had are marked
    then. How many it were."""
    return sum(_warn_of(harm) for harm in HARMS)


@transaction.atomic
def _warn_of(harm: str) -> int:
    marked = _marks().filter(detail=harm, response__items=OuterRef("pk"))
    built = BuiltBatch.objects.filter(project=OuterRef("project"), name=OuterRef("batch"))
    unwarned = Item.objects.open().filter(Exists(marked), Exists(built), taken=0)
    free, _begun = lock_untouched(unwarned.exclude(warnings__contains=[harm]))
    for item in free:
        item.warnings = known_harms([*item.warnings, harm])
    return Item.objects.bulk_update(free, ["warnings"], batch_size=500)
