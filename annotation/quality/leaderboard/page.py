"""All that a leaderboard shows."""

from collections.abc import Mapping
from dataclasses import dataclass

from annotation.core.charts.heat_maps import HeatMap
from annotation.quality.leaderboard import beside
from annotation.quality.leaderboard.choice import (
    Choice,
    Switches,
    criteria_of,
    method_of,
    switches_of,
)
from annotation.quality.leaderboard.finding import finding
from annotation.quality.leaderboard.rows import Row, axis_of, order_of, rows_of
from annotation.quality.leaderboard.scales import SCALES, AbilityScale
from annotation.quality.wording import explain, facets_left_out


@dataclass(frozen=True)
class Held:
    """Style held equal: what each mark adds, or why it cannot be said."""

    effects: list[beside.EffectRow]
    reason: str


@dataclass(frozen=True)
class Leaderboard:
    """reason: why there is no figure at all, "" where there are some; axis: both ends; is_bounded:
    everybody has a place."""

    finding: str
    reason: str
    extent: dict
    switches: Switches
    scale: AbilityScale
    method: str
    axis: tuple[str, str]
    rows: list[Row]
    has_held: bool
    held: Held
    place: beside.EffectRow | None
    place_reason: str
    is_bounded: bool
    heat: HeatMap | None
    not_drawn: int
    pairs: list[beside.PairRow]
    pair_count: int
    groups: list[list[str]]
    missing: list[beside.Missing]
    facets: list[beside.Facet]
    facets_left_out: str
    others: list[beside.OtherRow]
    longest: int
    elo_orders: int
    elo_reason: str


def present_leaderboard(result: dict, said: Mapping[str, str]) -> Leaderboard:
    """result: of the analysis “abilities”; said: what the address asks for."""
    boards = result["boards"]
    criteria = criteria_of(boards)
    choice = Choice.of(said, criteria)
    board = choice.board_in(boards)
    fit = choice.fit_in(board)
    names = [generator["name"] for generator in result["generators"]]
    scale = SCALES[choice.scale]
    is_whole = board is boards[0]
    held = result["held_equal"]["style"]
    can_hold = is_whole and held["reason"] is None
    order = order_of(names, fit)
    heat, not_drawn = beside.heat_of(names, board, order)
    rows = rows_of(order, names, board, fit, held if can_hold else None, scale) if fit else []
    effects = beside.effects_of(fit) if fit else []
    return Leaderboard(
        finding=finding(board, fit, names),
        reason=board["reason"] or "",
        extent=board["extent"],
        switches=switches_of(choice, criteria),
        scale=scale,
        method=method_of(fit) if fit and fit["reason"] is None else "",
        axis=tuple(map(scale.write, axis_of(fit, scale))) if fit else ("", ""),
        rows=rows,
        has_held=can_hold,
        held=_held(held),
        place=next((row for row in effects if row.key == "position"), None),
        place_reason=explain(board["place_reason"] or "not_identified"),
        is_bounded=all(row.is_placed for row in rows),
        heat=heat,
        not_drawn=not_drawn,
        pairs=beside.pairs_of(names, board),
        pair_count=len(board["win_rates"]),
        groups=[[names[index] for index in group] for group in board["groups"]],
        missing=beside.missing_of(names, board),
        facets=beside.facets_of(names, result["facets"], order, scale) if is_whole else [],
        facets_left_out=facets_left_out(result.get("facets_left_out", 0)) if is_whole else "",
        others=beside.others_of(names, result, order) if is_whole and fit else [],
        longest=result["rankings"]["longest"],
        elo_orders=result["elo"]["orders"],
        elo_reason=explain(result["elo"]["reason"]) if result["elo"]["reason"] else "",
    )


def _held(held: dict) -> Held:
    if held["reason"] is not None:
        return Held([], explain(held["reason"]))
    return Held([row for row in beside.effects_of(held) if row.key != "position"], "")
