"""Agreement of parts of the work as the agreement page shows it: a table each, weeks as a line."""

import re
from dataclasses import dataclass, field
from datetime import date

from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from annotation.core.charts.lines import LineChart, Series, line_chart
from annotation.core.charts.whiskers import Whisker, whisker
from annotation.core.numbers import grouped
from annotation.quality.analyses.by_version import FEWEST_ITEMS
from annotation.quality.ceiling import USUAL_RAW
from annotation.quality.wording import explain, format_interval, format_value


@dataclass(frozen=True)
class PartRow:
    name: str
    items: int
    pairs: int
    raw: str
    interval: str
    chart: Whisker
    alpha: str
    ac1: str
    note: str = ""


@dataclass(frozen=True)
class CutPanel:
    """rows: the parts with enough items; counts: what is in them and what is not, in sentences;
    chart: of weeks, where there are two to draw a line between; summary: of a facet, what it says
    while it is folded."""

    key: str
    title: str
    head: str
    rows: list[PartRow]
    counts: list[str] = field(default_factory=list)
    chart: LineChart | None = None
    is_facet: bool = False
    summary: str = ""


def present_parts(cuts: list[dict]) -> list[CutPanel]:
    return [_panel(place, cut) for place, cut in enumerate(cuts)]


def _panel(place: int, cut: dict) -> CutPanel:
    title, head = _titles(cut)
    parts = sorted(cut["parts"], key=_natural) if cut["by"] == "facet" else cut["parts"]
    rows = [_row(_name(cut["by"], part["name"]), part) for part in parts]
    chart = _weeks(cut["parts"]) if cut["by"] == "week" else None
    is_facet = cut["by"] == "facet"
    summary = _summary(rows, cut["parts"]) if is_facet else ""
    return CutPanel(f"cut-{place}", title, head, rows, _counts(cut), chart, is_facet, summary)


def _summary(rows: list[PartRow], parts: list[dict]) -> str:
    """From the part that agrees least to the one that agrees most."""
    known = sorted(
        (part["raw"]["value"], str(part["name"]))
        for part in parts
        if part["raw"]["value"] is not None
    )
    if not rows or len(known) < 2:
        return ""
    (low, least), (high, most) = known[0], known[-1]
    return _("raw from %(low)s (%(least)s) to %(high)s (%(most)s)") % {
        "low": format_value(low),
        "least": least,
        "high": format_value(high),
        "most": most,
    }


def _natural(part: dict) -> list:
    """Numbers in names by their value: 2 before 10."""
    return [(0, int(word), "") if word.isdecimal() else (1, 0, word)
            for word in re.split(r"(\d+)", str(part["name"])) if word]  # fmt: skip


def _titles(cut: dict) -> tuple[str, str]:
    if cut["by"] == "facet":
        return _("By %(key)s") % {"key": cut["key"]}, cut["key"]
    return {
        "week": (_("By week"), _("Week of")),
        "rubric_version": (_("By rubric version"), _("Version")),
        "batch": (_("By batch"), _("Batch")),
        "generators": (_("By pair of generators"), _("Generators")),
    }[cut["by"]]


def _name(by: str, name) -> str:
    if by == "week":
        return date_format(date.fromisoformat(name), _("j F Y"))
    if by == "generators":
        return _("%(one)s and %(other)s") % {"one": name[0], "other": name[1]}
    return str(name)


def _row(name: str, part: dict) -> PartRow:
    raw, alpha, ac1 = part["raw"], part["alpha_nominal"], part["gwet_ac1"]
    return PartRow(
        name=name,
        items=part["n_items"],
        pairs=part["n_pairs"],
        raw=format_value(raw["value"]),
        interval=format_interval(raw["ci"]),
        chart=whisker(
            raw["value"],
            tuple(raw["ci"]) if raw["ci"] else None,
            name=name,
            usual=USUAL_RAW,
            number=format_value,
        ),
        alpha=format_value(alpha["value"]),
        ac1=format_value(ac1["value"]),
        note=explain(alpha["reason"]) if alpha["reason"] else "",
    )


def _weeks(parts: list[dict]) -> LineChart | None:
    if len(parts) < 2:
        return None
    series = []
    for key, name in (("raw", _("raw")), ("alpha_nominal", _("alpha"))):
        known = [(x, part[key]) for x, part in enumerate(parts) if part[key]["value"] is not None]
        series.append(
            Series(
                name,
                [(x, one["value"]) for x, one in known],
                low=[(one["ci"] or [one["value"]])[0] for _x, one in known],
                high=[(one["ci"] or [one["value"]])[-1] for _x, one in known],
            )
        )
    first, last = parts[0]["raw"], parts[-1]["raw"]
    return line_chart(
        label=_("Raw agreement by week: %(first)s in the first, %(last)s in the last")
        % {"first": format_value(first["value"]), "last": format_value(last["value"])},
        series=series,
        x_name=_("Week of"),
        x_labels=[date_format(date.fromisoformat(part["name"]), _("j M")) for part in parts],
        usual=(*USUAL_RAW, _("people usually, raw")),
        y_format=format_value,
    )


def _counts(cut: dict) -> list[str]:
    """Every pair of answers is in one of these numbers."""
    shown = sum(part["n_pairs"] for part in cut["parts"])
    said = [
        _("%(shown)s of %(all)s pairs of answers to one comparison are in this table.")
        % {"shown": grouped(shown), "all": grouped(cut["n_pairs"])}
    ]
    few, unshown = cut["few"], cut["unshown"]
    missing = []
    if few["parts"]:
        missing.append(
            ngettext(
                "%(pairs)s in %(parts)s part with fewer than %(least)d items that two judged",
                "%(pairs)s in %(parts)s parts with fewer than %(least)d items that two judged",
                few["parts"],
            )
            % {
                "pairs": grouped(few["n_pairs"]),
                "parts": grouped(few["parts"]),
                "least": FEWEST_ITEMS,
            }
        )
    if unshown["parts"]:
        missing.append(
            ngettext(
                "%(pairs)s in %(parts)s part that is smaller than these",
                "%(pairs)s in %(parts)s parts that are smaller than these",
                unshown["parts"],
            )
            % {"pairs": grouped(unshown["n_pairs"]), "parts": grouped(unshown["parts"])}
        )
    if cut["n_pairs_across"]:
        missing.append(
            _("%(pairs)s whose two answers lie in different parts")
            % {"pairs": grouped(cut["n_pairs_across"])}
        )
    if cut["outside"]["n_pairs"]:
        missing.append(
            _("%(pairs)s of which it is not known") % {"pairs": grouped(cut["outside"]["n_pairs"])}
        )
    if missing:
        said.append(_("Not shown: %(missing)s.") % {"missing": "; ".join(missing)})
    return said
