"""The regression table: each figure of each version, and whether it moved since the one before.

An arrow stands only where an interval says so: the 95 % interval of the difference from the
version before it, or, of a win rate, its own interval against one half.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from annotation.core.intervals import difference_interval
from annotation.runs import verdicts
from annotation.runs.models import ModelVersion
from annotation.runs.presentation import interval, number

MOST_VERSIONS = 6
NAMES = {
    "accuracy": gettext_lazy("Accuracy, held out"),
    "beats_length": gettext_lazy("Gain over length alone"),
    "log_loss": gettext_lazy("Log loss"),
    "calibration_error": gettext_lazy("Calibration error"),
    "dev_loss": gettext_lazy("Loss on the dev split"),
    "margin": gettext_lazy("Mean margin"),
}
LOWER_IS_BETTER = {"log_loss", "calibration_error", "dev_loss"}
GAIN = "beats_length"  # a difference already, and told by a verdict of its own


@dataclass(frozen=True)
class Cell:
    """A figure of a version: trend is "up", "down" or nothing, seen as better or worse."""

    value: str = ""
    interval: str = ""
    trend: str = ""
    note: str = ""


@dataclass
class Line:
    name: str
    cells: list[Cell] = field(default_factory=list)


@dataclass(frozen=True)
class Table:
    versions: list[ModelVersion]
    lines: list[Line]

    @property
    def is_empty(self) -> bool:
        return not self.lines


def regression_table(versions: Iterable[ModelVersion], lines: Iterable[Line] = ()) -> Table:
    """Of versions of one kind, the oldest first; `lines` of figures that others measured, a cell
    for each of the last MOST_VERSIONS."""
    shown = list(versions)[-MOST_VERSIONS:]
    names = [name for name in NAMES if any(name in version.metrics for version in shown)]
    made = [Line(str(NAMES[name]), list(_cells(name, shown))) for name in names]
    return Table(shown, [*lines, *made])


def _cells(name, versions):
    before = None
    for version in versions:
        entry = version.metrics.get(name)
        value = entry.get("value") if isinstance(entry, dict) else entry
        if isinstance(value, bool) or not isinstance(value, int | float):
            yield Cell()
            continue
        if name == GAIN:
            verdict = verdicts.against_length(version.metrics)
            word = verdict.word if verdict else ""
            trend = verdicts.trend(version.metrics) if verdict else ""
            yield Cell(number(float(value)), interval(entry), trend, word)
            continue
        yield Cell(number(float(value)), interval(entry), _trend(name, entry, before))
        before = entry


def _trend(name, entry, before) -> str:
    ends = _ends(entry)
    if ends is None:
        return ""
    earlier = _ends(before)
    if earlier is None:
        return ""
    low, high = difference_interval(ends, earlier)
    if name in LOWER_IS_BETTER:
        low, high = -high, -low
    return "up" if low > 0 else "down" if high < 0 else ""


def _ends(entry) -> tuple[float, float, float] | None:
    if not isinstance(entry, dict):
        return None
    ends = tuple(entry.get(key) for key in ("value", "low", "high"))
    return None if None in ends else ends


def in_words(trend: str) -> str:
    """What an arrow says to whoever does not see it."""
    return {"up": _("better"), "down": _("worse")}.get(trend, "")
