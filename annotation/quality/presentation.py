"""A stored report as the agreement page shows it: rows, charts and sentences. No queries."""

from collections.abc import Mapping
from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from annotation.core.charts.heat_maps import HeatMap, heat_map
from annotation.core.charts.scales import span
from annotation.core.charts.whiskers import Whisker, whisker
from annotation.core.numbers import grouped
from annotation.quality.ceiling import CAUTION, PUBLISHED, USUAL_RAW, Published
from annotation.quality.parts_page import CutPanel, present_parts
from annotation.quality.signals.figures import say
from annotation.quality.strips import Strip, first_places
from annotation.quality.wording import (
    COEFFICIENTS,
    FIRST,
    STRENGTHS,
    TRUST,
    explain,
    facets_left_out,
    format_interval,
    format_value,
)

FEWEST_SHARED = 10  # below, a kappa of two labelers is noise and the heat map says so
KAPPA_STEPS = (0.2, 0.4, 0.5, 0.6, 0.8)
MOST_IN_HEAT_MAP = 15
MOST_PAIRS_LISTED = 100
LETTERS = "ABCDEFGHI"
LONGEST_LABEL = 3


@dataclass(frozen=True)
class Row:
    name: str
    value: str
    interval: str
    chart: Whisker
    items: int
    ratings: int
    note: str = ""
    is_defined: bool = True


@dataclass(frozen=True)
class PairRow:
    labelers: str
    value: str
    interval: str
    items: int
    note: str
    is_defined: bool


@dataclass(frozen=True)
class DisputedRow:
    prompt: str
    external_id: str
    item_id: int
    strip: Strip
    tau_b: str
    judgments: int


@dataclass(frozen=True)
class AgreementPage:
    finding: str
    extent: dict
    first: list[Row]
    others: list[Row]
    published: tuple[Published, ...]
    caution: str
    over_labelers: dict
    weeks: CutPanel | None
    parts: list[CutPanel]
    facets: list[CutPanel]
    facets_left_out: str
    thin: list[str]
    criteria: list[Row]
    scales: list[Row]
    strength: list[Row]
    flags: list[Row]
    heat: HeatMap | None
    left_out: int
    pairs: list[PairRow]
    pair_count: int
    kappas_left_out: int
    lowest: PairRow | None
    disputed: list[DisputedRow]


def present(result: dict, items: Mapping) -> AgreementPage:
    """result: see `report.compute_report`; items: {pk: Item with its prompt and
    places}."""
    agreement = result["agreement"]
    figures = {
        key: estimate
        for section in ("pairs", "rankings")
        for key, estimate in agreement[section].items()
        if key != "cohen_kappa"
    }
    kappas = agreement["pairs"]["cohen_kappa"]
    by_value = sorted(
        kappas.items(), key=lambda pair: (pair[1]["value"] is None, pair[1]["value"] or 0.0)
    )
    solid = [pair for pair in by_value if _is_solid(pair[1])]
    cuts = present_parts(agreement["parts"])
    weeks = [cut for cut in cuts if cut.chart]
    return AgreementPage(
        finding=finding(figures["raw"]),
        extent=result["extent"],
        first=[_coefficient(key, figures, agreement["over_labelers"]) for key in FIRST],
        others=[
            _coefficient(key, figures, agreement["over_labelers"])
            for key in COEFFICIENTS
            if key not in FIRST
        ],
        published=PUBLISHED,
        caution=str(CAUTION),
        over_labelers=agreement["over_labelers"],
        weeks=weeks[0] if weeks else None,
        parts=[cut for cut in cuts if cut.rows and not cut.chart and not cut.is_facet],
        facets=[cut for cut in cuts if cut.rows and cut.is_facet],
        facets_left_out=facets_left_out(result["extent"].get("facets_left_out", 0)),
        thin=[cut.title for cut in cuts if not cut.rows],
        scales=_scale_rows(result["criteria"], agreement["scales"]),
        strength=[
            row_of(str(STRENGTHS[key]), key, agreement["strength"][key])
            for key in STRENGTHS
            if agreement["strength"]
        ],
        criteria=[
            row_of(
                one["label"],
                one["key"],
                agreement["criteria"][one["key"]],
                *([_("yes or no: nominal")] if one["is_yes_no"] else []),
            )
            for one in result["criteria"]
        ],
        flags=[_flag_row(one["label"], agreement["flags"][one["key"]]) for one in result["flags"]],
        heat=_heat(result["labelers"], kappas),
        left_out=max(0, len(result["labelers"]) - MOST_IN_HEAT_MAP),
        pairs=[_pair_row(*pair) for pair in by_value[:MOST_PAIRS_LISTED]],
        pair_count=len(by_value),
        kappas_left_out=sum(agreement["cohen_left_out"].values()),
        lowest=_pair_row(*solid[0]) if len(solid) > 1 else None,
        disputed=[
            _disputed_row(row, items[row["item"]])
            for row in result["disputed"]
            if row["item"] in items
        ],
    )


