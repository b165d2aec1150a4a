"""Small charts as server-rendered SVG: numbers in, a view model out, a template draws it.

    chart = line_chart(
        label="Held-out accuracy rises from 0.52 to 0.71",
        x_name="Step", y_name="Accuracy",
        series=[Series("accuracy", [(0, 0.52), (50, 0.66), (100, 0.71)],
                       low=[0.45, 0.60, 0.65], high=[0.59, 0.72, 0.77])],
        events=[(50, "best checkpoint")],
    )
    {% include "charts/_line.html" with chart=chart %}

`label` is the finding in words: it is what a screen reader hears instead of the picture. The
numbers stand behind "Show as a table" in each template. Colours are classes (look: s1, s2, s3),
so the dark theme follows by itself. Texts and numbers are in the reader's language; what the SVG
itself reads is formatted here as text with points, for a template would write “12,5” in German.
"""

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import pairwise

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from annotation.core.numbers import localised

WIDTH, HEIGHT = 560, 200
LEFT, RIGHT, TOP, BOTTOM = 44, 84, 8, 22
LABEL_GAP = 14  # px between two labels at the lines' ends
EDGE = 4  # px from the end of an axis that are its end
MOST_NARROW = 5  # names below a line that fit on a narrow screen

Number = Callable[[float], str]
Scale = Callable[[float], float]


@dataclass(frozen=True)
class Series:
    """A line. `low` and `high`, where given, are its interval at each point."""

    name: str
    points: Sequence[tuple[float, float]]
    low: Sequence[float] | None = None
    high: Sequence[float] | None = None


@dataclass
class Mark:
    """A text at a place, in the SVG's own pixels."""

    x: str
    y: str
    text: str
    style: str = ""


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


def plain(value: float) -> str:
    """A number as people write it: no needless digits, a true minus, thousands set apart."""
    text = f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"
    return localised(text.replace("-", "−"))


def short_share(value: float) -> str:
    """For narrow cells: two digits after the point and none before it, .62; no negative zero."""
    text = f"{value:.2f}".replace("-0.00", "0.00")
    return localised(text.replace("0.", ".", 1).replace("-", "−"))


def span(low: str, high: str) -> str:
    """An interval in words."""
    return _("%(low)s to %(high)s") % {"low": low, "high": high}


def px(value: float) -> str:
    return f"{value:.1f}"


def nice_ticks(low: float, high: float, wanted: int = 5) -> list[float]:
    """Round values that cover low..high, at most `wanted` + 2 of them (steps of 1, 2 or 5)."""
    if not (math.isfinite(low) and math.isfinite(high)):
        raise ValueError("ticks need finite bounds")
    if high <= low:
        pad = abs(low) * 0.1 or 1.0
        low, high = low - pad, high + pad
    raw = (high - low) / wanted
    magnitude = 10.0 ** math.floor(math.log10(raw))
    step = next(m * magnitude for m in (1, 2, 5, 10) if m * magnitude >= raw)
    first, last = math.floor(low / step), math.ceil(high / step)
    return [round(i * step, 12) for i in range(first, last + 1)]


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
    to_y = _scale(y_ticks[0], y_ticks[-1], chart.bottom, chart.top)
    if x_labels is not None:
        to_x = _scale(0, max(len(x_labels) - 1, 1), chart.left, chart.right)
        every = math.ceil(len(x_labels) / 8)
        shown = [(float(i), text) for i, text in enumerate(x_labels) if i % every == 0]
    else:
        low, high = min(xs), max(xs)
        to_x = _scale(low, high if high > low else low + 1, chart.left, chart.right)
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


@dataclass
class Whisker:
    """A value and its interval on a scale, 160 x 14 px: for stats and table cells."""

    label: str
    low_x: str = ""
    high_x: str = ""
    dot_x: str = ""
    band_x: str = ""
    band_width: str = ""
    has_interval: bool = False
    has_value: bool = False


