"""Numbers as people write them on a chart, and from values to the SVG's own pixels."""

import math
from collections.abc import Callable
from dataclasses import dataclass

from django.utils.translation import gettext as _

from annotation.core.numbers import localised

WIDTH, HEIGHT = 560, 200
LEFT, RIGHT, TOP, BOTTOM = 44, 84, 8, 22
EDGE = 4  # px from the end of an axis that are its end
Number = Callable[[float], str]
Scale = Callable[[float], float]


@dataclass
class Mark:
    """A text at a place, in the SVG's own pixels."""

    x: str
    y: str
    text: str
    style: str = ""


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


def linear(low: float, high: float, start: float, end: float) -> Scale:
    return lambda value: start + (value - low) / (high - low) * (end - start)