def finding(raw: dict) -> str:
    """The page's title: raw agreement against what people usually reach, by its interval."""
    if raw["value"] is None:
        return _("No agreement to show yet")
    low, high = raw["ci"] or (raw["value"], raw["value"])
    least, most = USUAL_RAW
    if high < least:
        said = _(
            "Two labelers say the same in %(share)s of comparisons, less than the usual %(usual)s"
        )
    elif low > most:
        said = _(
            "Two labelers say the same in %(share)s of comparisons, more than the usual %(usual)s"
        )
    elif raw["value"] < least:
        said = _(
            "Two labelers say the same in %(share)s of comparisons, below the usual %(usual)s, "
            "though too few to be sure"
        )
    elif raw["value"] > most:
        said = _(
            "Two labelers say the same in %(share)s of comparisons, above the usual %(usual)s, "
            "though too few to be sure"
        )
    else:
        said = _("Two labelers say the same in %(share)s of comparisons, as is usual (%(usual)s)")
    usual = span(f"{100 * least:.0f}", say(most, "share"))
    return said % {"share": say(raw["value"], "share"), "usual": usual}


def _coefficient(key: str, figures: dict, over_labelers: dict) -> Row:
    said = [str(TRUST[key])] if key in TRUST else []
    if ci := over_labelers.get(key):
        said.append(_("with other labelers %(interval)s") % {"interval": format_interval(ci)})
    return row_of(str(COEFFICIENTS[key]), key, figures[key], *said)


def _scale_rows(criteria: list[dict], scales: dict) -> list[Row]:
    """What is known of a criterion beside its alpha, criterion after criterion."""
    names = {
        "raw": _("%(criterion)s, raw"),
        "alpha_interval": _("%(criterion)s, alpha, interval"),
        "icc": _("%(criterion)s, ICC"),
    }
    forms = {
        "2,1": _("form 2,1: the same labelers rated all"),
        "1,1": _("form 1,1: each response has labelers of its own"),
    }
    rows = []
    for one in criteria:
        for key, estimate in scales[one["key"]].items():
            said = [forms[form]] if (form := estimate.get("form")) else []
            name = names[key] % {"criterion": one["label"]}
            rows.append(row_of(name, "" if key == "raw" else key, estimate, *said))
    return rows


def row_of(name: str, key: str, estimate: dict, *said: str) -> Row:
    is_defined = estimate["value"] is not None
    reason = "" if is_defined else explain(estimate["reason"])
    notes = [*said, *([reason] if reason else [])]
    if key == "raw":
        notes.append(_("band: 0.65 to 0.80, as others report of people"))
    if undefined := estimate.get("n_undefined"):
        notes.append(
            ngettext(
                "%(count)s item is left out: everything tied, or too little in common",
                "%(count)s items are left out: everything tied, or too little in common",
                undefined,
            )
            % {"count": grouped(undefined)}
        )
    return Row(
        name=name,
        value=format_value(estimate["value"]),
        interval=format_interval(estimate["ci"]),
        chart=whisker(
            estimate["value"],
            tuple(estimate["ci"]) if estimate["ci"] else None,
            name=name,
            usual=USUAL_RAW if key == "raw" else None,
            reason=reason,
            number=format_value,
        ),
        items=estimate["n_pairable"],
        ratings=estimate["n_ratings"],
        note="; ".join(notes),
        is_defined=is_defined,
    )


def _flag_row(label: str, estimates: dict) -> Row:
    """AC1, which a rare flag does not bring down, with the others beside it."""
    others = _("raw %(raw)s, alpha %(alpha)s") % {
        "raw": format_value(estimates["raw"]["value"]),
        "alpha": format_value(estimates["alpha_nominal"]["value"]),
    }
    return row_of(label, "", estimates["gwet_ac1"], others)


def _is_solid(estimate: dict) -> bool:
    return estimate["value"] is not None and estimate["n_items"] >= FEWEST_SHARED


def _pair_row(pair: str, estimate: dict) -> PairRow:
    one, _bar, other = pair.partition("|")
    is_defined = estimate["value"] is not None
    return PairRow(
        labelers=_("%(one)s and %(other)s") % {"one": one, "other": other},
        value=format_value(estimate["value"]),
        interval=format_interval(estimate["ci"]),
        items=estimate["n_items"],
        note="" if is_defined else explain(estimate["reason"]),
        is_defined=is_defined,
    )


def _heat(labelers: list[dict], kappas: dict[str, dict]) -> HeatMap | None:
    """Of those who judged most; None with fewer than two."""
    busiest = sorted(labelers, key=lambda one: (-one["judgments"], one["handle"]))
    names = sorted(one["handle"] for one in busiest[:MOST_IN_HEAT_MAP])
    if len(names) < 2:
        return None

    def cell(first: str, second: str) -> float | None:
        estimate = kappas.get("|".join(sorted((first, second))))
        return estimate["value"] if estimate and _is_solid(estimate) else None

    return heat_map(
        label=_("Cohen’s kappa of each pair of labelers; the numbers are in the table below"),
        columns=names,
        rows=[(one, [cell(one, other) for other in names]) for one in names],
        steps=KAPPA_STEPS,
        missing=_("none"),
    )


def _disputed_row(row: dict, item) -> DisputedRow:
    return DisputedRow(
        prompt=item.prompt.last_message,
        external_id=item.external_id,
        item_id=item.pk,
        strip=first_places(row["first_places"], response_labels(item)),
        tau_b=format_value(row["tau_b"]),
        judgments=row["judgments"],
    )


def response_labels(item) -> list[str]:
    """The responses' ids as in the item's page, or letters where those are too long to draw."""
    keys = [place.key for place in item.item_responses.all()]
    return keys if max(map(len, keys), default=0) <= LONGEST_LABEL else list(LETTERS)
