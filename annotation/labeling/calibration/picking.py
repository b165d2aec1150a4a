"""Which items may be in a round, and drawing some of them."""

import re
import secrets
from collections.abc import Iterable, Sequence

from django.db.models import CharField, Exists, OuterRef, Q, Value
from django.db.models.functions import MD5, Cast, Concat
from django.utils.translation import gettext as _

from annotation.core.errors import DomainError
from annotation.labeling.models import (
    Assignment,
    CalibrationItem,
    GoldItem,
    Item,
    ItemReview,
    Judgment,
)

MOST_ITEMS = 50
DISPUTED = 50  # items whose prompts the others are compared with
CANDIDATES = 2_000


def named_items(project, names: Iterable[str]) -> list[Item]:
    """The items of these external ids in this order; DomainError names those that are absent."""
    wanted = list(dict.fromkeys(name.strip() for name in names if name.strip()))
    found = {
        item.external_id: item
        for item in Item.objects.filter(project=project, external_id__in=wanted)
    }
    absent = [name for name in wanted if name not in found]
    if absent:
        raise DomainError(_("There is no item with the id %(names)s.") % {"names": listed(absent)})
    return [found[name] for name in wanted]


def listed(names: Sequence[str]) -> str:
    """A few of the names: a sentence, no catalogue."""
    shown = ", ".join(f"“{name}”" for name in names[:5])
    rest = len(names) - 5
    return (
        shown if rest <= 0 else _("%(names)s and %(rest)d more") % {"names": shown, "rest": rest}
    )


def touched_by(labelers) -> Q:
    """Held, judged or skipped by one of them. What ran out may be lent again, and is not."""
    held = Assignment.objects.filter(item=OuterRef("pk"), labeler__in=labelers)
    judged = Judgment.objects.filter(item=OuterRef("pk"), labeler__in=labelers)
    return Q(Exists(held.exclude(state=Assignment.State.EXPIRED))) | Q(Exists(judged))


def eligible(project, labelers):
    """Items of the queue that all of them would see for the first time."""
    live = Assignment.objects.live().filter(item=OuterRef("pk"))
    return (
        Item.objects.filter(project=project, state=Item.State.OPEN, gold=None, calibration=None)
        .exclude(Exists(live))
        .exclude(touched_by(labelers))
    )


def draw_at_random(project, labelers, count: int, seed: int | None = None) -> tuple[list, int]:
    """Items by the hash of a seed and their ids, and the seed: the same one draws the same."""
    seed = secrets.randbelow(2**31) if seed is None else seed
    key = MD5(Concat(Value(f"{seed}:"), Cast("pk", CharField()), output_field=CharField()))
    rows = eligible(project, labelers).select_related("prompt")
    return list(rows.order_by(key)[:count]), seed


def draw_like_disputed(project, labelers, count: int, seed: int | None = None) -> tuple[list, int]:
    """Items whose prompts are most like those that labelers disagreed on most, by shared words
    times disagreement; of equally like ones those that the seed draws first. DomainError where
    nobody disagreed on anything yet."""
    rows = ItemReview.objects.filter(project=project, spread__gt=0).order_by("-spread", "item")
    disputed = [
        (row.spread, _words(row.item)) for row in rows.select_related("item__prompt")[:DISPUTED]
    ]
    if not disputed:
        raise DomainError(
            _("Labelers have not disagreed on anything yet: draw at random instead.")
        )
    drawn, seed = draw_at_random(project, labelers, CANDIDATES, seed)
    scores = {item.pk: _likeness(_words(item), disputed) for item in drawn}
    return sorted(drawn, key=lambda item: -scores[item.pk])[:count], seed


def _likeness(words: frozenset[str], disputed) -> float:
    """The largest product of a disagreement and the Jaccard index of the two sets of words."""
    return max(
        (spread * len(words & other) / len(words | other) for spread, other in disputed if other),
        default=0.0,
    )


def _words(item) -> frozenset[str]:
    return frozenset(re.findall(r"\w{3,}", item.prompt.last_message.casefold()))


def problems_with(items: Sequence[Item], labelers, *, of_round=None) -> list[str]:
    """Why these items cannot be in a round of these people: one sentence for each rule that some
    of them break. Under the items' locks it holds until the transaction ends."""
    ids = [item.pk for item in items]
    rows = Item.objects.filter(pk__in=ids)
    elsewhere = CalibrationItem.objects.filter(item=OuterRef("pk")).exclude(round=of_round)
    live = Assignment.objects.live().filter(item=OuterRef("pk"))
    gold = GoldItem.objects.filter(item=OuterRef("pk"))
    rules = [
        (_("%(names)s: in another calibration round."), Q(Exists(elsewhere))),
        (_("%(names)s: has a known answer."), Q(Exists(gold))),
        (
            _("%(names)s: withdrawn, or kept for something else."),
            ~Q(state=Item.State.OPEN) & ~Q(Exists(elsewhere)) & ~Q(Exists(gold)),
        ),
        (_("%(names)s: somebody is judging it right now."), Q(Exists(live))),
        (
            _("%(names)s: judged or skipped already by somebody who is to take part."),
            touched_by(labelers) & ~Q(Exists(live)),
        ),
    ]
    said = []
    for text, rule in rules:
        names = list(rows.filter(rule).order_by("pk").values_list("external_id", flat=True))
        if names:
            said.append(text % {"names": listed(names)})
    return said
