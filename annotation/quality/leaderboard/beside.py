"""What stands beside the abilities: who beats whom, effects, parts, other measures."""

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from annotation.core.charts.heat_maps import HeatMap, heat_map
from annotation.core.charts.scales import span
from annotation.core.numbers import grouped
from annotation.quality.leaderboard.rows import FLAGS
from annotation.quality.leaderboard.scales import SCALES, AbilityScale
from annotation.quality.wording import explain, format_interval, format_value

MOST_IN_HEAT_MAP = 12
MOST_PAIRS_LISTED = 60
MOST_PARTS, MOST_IN_PARTS = 6, 25
RATE_STEPS = (0.2, 0.35, 0.5, 0.65, 0.8)
EFFECTS: dict[str, str | Promise] = {
    "position": gettext_lazy("shown first"),
    "length": gettext_lazy("longer"),
    "headers": gettext_lazy("more headings"),
    "lists": gettext_lazy("more list entries"),
    "bold": gettext_lazy("more bold passages"),
}


@dataclass(frozen=True)
class PairRow:
    generators: str
    rate: str
    interval: str
    count: str
    tied: str


def heat_of(names: list[str], board: dict, order: list[int]) -> tuple[HeatMap | None, int]:
    """Of those with most games, in the order of their places; and how many are not drawn."""
    busy = sorted(order, key=lambda index: -board["record"][index]["games"])[:MOST_IN_HEAT_MAP]
    drawn = [index for index in order if index in set(busy)]
    if len(drawn) < 2:
        return None, 0
    rates = {}
    for pair in board["win_rates"]:
        rates[pair["a"], pair["b"]] = pair["value"]
        rates[pair["b"], pair["a"]] = 1.0 - pair["value"]
    return heat_map(
        label=_("How often the generator of the row beats that of the column, a tie half"),
        columns=[grouped(number) for number, _index in enumerate(drawn, start=1)],
        rows=[
            (f"{number}  {names[one]}", [rates.get((one, other)) for other in drawn])
            for number, one in enumerate(drawn, start=1)
        ],
        steps=RATE_STEPS,
        low_needs_attention=False,
    ), len(order) - len(drawn)


def pairs_of(names: list[str], board: dict) -> list[PairRow]:
    """Those that met most often."""
    often = sorted(board["win_rates"], key=lambda pair: (-pair["n"], pair["a"], pair["b"]))
    return [
        PairRow(
            _("%(one)s against %(other)s") % {"one": names[pair["a"]], "other": names[pair["b"]]},
            format_value(pair["value"]),
            format_interval(pair["ci"]),
            grouped(int(pair["n"])),
            format_value(pair["tied"]),
        )
        for pair in often[:MOST_PAIRS_LISTED]
    ]


@dataclass(frozen=True)
class EffectRow:
    key: str
    name: str
    value: str
    interval: str


def effects_of(fit: dict) -> list[EffectRow]:
    """What a response gains by it against one that is equally good, in wins of 100."""
    nu = fit["nu"] or 0.0
    write, convert = SCALES["wins"].write, SCALES["wins"].convert
    return [
        EffectRow(
            name,
            str(EFFECTS[name]),
            write(convert(effect["value"], nu)),
            span(*(write(convert(end, nu)) for end in effect["ci"])),
        )
        for name in EFFECTS
        if (effect := fit["effects"].get(name))
    ]


@dataclass(frozen=True)
class Missing:
    """A comparison that would let a generator be placed."""

    name: str
    against: str
    why: str


def missing_of(names: list[str], board: dict) -> list[Missing]:
    """Each pair once: two that miss each other are one comparison."""
    found: dict[frozenset[int], list[dict]] = {}
    for one in board["connecting"]:
        found.setdefault(frozenset((one["generator"], one["against"])), []).append(one)
    return [
        Missing(names[first["generator"]], names[first["against"]], _why(names, [first, *more]))
        for first, *more in found.values()
    ]


def _why(names: list[str], sides: list[dict]) -> str:
    """Of both, by name where there are two to be told apart."""
    if len(sides) == 1:
        return str(FLAGS[sides[0]["why"]])
    return "; ".join(f"{names[one['generator']]}: {FLAGS[one['why']]}" for one in sides)


@dataclass(frozen=True)
class Cell:
    value: str
    interval: str


@dataclass(frozen=True)
class Facet:
    """columns: (value of the facet, what it rests on); rows: (generator, a cell each)."""

    key: str
    columns: list[tuple[str, str]]
    rows: list[tuple[str, list[Cell]]]
    left_out: int


def facets_of(
    names: list[str], facets: list[dict], order: list[int], scale: AbilityScale
) -> list[Facet]:
    """Parts with enough comparisons, the largest first."""
    found = []
    for facet in facets:
        solid = [part for part in facet["parts"] if part["reason"] is None]
        shown = sorted(solid, key=lambda part: -part["comparisons"])[:MOST_PARTS]
        if len(shown) < 2:
            continue
        found.append(
            Facet(
                facet["key"],
                [(part["value"], grouped(part["comparisons"])) for part in shown],
                [
                    (names[index], [_cell(part, index, scale) for part in shown])
                    for index in order[:MOST_IN_PARTS]
                ],
                len(facet["parts"]) - len(shown),
            )
        )
    return found


def _cell(part: dict, index: int, scale: AbilityScale) -> Cell:
    row, nu = part["generators"][index], part["nu"] or 0.0
    if row["value"] is None or "never_compared" in row["flags"]:
        return Cell("", explain("never_compared"))
    value, *ends = (scale.write(scale.convert(x, nu)) for x in (row["value"], *row["ci"]))
    return Cell(value, span(*ends))


@dataclass(frozen=True)
class OtherRow:
    name: str
    rate: str
    whole: str
    whole_interval: str
    elo: str
    elo_spread: str


def others_of(names: list[str], result: dict, order: list[int]) -> list[OtherRow]:
    """The plain rate, whole rankings and Elo, of the rankings (not of a criterion)."""
    record, elo = result["boards"][0]["record"], result["elo"]["generators"]
    whole, points = result["rankings"], SCALES["points"]
    rows = []
    for index in order:
        placed = whole["generators"][index]
        value = placed["value"] is not None
        rows.append(
            OtherRow(
                names[index],
                format_value(record[index]["rate"]["value"]),
                points.write(points.convert(placed["value"], 0.0)) if value else "",
                span(*(points.write(points.convert(end, 0.0)) for end in placed["ci"]))
                if value
                else "",
                points.write(elo[index]["value"]) if elo else "",
                points.write(elo[index]["spread"]) if elo else "",
            )
        )
    return rows
