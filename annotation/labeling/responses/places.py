"""What a decision on a response does to the items it stands in: only to those that nobody has
been lent. What was judged stays as it was judged."""

from collections.abc import Mapping
from dataclasses import dataclass

from django.db.models import Exists, OuterRef

from annotation.core.hashing import sha256_of_text
from annotation.labeling.models import (
    Assignment,
    CalibrationItem,
    GoldItem,
    Item,
    ItemResponse,
    Judgment,
)


@dataclass
class Changed:
    """What became of items: places shown otherwise, places taken out or put back, items withdrawn
    or given back to the queue, and items left alone because somebody has had them (`left`)."""

    shown: int = 0
    removed: int = 0
    withdrawn: int = 0
    restored: int = 0
    reopened: int = 0
    left: int = 0

    def __iadd__(self, other: "Changed") -> "Changed":
        for name, count in vars(other).items():
            setattr(self, name, getattr(self, name) + count)
        return self


def untouched(items):
    """Items that nobody was lent and nobody judged, with nothing known of them that speaks of
    places: no gold, no round."""
    return items.filter(taken=0).exclude(
        Exists(Assignment.objects.filter(item=OuterRef("pk")))
        | Exists(Judgment.objects.filter(item=OuterRef("pk")))
        | Exists(GoldItem.objects.filter(item=OuterRef("pk")))
        | Exists(CalibrationItem.objects.filter(item=OuterRef("pk")))
    )


def lock_untouched(items) -> tuple[list[Item], int]:
    """Inside a transaction: those of the items that can be changed, locked by their ids; and how
    many cannot."""
    pks = [item.pk for item in items.order_by("pk").select_for_update(of=("self",))]
    # Asked again under the locks: whoever was lent one meanwhile keeps what they see.
    free = list(untouched(Item.objects.filter(pk__in=pks)).order_by("pk"))
    return free, len(pks) - len(free)


def show_as(texts: Mapping[int, str], *, batch: str | None = None) -> Changed:
    """Show each of these responses as this text, in one batch or wherever it stands; "" is as it
    was written. In a transaction."""
    if not texts:
        return Changed()
    items = Item.objects.filter(item_responses__response__in=list(texts))
    if batch is not None:
        items = items.filter(batch=batch)
    free, left = lock_untouched(Item.objects.filter(pk__in=items.values("pk")))
    places = list(
        ItemResponse.objects.filter(item__in=free, response__in=list(texts)).order_by("pk")
    )
    changed = []
    for place in places:
        text = texts[place.response_id]
        if place.shown_text != text:
            place.shown_text = text
            place.shown_sha256 = sha256_of_text(text) if text else ""
            changed.append(place)
    ItemResponse.objects.bulk_update(changed, ["shown_text", "shown_sha256"], batch_size=500)
    return Changed(shown=len(changed), left=left)
