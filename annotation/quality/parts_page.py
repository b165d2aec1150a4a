"""Agreement of parts of the work as the agreement page shows it: a table each, weeks as a line."""

from dataclasses import dataclass, field
from datetime import date

from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from annotation.core.charts import LineChart, Series, Whisker, line_chart, whisker
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
    chart: of weeks, where there are two to draw a line between."""

    key: str
    title: str
    head: str
    rows: list[PartRow]
    counts: list[str] = field(default_factory=list)
    chart: LineChart | None = None


def present_parts(cuts: list[dict]) -> list[CutPanel]:
    return [_panel(place, cut) for place, cut in enumerate(cuts)]


def _panel(place: int, cut: dict) -> CutPanel:
    title, head = _titles(cut)
    rows = [_row(_name(cut["by"], part["name"]), part) for part in cut["parts"]]
    chart = _weeks(cut["parts"]) if cut["by"] == "week" else None
    return CutPanel(f"cut-{place}", title, head, rows, _counts(cut), chart)


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
    """Every pair of answers is in one of these sentences."""
    shown = sum(part["n_pairs"] for part in cut["parts"])
    said = [
        _("Shown: %(shown)s of %(all)s pairs of answers to one comparison.")
        % {"shown": grouped(shown), "all": grouped(cut["n_pairs"])}
    ]
    few, unshown, outside = cut["few"], cut["unshown"], cut["outside"]
    if few["parts"]:
        said.append(
            ngettext(
                "%(parts)s part has fewer than %(least)d items with two judgments: %(pairs)s.",
                "%(parts)s parts have fewer than %(least)d items with two judgments: %(pairs)s.",
                few["parts"],
            )
            % {
                "parts": grouped(few["parts"]),
                "least": FEWEST_ITEMS,
                "pairs": _pairs(few["n_pairs"]),
            }
        )
    if unshown["parts"]:
        said.append(
            ngettext(
                "%(parts)s more part is smaller: %(pairs)s.",
                "%(parts)s more parts are smaller: %(pairs)s.",
                unshown["parts"],
            )
            % {"parts": grouped(unshown["parts"]), "pairs": _pairs(unshown["n_pairs"])}
        )
    if outside["n_pairs"]:
        said.append(_("In no part: %(pairs)s.") % {"pairs": _pairs(outside["n_pairs"])})
    if cut["n_pairs_across"]:
        said.append(
            _("Across two parts, and so in none: %(pairs)s.")
            % {"pairs": _pairs(cut["n_pairs_across"])}
        )
    return said


def _pairs(count: int) -> str:
    return ngettext("%(count)s pair", "%(count)s pairs", count) % {"count": grouped(count)}
