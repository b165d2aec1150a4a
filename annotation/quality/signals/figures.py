"""A stored signal as text and picture. Nothing here asks the database."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
from django.utils.translation import gettext as _

from annotation.core.charts.scales import span
from annotation.core.charts.whiskers import Whisker, whisker
from annotation.core.numbers import grouped, localised
from annotation.quality.signals.wording import SIGNAL_REASONS, SIGNALS, Form

# How far the pictures go: shares from 0 to 1, odds and paces from an eighth to eight times.
SCALES: dict[Form, tuple[float, float]] = {
    "share": (0.0, 1.0),
    "slope": (-1.0, 1.2),
    "times": (-3.0, 3.0),
}
FEWEST_OF_A_CROWD = 5  # below, their range would be these few people's values


@dataclass(frozen=True)
class Crowd:
    """Of all labelers: the middle and the range that four fifths of them lie in."""

    low: float
    middle: float
    high: float
    top: float


@dataclass(frozen=True)
class Figure:
    """key: the signal's; value and interval as text; note: n, or why there is no value; brief: the
    same for a narrow cell."""

    key: str
    name: str
    reads: str
    value: str
    interval: str
    usual: str
    note: str
    brief: str
    chart: Whisker
    is_defined: bool


def crowds_of(labelers: Iterable[dict]) -> dict[str, Crowd]:
    """By signal, where enough labelers have it."""
    values: dict[str, list[float]] = {}
    for one in labelers:
        for key, signal in one["signals"].items():
            if signal["value"] is not None:
                values.setdefault(key, []).append(signal["value"])
    return {
        key: Crowd(*(float(x) for x in np.quantile(known, (0.1, 0.5, 0.9))), max(known))
        for key, known in values.items()
        if len(known) >= FEWEST_OF_A_CROWD
    }


def figure(
    key: str, signal: Mapping, crowd: Crowd | None, *, name: str = "", whole: bool = False
) -> Figure:
    """whole: without digits after the point of a percentage or figure, for the labelers' own."""
    words = SIGNALS.get(key)
    form: Form = words.form if words else "share"
    value, ci = signal["value"], signal["ci"]
    top = max(crowd.top if crowd else 1.0, value or 1.0)
    scale = SCALES.get(form, (0.0, top))
    drawn = _placed(form)
    shown = name or str(words.name if words else key)
    return Figure(
        key=key,
        name=shown,
        reads=str(words.reads) if words else "",
        value="–" if value is None else say(value, form, whole=whole),
        interval="" if ci is None else span(*(say(end, form, whole=whole) for end in ci)),
        usual=_usual(signal, crowd, form),
        note=_note(signal, str(words.n) if words else _("shared items")),
        brief="" if value is not None else _brief(signal),
        chart=whisker(
            None if value is None else drawn(value),
            None if ci is None else (drawn(ci[0]), drawn(ci[1])),
            name=shown,
            scale=scale,
            usual=(drawn(crowd.low), drawn(crowd.high)) if crowd else None,
            reason="" if value is not None else str(SIGNAL_REASONS[signal["reason"]]),
            number=lambda x: say(2**x if form == "times" else x, form),
        ),
        is_defined=value is not None,
    )


def say(value: float, form: Form, *, whole: bool = False) -> str:
    if form == "share":
        return localised(f"{100 * value:.0f} %")
    if form == "slope":
        text = f"{value:.1f}" if whole else f"{value:.2f}"
        return localised(text if float(text) else text.lstrip("-")).replace("-", "−")
    if form == "times":
        text = f"{value:,.0f}" if value >= 10 else f"{value:.2f}"
        return localised(text) + " ×"
    return grouped(round(value))


def _placed(form: Form):
    """Ratios are drawn by their logarithm: half and twice lie as far from 1."""
    if form == "times":
        return lambda value: math.log2(max(value, 1e-9))
    return lambda value: value


def _usual(signal: Mapping, crowd: Crowd | None, form: Form) -> str:
    """In a narrow column: a number stays with its sign of percent."""
    if crowd is None:
        return ""
    ends = (say(end, form).replace(" ", "\N{NO-BREAK SPACE}") for end in (crowd.low, crowd.high))
    return span(*ends)


def _brief(signal: Mapping) -> str:
    if signal["reason"] in ("too_few", "no_data"):
        return _("%(n)s of %(least)s") % {
            "n": grouped(signal["n"]),
            "least": grouped(signal["least_n"]),
        }
    return str(SIGNAL_REASONS[signal["reason"]])


def _note(signal: Mapping, of: str) -> str:
    """On how much it rests, or why it is missing and how much it would need."""
    if signal["value"] is not None:
        return _("%(n)s %(of)s") % {"n": grouped(signal["n"]), "of": of}
    why = str(SIGNAL_REASONS[signal["reason"]])
    if signal["reason"] in ("too_few", "no_data"):
        return _("%(why)s: %(n)s of the %(least)s it needs (%(of)s)") % {
            "why": why,
            "n": grouped(signal["n"]),
            "least": grouped(signal["least_n"]),
            "of": of,
        }
    return why
