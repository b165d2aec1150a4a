"""Bars over days or named groups."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from annotation.core.charts.scales import (
    BOTTOM,
    HEIGHT,
    LEFT,
    RIGHT,
    TOP,
    WIDTH,
    Mark,
    Number,
    linear,
    nice_ticks,
    plain,
    px,
)


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
    to_y = linear(0.0, ticks[-1], chart.bottom, TOP)
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
