"""An evaluation as its pages show it: findings in sentences, figures as text, charts."""

from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from annotation.core.charts import lines, scales, whiskers
from annotation.core.numbers import grouped, localised
from annotation.quality.wording import REASONS
from annotation.runs.evaluation import reading
from annotation.runs.evaluation.judged import Told
from annotation.runs.models import Evaluation
from annotation.runs.verdicts import LEAST_PROMPTS

People = Evaluation.Kind.PEOPLE


@dataclass(frozen=True)
class State:
    """Where an evaluation stands, and how its chip looks."""

    key: str  # preparing, failed, stopped, judging, done, decided
    word: str
    chip: str


def state_of(evaluation: Evaluation, figures: dict | None = None) -> State:
    """Its job's state while it is prepared; then how far the judging is. Without figures that
    stays open: a list does not compute them."""
    job = evaluation.job
    if evaluation.decision and evaluation.decision != Evaluation.Decision.GO_ON:
        return State("decided", evaluation.get_decision_display(), "ok")
    if job is not None and job.is_active:
        return State("preparing", _("Being prepared"), "live")
    if job is not None and job.state == "failed":
        return State("failed", _("Failed"), "bad")
    if evaluation.stopped_at is not None:
        return State("stopped", _("Ended early"), "warn")
    # A response that a reward model cannot read is left out for good: nobody is still judging.
    is_open = figures is not None and figures["complete"] < figures["prompts"]
    if evaluation.kind == People and is_open:
        return State("judging", _("Being judged"), "live")
    return State("done", _("Done"), "")


def percent(value: float, digits: int = 0) -> str:
    return localised(f"{100 * value:.{digits}f}") + " %"


def ends(low: float, high: float) -> str:
    return scales.span(percent(low), percent(high))


def outcome(evaluation: Evaluation, figures: dict[str, Any]) -> str:
    """better, worse or undecided, for the page and the table alike: where people judge by the
    test that may be looked at, else by the interval, and never of few prompts."""
    if evaluation.kind == People:
        return figures["sequential"]["finding"]
    rate = figures["win_rate"]
    if rate["value"] is None or rate["n"] < LEAST_PROMPTS:
        return "undecided"
    return "better" if rate["low"] > 0.5 else "worse" if rate["high"] < 0.5 else "undecided"


def finding(evaluation: Evaluation, figures: dict[str, Any]) -> str:
    """The h1: what is known of new against old by now."""
    names = {"new": evaluation.new.name, "old": evaluation.old.name}
    said = outcome(evaluation, figures)
    if figures["complete"] == 0:
        return _("%(new)s against %(old)s") % names
    if said == "better":
        return _("%(new)s is better than %(old)s") % names
    if said == "worse":
        return _("%(new)s is worse than %(old)s") % names
    return _("%(new)s against %(old)s: not decided") % names


def advice(evaluation: Evaluation, figures: dict[str, Any]) -> str:
    """What to do next, in a sentence."""
    test = figures["sequential"]
    left = figures["prompts"] - figures["complete"]
    if evaluation.kind != People and 0 < figures["complete"] < LEAST_PROMPTS:
        return _("Too few prompts to tell: evaluate on %(count)d or more.") % {
            "count": LEAST_PROMPTS
        }
    if evaluation.kind != People or figures["complete"] == 0:
        return ""
    if test["finding"] != "undecided":
        at = ngettext(
            "Decided after %(count)s prompt; looking while people judge was allowed for.",
            "Decided after %(count)s prompts; looking while people judge was allowed for.",
            test["decided_at"],
        ) % {"count": grouped(test["decided_at"])}
        return f"{at} {_('You can stop now.')}" if left else at
    if left:
        return _("Nothing is decided yet: let people go on, and look as often as you like.")
    return _(
        "Everything is judged, and the two are too close to tell apart: keep the old one, or ask "
        "for more prompts."
    )


