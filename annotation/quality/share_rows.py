"""Figures as rows with a whisker against the line of no bias."""

import math
from collections.abc import Callable
from dataclasses import dataclass

from django.utils.translation import gettext as _

from annotation.core.charts.scales import short_share, span
from annotation.core.charts.whiskers import Whisker, whisker
from annotation.core.numbers import grouped, localised
from annotation.quality.wording import explain

LEVEL = 0.05
# Half the width, on the scale drawn, of the line that stands for no bias.
LINE = 0.006
# Odds are drawn from a quarter to four times, doubling by doubling.
FURTHEST = 2.0


@dataclass(frozen=True)
class Row:
    name: str
    value: str
    interval: str
    chart: Whisker
    n: str
    note: str = ""
    is_defined: bool = True
    is_found: bool = False


def percent(share: float) -> str:
    said = _("%(number)s %%") % {"number": localised(f"{100 * share:.1f}").replace("-", "−")}
    return said.replace(" ", "\N{NO-BREAK SPACE}")


def times(odds: float) -> str:
    return localised(f"{odds:.2f}") + "×"


def chance(q: float | None) -> str:
    """How often chance alone would show as much, once all questions are counted."""
    if q is None:
        return ""
    if q < 0.001:
        return _("adjusted p below %(bound)s") % {"bound": localised("0.001")}
    return _("adjusted p %(q)s") % {"q": localised(f"{q:.3f}")}


def is_found(figure: dict) -> bool:
    return figure["value"] is not None and figure["q"] is not None and figure["q"] <= LEVEL


def share_row(name: str, figure: dict, *, fair: float | None = 0.5, note: str = "") -> Row:
    """fair: what the share would be without bias."""
    line = None if fair is None else (fair - LINE, fair + LINE)
    return _row(name, figure, percent, _same, (0.0, 1.0), line, note, short_share)


def odds_row(name: str, figure: dict, *, note: str = "") -> Row:
    """On a scale of doublings, where twice and half are as far from nothing."""
    line = (-LINE * 4, LINE * 4)
    scale = (-FURTHEST, FURTHEST)
    return _row(name, figure, times, math.log2, scale, line, note, lambda x: times(2.0**x))


def _same(value: float) -> float:
    return value


def _row(
    name: str,
    figure: dict,
    text: Callable[[float], str],
    place: Callable[[float], float],
    scale: tuple[float, float],
    line: tuple[float, float] | None,
    note: str,
    number: Callable[[float], str],
) -> Row:
    value, ci = figure["value"], figure["ci"]
    reason = explain(figure["reason"]) if value is None else ""
    chart = whisker(
        None if value is None else place(value),
        None if ci is None else (place(ci[0]), place(ci[1])),
        name=name,
        scale=scale,
        usual=line,
        reason=reason,
        number=number,
    )
    return Row(
        name=name,
        value="" if value is None else text(value),
        interval="" if ci is None else span(text(ci[0]), text(ci[1])),
        chart=chart,
        n=grouped(figure["n"]),
        note="; ".join(part for part in (note, reason, chance(figure["q"])) if part),
        is_defined=value is not None,
        is_found=is_found(figure),
    )
