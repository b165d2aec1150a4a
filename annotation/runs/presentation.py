"""Numbers of a run as people read them: for the pages and the command."""

from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, gettext_noop, ngettext

from annotation.core.charts.scales import span
from annotation.core.numbers import grouped, localised
from annotation.runs import verdicts, words

STAGES = (
    (gettext_noop("check data"), gettext_lazy("Check data")),
    (gettext_noop("load models"), gettext_lazy("Load models")),
    (gettext_noop("train"), gettext_lazy("Train")),
    (gettext_noop("evaluate"), gettext_lazy("Evaluate")),
    (gettext_noop("publish"), gettext_lazy("Publish")),
)

# Figures that a page shows in a place of their own.
OWN_PLACE = ("accuracy", "beats_length", "baselines", "initial", "benchmarks")
LENGTH_RULES = {
    "longer": gettext_lazy("the longer response wins"),
    "shorter": gettext_lazy("the shorter response wins"),
}


@dataclass(frozen=True)
class Figure:
    """A number, the interval it lies in where it is known, and what to call it; `raw` is what
    the trainers call it."""

    name: str
    value: str
    interval: str = ""
    note: str = ""
    raw: str = ""


def number(value, digits=3) -> str:
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, int):
        return grouped(value)
    if isinstance(value, float):
        return localised(f"{value:.{digits}f}".replace("-", "−"))
    return "—" if value is None else str(value)


def interval(entry) -> str:
    if not isinstance(entry, dict) or entry.get("low") is None or entry.get("high") is None:
        return ""
    return span(number(entry["low"]), number(entry["high"]))


def accuracies(metrics, baselines) -> list[Figure]:
    """The held-out accuracy and, right beside it, what length alone reaches. Empty without."""
    accuracy = (metrics or {}).get("accuracy")
    if not isinstance(accuracy, dict):
        return []
    count = metrics.get("comparisons")
    held_out = _("held out")
    if isinstance(count, int):
        held_out = _("on %(count)s held-out comparisons") % {"count": number(count)}
    figures = [Figure(_("Accuracy"), number(accuracy["value"]), interval(accuracy), held_out)]
    length = (baselines or {}).get("length")
    if isinstance(length, dict):
        rule = LENGTH_RULES.get(length.get("rule"), gettext_lazy("by length alone"))
        figures.append(
            Figure(_("Length alone"), number(length["value"]), interval(length), str(rule))
        )
    return figures


def verdict(metrics) -> str:
    """Whether it learned more than length: a sentence, or nothing where nothing was compared."""
    found = verdicts.against_length(metrics)
    return found.sentence if found else ""


def other_figures(values, *, without=OWN_PLACE):
    """The remaining numbers of a report, one level deep, in its own order."""
    figures = []
    for name, value in (values or {}).items():
        if name in without:
            continue
        if isinstance(value, dict) and "value" not in value:
            group = words.GROUPS.get(name, name)
            for key, inner in value.items():
                # A criterion's key is the project's own; its figure is an accuracy.
                figure = "accuracy" if name == "criteria" else key
                called = f"{group}: {key if name == 'criteria' else words.figure(key)}"
                figures += _figure(called, figure, inner, f"{name}, {key}")
        else:
            figures += _figure(words.figure(name), name, value, name)
    return figures


def _figure(called, name, value, raw) -> list[Figure]:
    """Nothing for what is no number: a list, or another level."""
    if isinstance(value, dict) and "value" in value:
        return [Figure(called, words.measured(name, value["value"]), interval(value), raw=raw)]
    if isinstance(value, dict | list):
        return []
    return [Figure(called, words.measured(name, value), raw=raw)]


def option_value(name: str, value) -> str:
    """An option for reading: in words, with its unit."""
    if value is None:
        return _("chosen by the trainer")
    if value == "":
        return _("none")
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if name in words.STEPS:
        return ngettext("%(count)s step", "%(count)s steps", value) % {"count": grouped(value)}
    text = grouped(value) if isinstance(value, int) else localised_setting(value)
    return f"{text} {words.UNITS[name]}" if name in words.UNITS else text


def localised_setting(value) -> str:
    return localised(setting(value)) if isinstance(value, float) else str(value)


def setting(value) -> str:
    """An option as it is typed, and read back as the same."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        short = f"{value:g}"
        return short if float(short) == value else repr(value)
    return str(value)
