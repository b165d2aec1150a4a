"""The finding, the rows and what can be done."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from annotation.core.numbers import grouped, points
from annotation.quality.bias_page.groups import Groups, groups_of
from annotation.quality.bias_page.weeks import Weekly, weekly
from annotation.quality.models import Report
from annotation.quality.share_rows import (
    LEVEL,
    Row,
    chance,
    is_found,
    odds_row,
    percent,
    share_row,
)

MARKS = {
    "headers": gettext_lazy("Headings"),
    "lists": gettext_lazy("Lists"),
    "bold": gettext_lazy("Bold text"),
}


@dataclass(frozen=True)
class Places:
    """Of items of one size: how often each place was alone at the top."""

    title: str
    said: str
    rows: list[Row]


@dataclass(frozen=True)
class BiasPage:
    finding: str
    extent: dict
    main: list[Row]
    form: list[Row]
    shares: list[Row]
    places: list[Places]
    order: str
    moved: str
    weeks: list[Weekly]
    groups: Groups
    reward: Row
    n_fitted: str
    is_sampled: bool
    found: frozenset[str] = field(default_factory=frozenset)

    @property
    def has_weeks(self) -> bool:
        return any(one.chart for one in self.weeks)


def present(result: Mapping, slices: Report | None, k: int) -> BiasPage:
    position, form = result["position"], result["form"]
    weeks, groups = weekly(result["drift"]), groups_of(slices, k)
    found = _found(result, weeks, groups)
    return BiasPage(
        finding=_finding(found, result),
        extent=result["extent"],
        main=_main(position, form),
        form=[
            odds_row(_("Twice as long"), form["length"], note=_("beside place and generators")),
            *(odds_row(str(name), form["marks"][key]["odds"]) for key, name in MARKS.items()),
        ],
        shares=[share_row(str(MARKS[name]), mark["more"]) for name, mark in form["marks"].items()],
        places=[_places(one) for one in position["places"]],
        order=_order(position["order"]),
        moved=_moved(position["most_moved"]),
        weeks=weeks,
        groups=groups,
        reward=share_row(_("Reward model and labeler prefer the same"), result["reward"]),
        n_fitted=grouped(form["n_fitted"]),
        is_sampled=form["n_fitted"] < form["n_decisive"],
        found=found,
    )


def _main(position: dict, form: dict) -> list[Row]:
    note = _("only of items of two responses")
    rows = [share_row(_("The response shown first is preferred"), position["first"], note=note)]
    if position["listed"] is not None and position["listed"]["n"]:
        rows.append(
            share_row(
                _("The first of the two in the file is preferred"),
                position["listed"],
                note=_("it may simply be the better one: no drawn order is known"),
            )
        )
    rows.append(share_row(_("The longer response is preferred"), form["longer"]))
    return rows


def _found(result: Mapping, weeks: list[Weekly], groups: Groups) -> frozenset[str]:
    """What the interval and the adjusted p-value say, by name."""
    position, form = result["position"], result["form"]
    names = set()
    if position["order"]["is_uneven"]:
        names.add("uneven")
    if is_found(position["first"]):
        names.add("first" if position["first"]["value"] > 0.5 else "second")
    if any(one["q"] is not None and one["q"] <= LEVEL for one in position["places"]):
        names.add("place")
    if is_found(form["length"]):
        names.add("longer" if form["length"]["value"] > 1 else "shorter")
    names |= {name for name, mark in form["marks"].items() if is_found(mark["odds"])}
    if any(one.is_found for one in weeks):
        names.add("drift")
    if groups.is_found:
        names.add("groups")
    return frozenset(names)


FINDINGS = {
    "uneven": gettext_lazy("The order shown was not drawn, so the place may decide"),
    "longer": gettext_lazy("Longer answers win more often than their generators explain"),
    "first": gettext_lazy("The response shown first wins too often"),
    "second": gettext_lazy("The response shown last wins too often"),
    "place": gettext_lazy("Where a response stands decides part of its rank"),
    "shorter": gettext_lazy("Shorter answers win more often than their generators explain"),
    "form": gettext_lazy("The form of a response decides part of its rank"),
    "groups": gettext_lazy("Groups of labelers judge differently"),
    "drift": gettext_lazy("Judgments change from week to week"),
}


def _finding(found: frozenset[str], result: Mapping) -> str:
    """The page's title: the first of these that was found, or that none was."""
    said = found | ({"form"} if found & set(MARKS) else set())
    for name, text in FINDINGS.items():
        if name in said:
            return str(text)
    told = (result["position"]["first"], result["form"]["length"])
    if all(one["value"] is None for one in told):
        return _("No bias can be told yet")
    return _("No bias was found")


def _places(one: dict) -> Places:
    size = one["responses"]
    title = ngettext(
        "%(count)s judgment of %(size)s responses",
        "%(count)s judgments of %(size)s responses",
        one["n"],
    ) % {"count": grouped(one["n"]), "size": size}
    rows = [
        share_row(_("Place %(place)d") % {"place": place}, figure | {"q": None}, fair=1 / size)
        for place, figure in enumerate(one["places"], start=1)
    ]
    return Places(title, chance(one["q"]), rows)


def _order(order: dict) -> str:
    if order["value"] is None:
        return ""
    values = {"share": percent(order["value"]), "expected": percent(order["expected"])}
    if order["is_uneven"]:
        return (
            _(
                "An item’s first response was shown first in %(share)s of judgments, not in "
                "%(expected)s: this order was not drawn, and nothing balances it."
            )
            % values
        )
    return (
        _(
            "An item’s first response was shown first in %(share)s of judgments; drawn at random "
            "it is %(expected)s. So a preference for a place favours no response."
        )
        % values
    )


def _moved(moved: dict | None) -> str:
    if moved is None:
        return ""
    return _(
        "What is left over moves the share of wins of %(generator)s, which stood first in "
        "%(share)s, by %(shift)s points, and of every other generator by less."
    ) % {
        "generator": moved["generator"],
        "share": percent(moved["stood_first"]),
        "shift": points(moved["shift"]),
    }
