"""A chart of lines over steps or days, each with its interval where there is one."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from django.utils.translation import gettext as _

from annotation.core.charts.scales import (
    BOTTOM,
    EDGE,
    HEIGHT,
    LEFT,
    RIGHT,
    TOP,
    WIDTH,
    Mark,
    Number,
    Scale,
    linear,
    nice_ticks,
    plain,
    px,
    span,
)
from annotation.core.numbers import localised

LABEL_GAP = 14  # px between two labels at the lines' ends
MOST_NARROW = 5  # names below a line that fit on a narrow screen


@dataclass(frozen=True)
class Series:
    """A line. `low` and `high`, where given, are its interval at each point."""

    name: str
    points: Sequence[tuple[float, float]]
    low: Sequence[float] | None = None
    high: Sequence[float] | None = None


@dataclass
class Line:
    style: str
    path: str
    area: str
    end_x: str
    end_y: str
    end: Mark


@dataclass
class LineChart:
    label: str
    width: int = WIDTH
    height: int = HEIGHT
    left: int = LEFT
    right: int = WIDTH - RIGHT
    top: int = TOP
    bottom: int = HEIGHT - BOTTOM
    y_ticks: list[Mark] = field(default_factory=list)
    x_ticks: list[Mark] = field(default_factory=list)
    lines: list[Line] = field(default_factory=list)
    events: list[Mark] = field(default_factory=list)
    limits: list[Mark] = field(default_factory=list)
    band: dict[str, str] | None = None
    columns: list[str] = field(default_factory=list)
    rows: list[list[str]] = field(default_factory=list)
    is_empty: bool = False


def _told_apart(values: Sequence[float], write: Number) -> list[str]:
    """The names of ticks, with as many digits as it takes for no two to be alike."""
    names = [write(value) for value in values]
    if write is not plain or len(set(names)) == len(names):
        return names
    gap = min(abs(b - a) for a, b in pairwise(values))
    digits = max(0, -math.floor(math.log10(gap) + 1e-9))
    return [localised(f"{value:,.{digits}f}".replace("-", "−")) for value in values]


def _room(low: float, high: float) -> tuple[float, float]:
    """A range that is not the noise of one number: at least a five-hundredth of its size."""
    least = max(abs(low), abs(high)) / 500
    if high - low >= least or high == low:
        return low, high
    middle = (low + high) / 2
    return middle - least / 2, middle + least / 2


def line_chart(
    *,
    label: str,
    series: Sequence[Series],
    x_name: str = "",
    y_name: str = "",
    x_labels: Sequence[str] | None = None,
    y_range: tuple[float, float] | None = None,
    usual: tuple[float, float, str] | None = None,
    limit: tuple[float, str] | None = None,
    events: Iterable[tuple[float, str]] = (),
    y_format: Number = plain,
    x_format: Number = plain,
) -> LineChart:
    """Lines with their intervals, a band for what is usual, a limit, and marked events.

    x of a point is a number, or with `x_labels` an index into them. Points that are not finite
    are left out (a loss that became NaN is the caller's to say). At most three series.
    """
    if len(series) > 3:
        raise ValueError("more than three lines: use small multiples")
    kept = [_finite(one) for one in series]
    chart = LineChart(label=label)
    xs = [x for one in kept for x, _ in one.points]
    if not xs:
        chart.is_empty = True
        return chart
    ys = [y for one in kept for y in [*(y for _, y in one.points), *_bounds(one)]]
    ys += [limit[0]] if limit else []
    y_ticks = nice_ticks(*(y_range or _room(min(ys), max(ys))))
    to_y = linear(y_ticks[0], y_ticks[-1], chart.bottom, chart.top)
    if x_labels is not None:
        to_x = linear(0, max(len(x_labels) - 1, 1), chart.left, chart.right)
        every = math.ceil(len(x_labels) / 8)
        shown = [(float(i), text) for i, text in enumerate(x_labels) if i % every == 0]
    else:
        low, high = min(xs), max(xs)
        to_x = linear(low, high if high > low else low + 1, chart.left, chart.right)
        marked = [x for x in nice_ticks(low, high) if low <= x <= high]
        if all(float(x).is_integer() for x in xs):
            marked = [x for x in marked if x.is_integer()]  # there is no half of a step
        shown = list(zip(marked, _told_apart(marked, x_format), strict=True))
    chart.y_ticks = [
        Mark(str(chart.left), px(to_y(y)), name)
        for y, name in zip(y_ticks, _told_apart(y_ticks, y_format), strict=True)
    ]
    chart.x_ticks = [
        Mark(px(to_x(x)), str(chart.height - 4), text, _side(to_x(x), chart, place, len(shown)))
        for place, (x, text) in enumerate(shown)
    ]
    if usual:
        top, bottom = to_y(min(usual[1], y_ticks[-1])), to_y(max(usual[0], y_ticks[0]))
        if bottom > top:
            chart.band = {
                "y": px(top),
                "width": str(chart.right - chart.left),
                "height": px(bottom - top),
                "text": usual[2],
                "text_y": px(top + 14),
            }
    if limit:
        chart.limits = [Mark(str(chart.right), px(to_y(limit[0])), limit[1])]
    chart.events = [
        Mark(px(to_x(x)), "18", text, "rt" if to_x(x) > 0.7 * chart.right else "")
        for x, text in events
        if min(xs) <= x <= max(xs)
    ]
    chart.lines = [_line(one, n, to_x, to_y) for n, one in enumerate(kept, 1)]
    _spread([one.end for one in chart.lines])
    names = (x_name or _("Step"), y_name or _("Value"))
    chart.columns, chart.rows = _table(kept, *names, x_labels, x_format, y_format)
    return chart


def _side(x: float, chart: LineChart, place: int, count: int) -> str:
    """How the name of a tick lies: below it, at the chart's ends inside, beside the names of what
    is above. Where there are many, every second one gives way on a narrow screen."""
    if x < chart.left + EDGE:
        return ""
    side = "rt" if x > chart.right - EDGE else "mid"
    return f"{side} alt" if count > MOST_NARROW and place % 2 else side


def _finite(one: Series) -> Series:
    keep = [i for i, (x, y) in enumerate(one.points) if math.isfinite(x) and math.isfinite(y)]
    points = [one.points[i] for i in keep]
    if one.low is None or one.high is None:
        return Series(one.name, points)
    return Series(one.name, points, [one.low[i] for i in keep], [one.high[i] for i in keep])


def _bounds(one: Series) -> list[float]:
    return [y for y in [*(one.low or ()), *(one.high or ())] if math.isfinite(y)]


def _path(points: Iterable[tuple[float, float]]) -> str:
    return "M" + "L".join(f"{px(x)} {px(y)}" for x, y in points)


def _line(one: Series, n: int, to_x: Scale, to_y: Scale) -> Line:
    if not one.points:
        return Line(f"l{n}", "", "", "0", "0", Mark("0", "0", ""))
    drawn = [(to_x(x), to_y(y)) for x, y in one.points]
    area = ""
    if one.low is not None and one.high is not None and not any(map(math.isnan, _bounds(one))):
        xs = [x for x, _ in drawn]
        upper = [(x, to_y(y)) for x, y in zip(xs, one.high, strict=True)]
        lower = [(x, to_y(y)) for x, y in zip(xs, one.low, strict=True)]
        area = _path([*upper, *reversed(lower)]) + "Z"
    x, y = drawn[-1]
    end = Mark(px(x + 7), px(y + 4), one.name, f"t{n}")
    return Line(f"l{n}", _path(drawn), area, px(x), px(y), end)


def _spread(ends: list[Mark]) -> None:
    """Push labels at the lines' ends apart, from the top down."""
    last = -math.inf
    for mark in sorted((m for m in ends if m.text), key=lambda m: float(m.y)):
        y = max(float(mark.y), last + LABEL_GAP)
        mark.y, last = px(y), y


def _table(
    series: Sequence[Series],
    x_name: str,
    y_name: str,
    x_labels: Sequence[str] | None,
    x_format: Number,
    y_format: Number,
) -> tuple[list[str], list[list[str]]]:
    columns = [x_name]
    cells: dict[float, list[str]] = {}
    for one in series:
        alone = len(series) == 1
        columns.append(y_name if alone else one.name)
        if one.low is not None:
            columns.append(
                _("Interval") if alone else _("%(line)s, interval") % {"line": one.name}
            )
    width = len(columns)
    at = 1
    for one in series:
        for i, (x, y) in enumerate(one.points):
            row = cells.setdefault(x, [""] * width)
            row[0] = x_labels[int(x)] if x_labels is not None else x_format(x)
            row[at] = y_format(y)
            if one.low is not None and one.high is not None:
                row[at + 1] = span(y_format(one.low[i]), y_format(one.high[i]))
        at += 1 if one.low is None else 2
    return columns, [cells[x] for x in sorted(cells)]
