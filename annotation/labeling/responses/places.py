"""What a decision on a response does to the items it stands in: only to those that nobody has
been lent. What was judged stays as it was judged."""

from collections.abc import Iterable, Mapping
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
from annotation.prompts.models import Response


@dataclass
class Changed:
    """What became of items: places shown otherwise, places taken out, items withdrawn, and items
    left alone because somebody has had them."""

    shown: int = 0
    removed: int = 0
    withdrawn: int = 0
    left: int = 0

    def __iadd__(self, other: "Changed") -> "Changed":
        self.shown += other.shown
        self.removed += other.removed
        self.withdrawn += other.withdrawn
        self.left += other.left
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


def take_out(responses: Iterable[int]) -> Changed:
    """Take these responses out of their items; an item with too few left is withdrawn and keeps
    them, so that it is seen what it was. In a transaction."""
    gone = set(responses)
    items = Item.objects.filter(item_responses__response__in=gone, state=Item.State.OPEN)
    free, left = lock_untouched(Item.objects.filter(pk__in=items.values("pk")))
    places: dict[int, list[ItemResponse]] = {item.pk: [] for item in free}
    rows = ItemResponse.objects.filter(item__in=free).select_related("response")
    for place in rows.order_by("item", "position"):
        places[place.item_id].append(place)
    done = Changed(left=left)
    for item in free:
        stay = [place for place in places[item.pk] if place.response_id not in gone]
        if len(stay) < 2:
            Item.objects.filter(pk=item.pk).update(state=Item.State.WITHDRAWN)
            done.withdrawn += 1
        else:
            done.removed += len(places[item.pk]) - len(stay)
            _keep_only(item, stay)
    return done


def _keep_only(item: Item, stay: list[ItemResponse]) -> None:
    """These places, one after the other from 1. Upwards: a number is free before it is taken."""
    item.item_responses.exclude(pk__in=[place.pk for place in stay]).delete()
    # What says "as in place n" would speak of another place between two statements.
    item.item_responses.update(equal_to=None)
    first: dict[tuple, int] = {}
    for position, place in enumerate(stay, start=1):
        same = _content(place.response)
        ItemResponse.objects.filter(pk=place.pk).update(
            position=position, equal_to=first.get(same)
        )
        first.setdefault(same, position)
    Item.objects.filter(pk=item.pk).update(response_count=len(stay))


def _content(response: Response) -> tuple:
    return (response.text_sha256, *(reference["sha256"] for reference in response.attachments))