def rates(evaluation: Evaluation, figures: dict[str, Any]) -> list[dict[str, Any]]:
    """The stats on top: win rate, its anytime interval, and at equal length."""
    rate, test, equal = (figures[key] for key in ("win_rate", "sequential", "at_equal_length"))
    rows = [
        _stat(
            _("Win rate of the new one"),
            rate["value"],
            (rate["low"], rate["high"]),
            _(
                "%(wins)s won, %(ties)s even, %(losses)s lost; a tie counts half. "
                "Interval: 95 %%, over prompts."
            )
            % {key: grouped(figures[key]) for key in ("wins", "ties", "losses")},
        )
    ]
    if evaluation.kind == People:
        rows.append(
            _stat(
                _("However often one looks"),
                rate["value"],
                (test["low"], test["high"]),
                _(
                    "The wider interval, which stays true while people judge. Stop by this one "
                    "alone."
                ),
            )
        )
    note = REASONS.get(equal["reason"], "") if equal["value"] is None else _length_note(equal)
    rows.append(_stat(_("At equal length"), equal["value"], equal["ci"], str(note)))
    return rows


def _length_note(equal) -> str:
    return _(
        "The new one is longer in %(share)s of the pairs: %(new)s against %(old)s characters."
    ) % {
        "share": percent(equal["new_longer"]),
        "new": grouped(round(equal["mean_new"])),
        "old": grouped(round(equal["mean_old"])),
    }


def _stat(name, value, interval, note) -> dict[str, Any]:
    if value is None:
        return {"name": name, "value": _("none"), "interval": "", "chart": None, "note": note}
    chart = whiskers.whisker(
        value, interval, name=name, usual=None, number=lambda share: percent(share)
    )
    return {
        "name": name,
        "value": percent(value),
        "interval": ends(*interval) if interval else "",
        "chart": chart,
        "note": note,
    }


def path_chart(figures: dict[str, Any]):
    """The win rate as prompts were complete, with the interval that holds at every look."""
    path = figures["sequential"]["path"]
    if len(path) < 2:
        return None
    last = path[-1]
    label = _("Win rate after %(count)s prompts: %(rate)s, between %(ends)s") % {
        "count": grouped(last[0]),
        "rate": percent(last[1]),
        "ends": ends(last[2], last[3]),
    }
    line = lines.Series(
        _("new wins"),
        [(k, value) for k, value, _low, _high in path],
        low=[low for _k, _value, low, _high in path],
        high=[high for _k, _value, _low, high in path],
    )
    decided = figures["sequential"]["decided_at"]
    return lines.line_chart(
        label=label,
        series=[line],
        x_name=_("Prompts complete"),
        y_name=_("Win rate"),
        y_range=(0.0, 1.0),
        limit=(0.5, _("even")),
        events=[(decided, _("decided"))] if decided else (),
        y_format=lambda share: percent(share),
    )


def slices(figures: dict[str, Any]) -> list[dict[str, Any]]:
    return [
        {
            "key": _("Slice") if group["key"] == reading.SLICE else group["key"],
            "rows": [
                {
                    "value": row["value"],
                    "n": grouped(row["rate"]["n"]),
                    **_stat(row["value"], row["rate"]["value"], _ends_of(row["rate"]), ""),
                }
                for row in group["rows"]
            ],
        }
        for group in figures["slices"]
    ]


def _ends_of(rate):
    return None if rate["low"] is None else (rate["low"], rate["high"])


def counter_balance(figures: dict[str, Any]) -> str:
    """Whether the places were fair, in a sentence; empty before there are judgments."""
    shown = figures.get("shown")
    if not shown or not shown["judgments"]:
        return ""
    said = _("The new one stood first in %(share)s of %(count)s judgments.") % {
        "share": percent(shown["new_first"] / shown["judgments"]),
        "count": grouped(shown["judgments"]),
    }
    if shown["decisive"]:
        won = percent(shown["first_won"] / shown["decisive"])
        said += " " + _("Whatever stood first won %(share)s of those that were not even.") % {
            "share": won
        }
    return said


def judge_row(told: Told) -> dict[str, Any]:
    """A judge on the pairs that people have judged, beside what people say of these."""
    rate, equal = told.figures["win_rate"], told.figures["at_equal_length"]
    return {
        "judge": told.judge,
        "n": grouped(rate["n"]),
        **_stat(told.judge.name, rate["value"], _ends_of(rate), ""),
        "equal": "" if equal["value"] is None else percent(equal["value"]),
        "equal_interval": ends(*equal["ci"]) if equal["ci"] else "",
        "people": percent(told.people["value"]),
        "people_interval": ends(told.people["low"], told.people["high"]),
        "alike": percent(told.alike / told.pairs),
    }