def whisker(
    value: float | None,
    interval: tuple[float | None, float | None] | None = None,
    *,
    name: str,
    scale: tuple[float, float] = (0.0, 1.0),
    usual: tuple[float, float] | None = None,
    reason: str = "",
    number: Number = plain,
) -> Whisker:
    """Where a value lies. None stays empty and says the `reason` in its label."""
    to_x = _scale(scale[0], scale[1], 0.0, 160.0)
    none = _("%(name)s: none") % {"name": name}
    view = Whisker(label=f"{none}, {reason}" if reason else none)
    if usual:
        start, end = to_x(max(usual[0], scale[0])), to_x(min(usual[1], scale[1]))
        view.band_x, view.band_width = px(start), px(end - start)
    if value is None or not math.isfinite(value):
        return view
    view.has_value = True
    view.label = f"{name}: {number(value)}"
    view.dot_x = px(min(max(to_x(value), 2.5), 157.5) - 2.5)
    if interval and interval[0] is not None and interval[1] is not None:
        view.has_interval = True
        low, high = (min(max(to_x(one), 0.8), 159.2) for one in (interval[0], interval[1]))
        view.low_x, view.high_x = px(low), px(high)
        between = span(number(interval[0]), number(interval[1]))
        view.label += ", " + _("interval %(interval)s") % {"interval": between}
    ends = {"low": number(scale[0]), "high": number(scale[1])}
    view.label += ", " + _("on a scale from %(low)s to %(high)s") % ends
    return view


@dataclass
class Bar:
    x: str
    y: str
    width: str
    height: str
    style: str
    label: Mark | None
    name: str
    value: str


@dataclass
class BarChart:
    label: str
    bars: list[Bar]
    y_ticks: list[Mark]
    target: Mark | None
    name: str
    value_name: str
    width: int = WIDTH
    height: int = HEIGHT
    left: int = LEFT
    right: int = WIDTH - RIGHT
    bottom: int = HEIGHT - BOTTOM


def marks_of_days(days: Sequence[date], *, most: int = 8) -> list[str]:
    """Days below bars, of which at most so many are drawn: the month only where it is new."""
    every = math.ceil(len(days) / most) if days else 1
    marks, month = [], 0
    for i, day in enumerate(days):
        is_new = i % every == 0 and day.month != month
        month = day.month if is_new else month
        marks.append(date_format(day, _("j M") if is_new else "j"))
    return marks


def bar_chart(
    *,
    label: str,
    bars: Sequence[tuple[str, float]],
    name: str = "",
    value_name: str = "",
    target: tuple[float, str] | None = None,
    last_is_unfinished: bool = False,
    number: Number = plain,
    marks: Sequence[str] | None = None,
) -> BarChart:
    """Plain counts in grey, from zero; today's unfinished bar is pale. `marks` stand below the
    bars in place of their names, where those are long."""
    top = max([value for _, value in bars] + ([target[0]] if target else []) + [1.0])
    ticks = nice_ticks(0.0, top, 4)
    if all(float(value).is_integer() for _, value in bars):
        ticks = [tick for tick in ticks if tick.is_integer()]  # there is no half of a judgment
    chart = BarChart(label, [], [], None, name or _("Day"), value_name or _("Count"))
    to_y = _scale(0.0, ticks[-1], chart.bottom, TOP)
    step = (chart.right - chart.left) / max(len(bars), 1)
    every = math.ceil(len(bars) / 8) if bars else 1
    for i, (text, value) in enumerate(bars):
        x, y = chart.left + step * i + step * 0.15, to_y(value)
        below = text if marks is None else marks[i]
        mark = Mark(px(x + step * 0.35), str(chart.height - 4), below) if i % every == 0 else None
        pale = last_is_unfinished and i == len(bars) - 1
        style = "f0" if pale else "f3"
        shape = (px(x), px(y), px(step * 0.7), px(chart.bottom - y))
        chart.bars.append(Bar(*shape, style, mark, text, number(value)))
    chart.y_ticks = [Mark(str(chart.left), px(to_y(y)), number(y)) for y in ticks[1:]]
    if target:
        chart.target = Mark(str(chart.right), px(to_y(target[0])), target[1])
    return chart


@dataclass
class Cell:
    x: int
    y: int
    text: str
    style: str
    text_style: str


