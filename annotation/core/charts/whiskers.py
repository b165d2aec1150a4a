"""An interval on one line of a table, with the point in it."""

import math
from dataclasses import dataclass

from django.utils.translation import gettext as _

from annotation.core.charts.scales import Number, linear, plain, px, span


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
    to_x = linear(scale[0], scale[1], 0.0, 160.0)
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
