"""A stored prompts report as its page shows it: rows with strips, and sentences. No queries."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from annotation.core.charts.scales import span
from annotation.core.charts.whiskers import Whisker, whisker
from annotation.core.numbers import grouped, localised, points
from annotation.quality.analyses.prompts.parts import LEAST_ITEMS
from annotation.quality.presentation import response_labels
from annotation.quality.share_rows import LEVEL, chance, percent
from annotation.quality.strips import Strip, outcomes
from annotation.quality.wording import explain, facets_left_out


@dataclass(frozen=True)
class ItemRow:
    """item: with its prompt; strip: how its judgments fell out."""

    item: object
    strip: Strip
    seen: str
    expected: str
    judgments: int
    is_found: bool
    said: str


@dataclass(frozen=True)
class Split:
    item: object
    sides: list[Strip]


@dataclass(frozen=True)
class Reading:
    name: str
    said: str
    is_found: bool
    items: list[Split]


@dataclass(frozen=True)
class Part:
    """A facet's value, or a prompt (item: one of its items)."""

    name: str
    item: object | None
    items: str
    seen: str
    beyond: str
    chart: Whisker
    said: str
    is_found: bool


@dataclass(frozen=True)
class Heavy:
    item: object
    share: str
    interval: str
    judgments: str
    items: str


@dataclass(frozen=True)
class PromptsPage:
    finding: str
    extent: dict
    items: list[ItemRow]
    readings: list[Reading]
    prompts: list[Part]
    facets: list[Part]
    few: str
    left_out: str
    tied: list[Heavy]
    bad: list[Heavy]


def items_named(result: Mapping) -> set[int]:
    """Ids of all items that the page shows."""
    plain = ("items", "prompts", "tied", "bad")
    named = {row["item"] for key in plain for row in result[key]}
    return named | {one["item"] for reading in result["readings"] for one in reading["items"]}


def present(result: Mapping, items: Mapping) -> PromptsPage:
    """items: {pk: Item with its prompt and places} of `items_named`, without those gone since."""
    return PromptsPage(
        finding=finding_of(result),
        extent=result["extent"],
        items=[
            _item_row(row, items[row["item"]]) for row in result["items"] if row["item"] in items
        ],
        readings=[_reading(row, items) for row in result["readings"]],
        prompts=[
            _part(row, items[row["item"]]) for row in result["prompts"] if row["item"] in items
        ],
        facets=[_part(row, None) for row in result["facets"] if row["reason"] != "too_few"],
        few=few_of(result["facets"]),
        left_out=facets_left_out(result["extent"].get("facets_left_out", 0)),
        tied=[_heavy(row, items[row["item"]]) for row in result["tied"] if row["item"] in items],
        bad=[_heavy(row, items[row["item"]]) for row in result["bad"] if row["item"] in items],
    )


def finding_of(result: Mapping) -> str:
    """The page's title."""
    divided = [row for row in result["readings"] if row["q"] is not None and row["q"] <= LEVEL]
    if divided:
        return _("People read the task in two ways")
    proven = result["extent"]["proven"]
    if proven:
        return ngettext(
            "%(count)s item divides people more than their reliability explains",
            "%(count)s items divide people more than their reliability explains",
            proven,
        ) % {"count": grouped(proven)}
    if result["items"]:
        return _("No item is proven ambiguous; these are the ones to look at first")
    if result["extent"]["judged_twice"]:
        return _("Nothing divides people more than their reliability explains")
    return _("No disagreement to show yet")


def _item_row(row: dict, item) -> ItemRow:
    return ItemRow(
        item=item,
        strip=_strip(row["strip"], item),
        seen=percent(row["seen"]),
        expected=percent(row["expected"]),
        judgments=row["judgments"],
        is_found=row["q"] <= LEVEL,
        said=chance(row["q"]),
    )


def _strip(counts: dict, item) -> Strip:
    labels = response_labels(item)
    named = list(zip(labels, counts["first"], strict=False))
    return outcomes([*named, ("=", counts["shared"]), ("✗", counts["bad"])], _("At the top"))


def reading_of(row: Mapping) -> tuple[str, str, bool]:
    """(what was asked, whether people stand on two sides, whether that was found)."""
    name = row["label"] if row["key"] != "ranking" else _("The ranking itself")
    found = row["q"] is not None and row["q"] <= LEVEL
    if row["p"] is None:
        said = explain(row["reason"])
    elif found:
        said = _("two sides, of %(one)d and %(other)d labelers; %(chance)s") % {
            "one": row["sides"][0],
            "other": row["sides"][1],
            "chance": chance(row["q"]),
        }
    else:
        said = _("no two sides that chance does not explain; %(chance)s") % {
            "chance": chance(row["q"])
        }
    return name, said, found


def _reading(row: dict, items: Mapping) -> Reading:
    name, said, found = reading_of(row)
    splits = [_split(row, one, items[one["item"]]) for one in row["items"] if one["item"] in items]
    return Reading(name, said, found, splits)


def _split(row: dict, one: dict, item) -> Split:
    sides = [_answers(row, counts, item, at) for at, counts in enumerate(one["answers"], start=1)]
    return Split(item, sides)


def _answers(row: dict, counts: list[int], item, side: int) -> Strip:
    if row["key"] == "ranking":
        # By the ids of the responses: the lower one better, a tie, the higher one.
        labels = [_("lower id"), "=", _("higher id")]
        if item.response_count == 2:
            keys = sorted(response_labels(item)[:2])
            labels = [keys[0], "=", keys[1]]
    else:
        labels = [localised(f"{point:g}") for point in row["scale"]]
    title = _("Side %(side)d") % {"side": side}
    return outcomes(list(zip(labels, counts, strict=True)), title)


def _part(row: dict, item) -> Part:
    found = row["q"] is not None and row["q"] <= LEVEL
    name = "" if item is not None else f"{row['key']}: {row['value']}"
    reason = explain(row["reason"]) if row["reason"] else ""
    return Part(
        name=name,
        item=item,
        items=grouped(row["items"]),
        seen="" if row["seen"] is None else percent(row["seen"]),
        beyond="" if row["beyond"] is None else points(row["beyond"]),
        chart=whisker(
            row["beyond"],
            row["ci"] and tuple(row["ci"]),
            name=name or _("This prompt"),
            scale=(-0.5, 0.5),
            usual=(-0.006, 0.006),
            reason=reason,
            number=points,
        ),
        said="; ".join(part for part in (reason, chance(row["q"])) if part),
        is_found=found,
    )


def few_of(rows: Iterable[Mapping]) -> str:
    """How many parts are too small to say anything of, in one sentence; "" where none is."""
    few = [row for row in rows if row["reason"] == "too_few"]
    if not few:
        return ""
    return ngettext(
        "%(count)s part is too small: a comparison takes %(least)d items on either side.",
        "%(count)s parts are too small: a comparison takes %(least)d items on either side.",
        len(few),
    ) % {"count": grouped(len(few)), "least": LEAST_ITEMS}


def _heavy(row: dict, item) -> Heavy:
    low, high = row["ci"]
    return Heavy(
        item=item,
        share=percent(row["value"]),
        interval=span(percent(low), percent(high)),
        judgments=grouped(row["n"]),
        items=grouped(row["items"]),
    )
