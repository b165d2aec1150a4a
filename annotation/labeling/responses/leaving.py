"""Responses that leave their items by a decision, and come back when it is taken back.

An item has numbered places. Those that left are written down with their numbers (RemovedPlace), so
an item that was put together to let generators meet is the same again afterwards. With fewer than
two left an item is withdrawn, and stands as it was made, so that it is seen what it was.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from django.db.models import Q
from django.utils.translation import gettext as _

from annotation.candidates.models import ResponseDecision
from annotation.core.errors import DomainError
from annotation.core.hashing import sha256_of_text
from annotation.labeling.models import Item, ItemResponse, RemovedPlace
from annotation.labeling.responses.places import Changed, lock_untouched
from annotation.prompts.models import Response

State = Item.State
KEPT_OUT = (ResponseDecision.Choice.WITHHELD, ResponseDecision.Choice.MERGED)


@dataclass
class _Places:
    """All places an item ever had: {number: (response, key)}, and the responses that are in, out,
    or out by a decision though they are still seen, for the item was withdrawn."""

    item: Item
    every: dict[int, tuple[int, str]] = field(default_factory=dict)
    inside: set[int] = field(default_factory=set)
    out: set[int] = field(default_factory=set)

    @property
    def follows(self) -> bool:
        """An item that people withdrew or keep for something else stays what they made of it."""
        is_withdrawn_for_it = self.item.state == State.WITHDRAWN and bool(self.out & self.inside)
        return self.item.state == State.OPEN or is_withdrawn_for_it


def take_out(responses: Iterable[int]) -> Changed:
    """Take these responses out of their items. In a transaction."""
    gone = set(responses)
    withdrawn = RemovedPlace.objects.of_items_withdrawn_for_it().values("item")
    items = Item.objects.filter(Q(state=State.OPEN) | Q(pk__in=withdrawn))
    items = items.filter(item_responses__response__in=gone)
    free, left = lock_untouched(Item.objects.filter(pk__in=items.values("pk")))
    wanted = {
        one.item.pk: (one, one.out | (gone & one.inside)) for one in _read(free) if one.follows
    }
    return _write(wanted.values(), {}, Changed(left=left))


def put_back(texts: Mapping[int, str]) -> Changed:
    """Give these responses their places again, each shown as its text ("": as it was written),
    where a decision took them. In a transaction."""
    removed = RemovedPlace.objects.filter(response__in=list(texts))
    free, left = lock_untouched(Item.objects.filter(pk__in=removed.values("item")))
    wanted = [(one, one.out - texts.keys()) for one in _read(free)]
    return _write(wanted, texts, Changed(left=left))


def leave_out_decided(item: Item) -> None:
    """Take out of an item that a person puts back into the queue what decisions keep out of items.
    DomainError where fewer than two would stay. In a transaction."""
    free, left = lock_untouched(Item.objects.filter(pk=item.pk, state=State.OPEN))
    for one in _read(free):
        decided = ResponseDecision.objects.filter(
            response__in=one.inside, choice__in=KEPT_OUT
        ).order_by("response")
        choices = {row.response_id: row.get_choice_display() for row in decided}
        if choices and len(one.inside - choices.keys()) < 2:
            keys = dict(one.every.values())
            raise DomainError(
                _(
                    "Fewer than two responses would stay in this item (%(decisions)s). Take a "
                    "decision back among the marked responses first."
                )
                % {"decisions": "; ".join(f"{keys[pk]}: {said}" for pk, said in choices.items())}
            )
        if choices:
            _write([(one, one.out | choices.keys())], {}, Changed(left=left))


def _read(items: list[Item]) -> list[_Places]:
    read = {item.pk: _Places(item) for item in items}
    numbers: dict[int, set[int]] = {item.pk: set() for item in items}
    placed: dict[int, list[ItemResponse]] = {item.pk: [] for item in items}
    for place in ItemResponse.objects.filter(item__in=items).order_by("item", "position"):
        placed[place.item_id].append(place)
        read[place.item_id].inside.add(place.response_id)
    for row in RemovedPlace.objects.filter(item__in=items).order_by("item", "number"):
        one = read[row.item_id]
        one.out.add(row.response_id)
        if row.response_id not in one.inside:
            one.every[row.number] = (row.response_id, row.key)
            numbers[row.item_id].add(row.number)
    for pk, one in read.items():
        free = (number for number in range(1, 10) if number not in numbers[pk])
        for number, place in zip(free, placed[pk], strict=False):
            one.every[number] = (place.response_id, place.key)
    return list(read.values())


def _write(wanted, texts: Mapping[int, str], done: Changed) -> Changed:
    """`wanted`: the places of each item, and which responses are out of it from now on."""
    rows, removed, items = [], [], []
    for one, out in wanted:
        item, every = one.item, sorted(one.every.items())
        stay = {response for response, _key in one.every.values() if response not in out}
        if one.follows:
            state = State.OPEN if len(stay) >= 2 else State.WITHDRAWN
            inside = (
                stay if len(stay) >= 2 else {response for response, _key in one.every.values()}
            )
            done.withdrawn += item.state == State.OPEN and state == State.WITHDRAWN
            done.reopened += item.state == State.WITHDRAWN and state == State.OPEN
            item.state = state
        else:
            inside = one.inside | (stay & texts.keys())
        done.removed += len(one.inside - inside)
        done.restored += len((inside - one.inside) - out)
        item.response_count = len(inside)
        items.append(item)
        rows.append((item, [(r, key) for _number, (r, key) in every if r in inside]))
        removed += [
            RemovedPlace(item=item, number=number, response_id=response, key=key)
            for number, (response, key) in every
            if response in out
        ]
    _replace(rows, texts)
    RemovedPlace.objects.filter(item__in=items).delete()
    RemovedPlace.objects.bulk_create(removed, batch_size=500)
    Item.objects.bulk_update(items, ["state", "response_count"], batch_size=500)
    return done


def _replace(rows: list[tuple[Item, list[tuple[int, str]]]], texts: Mapping[int, str]) -> None:
    """Write the places anew, from 1 upwards: nobody was shown them, and opinions name the
    responses."""
    items = [item for item, _places in rows]
    before = ItemResponse.objects.filter(item__in=items).values_list(
        "item", "response", "shown_text"
    )
    shown = {(item, response): text for item, response, text in before}
    responses = Response.objects.in_bulk({r for _item, places in rows for r, _key in places})
    made = []
    for item, places in rows:
        first: dict[tuple, int] = {}
        for position, (response, key) in enumerate(places, start=1):
            text = shown.get((item.pk, response), texts.get(response, ""))
            same = _content(responses[response])
            made.append(
                ItemResponse(
                    item=item,
                    response_id=response,
                    position=position,
                    key=key,
                    equal_to=first.get(same),
                    shown_text=text,
                    shown_sha256=sha256_of_text(text) if text else "",
                )
            )
            first.setdefault(same, position)
    ItemResponse.objects.filter(item__in=items).delete()
    ItemResponse.objects.bulk_create(made, batch_size=500)


def _content(response: Response) -> tuple:
    return (response.text_sha256, *(reference["sha256"] for reference in response.attachments))
