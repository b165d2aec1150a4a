"""One line of a leaderboard for each generator."""

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from annotation.core.charts.scales import span
from annotation.core.charts.whiskers import Whisker, whisker
from annotation.core.numbers import grouped
from annotation.quality.leaderboard.scales import AbilityScale

FLAGS: dict[str, str | Promise] = {
    "never_compared": gettext_lazy("was never compared"),
    "never_won": gettext_lazy("never won: nothing says how far below the others it is"),
    "never_lost": gettext_lazy("never lost: nothing says how far above the others it is"),
    "disconnected": gettext_lazy("no chain of comparisons leads to the others"),
    "separated": gettext_lazy("its group won, or lost, everything against the others"),
}


@dataclass(frozen=True)
class Row:
    """held: the ability were all responses alike in style, moved: by how many places."""

    name: str
    place: str
    places: str
    value: str
    interval: str
    chart: Whisker
    games: str
    won: str
    tied: str
    lost: str
    note: str
    held: str
    moved: str
    is_placed: bool


def order_of(names: list[str], fit: dict | None) -> list[int]:
    """Those with a place first, best first; then the others by name."""
    places = [row["place"] for row in fit["generators"]] if fit else [None] * len(names)
    return sorted(
        range(len(names)),
        key=lambda index: (places[index] is None, places[index] or 0, names[index].casefold()),
    )


def rows_of(
    order: list[int],
    names: list[str],
    board: dict,
    fit: dict,
    held: dict | None,
    scale: AbilityScale,
) -> list[Row]:
    ends = axis_of(fit, scale)
    return [_row(index, names, board, fit, held, scale, ends) for index in order]


def axis_of(fit: dict, scale: AbilityScale) -> tuple[float, float]:
    placed = [row for row in fit["generators"] if row["place"] is not None]
    lows, highs = ([row["ci"][side] for row in placed] for side in (0, 1))
    return scale.ends(lows, highs, fit["nu"] or 0.0)


def _row(index, names, board, fit, held, scale, ends) -> Row:
    row, record, nu = fit["generators"][index], board["record"][index], fit["nu"] or 0.0
    is_placed = row["place"] is not None
    value = scale.convert(row["value"], nu) if is_placed else None
    interval = tuple(scale.convert(one, nu) for one in row["ci"]) if is_placed else None
    reasons = [str(FLAGS[flag]) for flag in row["flags"] if flag in FLAGS]
    return Row(
        name=names[index],
        place=grouped(row["place"]) if is_placed else "",
        places=_places(row["places"]) if is_placed else "",
        value=scale.write(value) if is_placed else "",
        interval=span(*map(scale.write, interval)) if interval else "",
        chart=_chart(names[index], value, interval, scale, ends, "; ".join(reasons)),
        games=grouped(record["games"]),
        won=grouped(record["won"]),
        tied=grouped(record["tied"]),
        lost=grouped(record["lost"]),
        note="; ".join(reasons),
        held=_held(held, index, scale),
        moved=_moved(held, index),
        is_placed=is_placed,
    )


def _places(places: list[int]) -> str:
    low, high = places
    return grouped(low) if low == high else span(grouped(low), grouped(high))


def _chart(name, value, interval, scale: AbilityScale, ends, reason: str) -> Whisker:
    """With a thin band at the average."""
    thin = (ends[1] - ends[0]) / 120
    return whisker(
        value,
        interval,
        name=name,
        scale=ends,
        usual=(scale.average - thin, scale.average + thin),
        reason=reason,
        number=scale.write,
    )


def _held(held: dict | None, index: int, scale: AbilityScale) -> str:
    if held is None or held["generators"][index]["place"] is None:
        return ""
    return scale.write(scale.convert(held["generators"][index]["value"], held["nu"] or 0.0))


def _moved(held: dict | None, index: int) -> str:
    moved = held and held["generators"][index].get("moved")
    if moved is None or held is None:
        return ""
    if moved == 0:
        return _("same place")
    if moved > 0:
        said = ngettext("%(count)s place up", "%(count)s places up", moved)
    else:
        said = ngettext("%(count)s place down", "%(count)s places down", -moved)
    return said % {"count": grouped(abs(moved))}