@dataclass
class Head:
    """The name of a column or a row: whole for the table, and as it is drawn; a column's is turned
    where it is long."""

    name: str
    text: str
    x: str
    y: str
    turn: str = ""


@dataclass
class HeatMap:
    label: str
    columns: list[Head]
    rows: list[tuple[Head, list[Cell]]]
    width: int
    height: int


CELL_WIDTH, CELL_HEIGHT, HEAT_TOP = 44, 30, 26
# Names of rows: so many characters, each so wide at most; and the gap to the cells.
ROW_HEAD, LETTER, ROW_GAP = 22, 7, 6
ROW_EDGE = 6  # a name of few wide letters reaches beyond its count
# Heads of four characters fit their columns. Where one is longer all are turned: lines at 45
# degrees are 31 px apart, however many there are and however long. A letter reaches 6 px then.
LEVEL_HEAD, TURNED_HEAD, TURNED_REACH = 4, 14, 6


def heat_map(
    *,
    label: str,
    columns: Sequence[str],
    rows: Sequence[tuple[str, Sequence[float | None]]],
    steps: Sequence[float] = (0.5, 0.55, 0.6, 0.65, 0.7),
    low_needs_attention: bool = True,
    missing: str = "",
    number: Number = short_share,
) -> HeatMap:
    """Values in a grid; darker = needs attention. `steps` are five rising bounds between six
    shades; None draws an outline with the word `missing` (such as n<10)."""
    if len(steps) != 5 or list(steps) != sorted(steps):
        raise ValueError("a heat map has five rising steps")
    shown = _short(columns)
    longest = max(map(len, shown), default=0)
    is_turned = longest > LEVEL_HEAD
    reach = 10 + TURNED_REACH * longest if is_turned else 0
    top = max(HEAT_TOP, reach)
    names = _short([name for name, _values in rows], ROW_HEAD)
    left = ROW_EDGE + ROW_GAP + LETTER * max(map(len, names), default=0)
    drawn = []
    for r, (name, values) in enumerate(rows):
        y = top + r * CELL_HEIGHT
        cells = []
        for c, value in enumerate(values):
            x = left + c * CELL_WIDTH
            if value is None:
                cells.append(Cell(x, y, missing if r != c else "", "hn", ""))
                continue
            shade = sum(value >= step for step in steps)
            shade = 5 - shade if low_needs_attention else shade
            ink = "inv" if shade >= 4 else "on"
            cells.append(Cell(x, y, number(value), f"h{shade}", ink))
        drawn.append((Head(name, names[r], str(left - ROW_GAP), str(y + 19)), cells))
    heads = [
        _head(name, text, left + c * CELL_WIDTH + 21, top, is_turned)
        for c, (name, text) in enumerate(zip(columns, shown, strict=True))
    ]
    return HeatMap(
        label,
        heads,
        drawn,
        left + CELL_WIDTH * len(columns) + reach,
        top + CELL_HEIGHT * len(rows),
    )


def _head(name: str, text: str, x: int, top: int, is_turned: bool) -> Head:
    if not is_turned:
        return Head(name, text, str(x), str(top - 10))
    return Head(name, text, str(x), str(top - 8), f"rotate(-45 {x} {top - 8})")


def _short(texts: Sequence[str], most: int = TURNED_HEAD) -> list[str]:
    """At most so many characters each: the beginnings, or where those are alike (the labelers
    number 01 and 02 of one company) the ends."""
    starts = [text if len(text) <= most else text[: most - 1] + "…" for text in texts]
    if len(set(starts)) == len(set(texts)):
        return starts
    return [text if len(text) <= most else "…" + text[1 - most :] for text in texts]


def _side(x: float, chart: LineChart, place: int, count: int) -> str:
    """How the name of a tick lies: below it, at the chart's ends inside, beside the names of what
    is above. Where there are many, every second one gives way on a narrow screen."""
    if x < chart.left + EDGE:
        return ""
    side = "rt" if x > chart.right - EDGE else "mid"
    return f"{side} alt" if count > MOST_NARROW and place % 2 else side


def _scale(low: float, high: float, start: float, end: float) -> Scale:
    return lambda value: start + (value - low) / (high - low) * (end - start)


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
