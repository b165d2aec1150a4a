"""Whether a reward model is better than length alone: better, not better, or not told yet. Pure.

The one place that decides it, for every page, list and table; `training.evaluate.verdict` has the
same rule for the card, and a test of the contract holds the two together. docs/decisions/1284.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from annotation.core.charts.scales import span
from annotation.core.numbers import grouped, points

# Of fewer prompts no gain is told, whatever an interval says: resampling four of them has next to
# nothing to vary.
LEAST_PROMPTS = 10
# A gain that is surely smaller than this is none.
RELEVANT = 0.01
BETTER, NOT_BETTER, OPEN = "better", "not_better", "open"


@dataclass(frozen=True)
class Verdict:
    """word: for a list; gain: the difference with its interval; sentence: all of it, and of how
    much."""

    key: str
    word: str
    gain: str
    sentence: str


def against_length(figures: Mapping[str, Any] | None) -> Verdict | None:
    """By `beats_length`, `comparisons` and `prompts` of a report or a benchmark; None where
    nothing was compared."""
    figures = figures or {}
    gain = figures.get("beats_length")
    if not isinstance(gain, Mapping) or not isinstance(gain.get("value"), int | float):
        return None
    prompts = _count(figures, "prompts")
    key = outcome(gain, prompts)
    sentence = _sentence(key, gain, _count(figures, "comparisons"), prompts)
    return Verdict(key, _word(key), _short(gain), sentence)


def outcome(gain: Mapping[str, Any], prompts: int | None) -> str:
    """Of a difference {value, low, high}, its 95 % interval over prompts. `prompts` None: not
    known, of figures from before they were counted."""
    if gain["value"] <= 0:
        return NOT_BETTER
    is_enough = prompts is None or prompts >= LEAST_PROMPTS
    low, high = gain.get("low"), gain.get("high")
    if low is None or high is None or not is_enough:
        return OPEN
    if low > 0:
        return BETTER
    return NOT_BETTER if high < RELEVANT else OPEN


def trend(figures: Mapping[str, Any]) -> str:
    """ "up" where it is told to be better, "down" where it is surely worse, else nothing."""
    gain, prompts = figures["beats_length"], _count(figures, "prompts")
    if outcome(gain, prompts) == BETTER:
        return "up"
    high = gain.get("high")
    is_enough = prompts is None or prompts >= LEAST_PROMPTS
    return "down" if is_enough and high is not None and high < 0 else ""


def _count(figures: Mapping[str, Any], name: str) -> int | None:
    value = figures.get(name)
    return value if type(value) is int else None


def _word(key: str) -> str:
    return {
        BETTER: _("better than length"),
        NOT_BETTER: _("not better than length"),
        OPEN: _("not told yet against length"),
    }[key]


def _sentence(key: str, gain, comparisons: int | None, prompts: int | None) -> str:
    said = {
        BETTER: _("Better than length alone: %(gain)s%(of)s."),
        NOT_BETTER: _("Not better than length alone: %(gain)s%(of)s."),
        OPEN: _("Not told yet whether it is better than length alone: %(gain)s%(of)s."),
    }[key]
    told = said % {"gain": _gain(gain), "of": _of(comparisons, prompts)}
    if key != OPEN:
        return told
    if prompts is not None and prompts < LEAST_PROMPTS:
        few = _("That is too few: from %(count)d prompts on there is a verdict.")
        return f"{told} " + few % {"count": LEAST_PROMPTS}
    more = _("More comparisons would tell.")
    return f"{told} {more}"


def _short(gain) -> str:
    value = _("%(points)s points") % {"points": points(gain["value"])}
    if gain.get("low") is None or gain.get("high") is None:
        return value
    return f"{value}, {span(points(gain['low']), points(gain['high']))}"


def _gain(gain) -> str:
    value = _("%(points)s points") % {"points": points(gain["value"])}
    if gain.get("low") is None or gain.get("high") is None:
        return value
    within = span(points(gain["low"]), points(gain["high"]))
    said = _("95 %% interval of the difference: %(interval)s") % {"interval": within}
    return f"{value} ({said})"


def _of(comparisons: int | None, prompts: int | None) -> str:
    if comparisons is None or prompts is None:
        return ""
    compared = ngettext("%(count)s comparison", "%(count)s comparisons", comparisons)
    asked = ngettext("%(count)s prompt", "%(count)s prompts", prompts)
    return _(", on %(comparisons)s of %(prompts)s") % {
        "comparisons": compared % {"count": grouped(comparisons)},
        "prompts": asked % {"count": grouped(prompts)},
    }
