"""A stored consensus report as its page shows it: a sentence, charts and rows. No queries."""

from collections.abc import Mapping, Set
from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from annotation.core.charts.bars import BarChart, bar_chart
from annotation.core.charts.heat_maps import HeatMap, heat_map
from annotation.core.numbers import grouped, localised
from annotation.quality.presentation import response_labels
from annotation.quality.share_rows import Row, percent, share_row
from annotation.quality.strips import Strip, outcomes

METHODS = {
    "majority": gettext_lazy("Majority"),
    "borda": gettext_lazy("Borda"),
    "kemeny": gettext_lazy("Kemeny"),
    "schulze": gettext_lazy("Schulze"),
    "one_coin": gettext_lazy("One coin"),
    "dawid_skene": gettext_lazy("Dawid–Skene"),
    "crowd_bt": gettext_lazy("Crowd-BT"),
}
HOW = {
    "majority": gettext_lazy("the outcome with the most votes; an even split is a tie"),
    "borda": gettext_lazy("by all the comparisons that a response of the item won"),
    "kemeny": gettext_lazy("the order that agrees with most votes"),
    "schulze": gettext_lazy("by strongest paths"),
    "one_coin": gettext_lazy("each labeler weighed by one number (Dawid–Skene, one coin)"),
    "dawid_skene": gettext_lazy("each labeler weighed by what they confuse"),
    "crowd_bt": gettext_lazy(
        "an item’s responses contend, each labeler weighed by one number; it knows no ties"
    ),
}
# What a dataset's policy calls those that it can take.
OF_DATASETS = {
    "majority": "votes",
    "one_coin": "one_coin",
    "dawid_skene": "dawid_skene",
    "crowd_bt": "crowd_bt",
}
STEPS = (0.7, 0.8, 0.9, 0.95, 0.99)
NEARLY = 0.01  # methods that differ by less are told apart by nobody


@dataclass(frozen=True)
class MethodRow:
    """consensus: its name in a dataset's policy, empty where datasets do not take it."""

    name: str
    how: str
    ties: str
    gold: Row
    consensus: str


@dataclass(frozen=True)
class ItemRow:
    """answer: the likeliest one; is_settled: a reviewer has decided."""

    item: object
    strip: Strip
    answer: str
    sure: str
    judgments: int
    is_settled: bool


@dataclass(frozen=True)
class ConsensusPage:
    finding: str
    extent: dict
    threshold: str
    accuracy: str
    certainty: BarChart
    by_judgments: list[Row]
    methods: list[MethodRow]
    has_gold: bool
    alike: HeatMap | None
    said: str
    items: list[ItemRow]
    unsure: int


def present(result: Mapping, items: Mapping, settled: Set[int]) -> ConsensusPage:
    """items: {pk: Item with its prompt and places} of those listed, without those gone since;
    settled: those that a reviewer has decided."""
    certainty, finding = result["certainty"], finding_of(result)
    return ConsensusPage(
        finding=finding,
        extent=result["extent"],
        threshold=_whole_percent(certainty["threshold"]),
        accuracy="" if certainty["accuracy"] is None else percent(certainty["accuracy"]),
        certainty=_certainty(certainty["bins"], finding),
        by_judgments=[
            _share_row(judgments_of(row), row["sure"]) for row in certainty["by_judgments"]
        ],
        methods=[_method(row) for row in result["methods"]],
        has_gold=result["extent"]["known"] > 0,
        alike=_alike(result["agreement"]),
        said=said_of(result["agreement"]),
        items=[
            _item(row, items[row["item"]], row["item"] in settled)
            for row in certainty["items"]
            if row["item"] in items
        ],
        unsure=_unsure(certainty["sure"]),
    )


def finding_of(result: Mapping) -> str:
    sure = result["certainty"]["sure"]
    unsure = _unsure(sure)
    if not sure["n"]:
        return _("No answer to be sure of yet")
    if not unsure:
        return _("Every judged item has a sure answer")
    return ngettext(
        "%(count)s of %(items)s judged items has no sure answer yet",
        "%(count)s of %(items)s judged items have no sure answer yet",
        unsure,
    ) % {"count": grouped(unsure), "items": grouped(sure["n"])}


def _unsure(sure: Mapping) -> int:
    return sure["n"] - round((sure["value"] or 0) * sure["n"])


def _certainty(bins: list[dict], label: str) -> BarChart:
    def name(one: dict) -> str:
        low, high = (localised(f"{100 * one[end]:g}") for end in ("from", "to"))
        return f"< {high}" if one["from"] == 0 else f"{low}–{high}"

    return bar_chart(
        label=label,
        bars=[(name(one), float(one["items"])) for one in bins],
        name=_("How sure, in %"),
        value_name=_("Items"),
        number=lambda value: grouped(int(value)),
    )


def judgments_of(row: Mapping) -> str:
    if row["more"]:
        return _("%(count)d judgments or more") % {"count": row["judgments"]}
    return ngettext("%(count)d judgment", "%(count)d judgments", row["judgments"]) % {
        "count": row["judgments"]
    }


def _share_row(name: str, figure: dict) -> Row:
    return share_row(name, figure | {"q": None}, fair=None)


def _method(row: dict) -> MethodRow:
    ties = row["ties"]["value"]
    return MethodRow(
        name=str(METHODS[row["key"]]),
        how=str(HOW[row["key"]]),
        ties="" if ties is None else percent(ties),
        gold=_share_row(str(METHODS[row["key"]]), row["gold"]),
        consensus=OF_DATASETS.get(row["key"], ""),
    )


def _alike(pairs: list[dict]) -> HeatMap | None:
    shares = {frozenset((pair["one"], pair["other"])): pair["value"] for pair in pairs}
    if all(share is None for share in shares.values()):
        return None
    return heat_map(
        label=_("On which share of comparisons two methods come to the same outcome"),
        columns=[grouped(number) for number in range(1, len(METHODS) + 1)],
        rows=[
            (f"{number}  {name}", [shares.get(frozenset((key, other))) for other in METHODS])
            for number, (key, name) in enumerate(METHODS.items(), start=1)
        ],
        steps=STEPS,
        missing=_("none"),
    )


def said_of(pairs: list[dict]) -> str:
    """The two furthest apart."""
    known = [pair for pair in pairs if pair["value"] is not None]
    if not known:
        return _("Nothing was judged twice: every method says what the only judgment says.")
    least = min(known, key=lambda pair: pair["value"])
    if least["value"] >= 1 - NEARLY:
        return _("All methods come to the same outcomes: which one is taken makes no difference.")
    return _(
        "Furthest apart: %(one)s and %(other)s, alike on %(share)s of %(count)s comparisons."
    ) % {
        "one": METHODS[least["one"]],
        "other": METHODS[least["other"]],
        "share": percent(least["value"]),
        "count": grouped(least["n"]),
    }


def _item(row: dict, item, is_settled: bool) -> ItemRow:
    labels = response_labels(item)
    counts = row["strip"]
    named = list(zip(labels, counts["first"], strict=False))
    place = row["answer"]
    return ItemRow(
        item=item,
        strip=outcomes([*named, ("=", counts["shared"]), ("✗", counts["bad"])], _("At the top")),
        answer=labels[place - 1] if place else _("none alone"),
        sure=percent(row["sure"]),
        judgments=row["judgments"],
        is_settled=is_settled,
    )


def _whole_percent(share: float) -> str:
    return _("%(number)s %%") % {"number": localised(f"{100 * share:g}")}
