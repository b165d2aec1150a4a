"""What the page says of choosing the next items: what is set, what was drawn."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Max, Q
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from annotation.core.charts.scales import span
from annotation.core.charts.whiskers import Whisker, whisker
from annotation.core.numbers import grouped, localised
from annotation.quality.adaptive import choosing
from annotation.quality.models import Choice, Choosing
from annotation.quality.stats.arms import LEAST_HELD_OUT, LEAST_JUDGMENTS


@dataclass(frozen=True)
class ChoosingSide:
    """standing: what was drawn so far, as a sentence; nothing where nothing was."""

    now: Choosing
    standing: str
    drawn_at: datetime | None
    is_drawing: bool
    least_control: int = Choosing.LEAST_CONTROL
    most_control: int = Choosing.MOST_CONTROL


def choosing_side_of(project) -> ChoosingSide:
    in_force = project.choices.filter(put_back_at=None)
    counts = in_force.aggregate(
        drawn=Count("pk"),
        control=Count("pk", filter=Q(arm=Choice.Arm.CONTROL)),
        waiting=Count("pk", filter=Q(item__taken=0)),
        last=Max("chosen_at"),
    )
    last = choosing.last_choice_job(project)
    return ChoosingSide(
        now=choosing.choosing_of(project),
        standing=_standing(counts["drawn"], counts["control"], counts["waiting"]),
        drawn_at=counts["last"],
        is_drawing=last is not None and last.is_active,
    )


def _standing(drawn: int, control: int, waiting: int) -> str:
    if not drawn:
        return ""
    said = ngettext(
        "%(drawn)s item was drawn so far, %(control)s of them at random.",
        "%(drawn)s items were drawn so far, %(control)s of them at random.",
        drawn,
    ) % {"drawn": grouped(drawn), "control": grouped(control)}
    ahead = ngettext(
        "%(waiting)s of them waits for its first labeler.",
        "%(waiting)s of them wait for their first labeler.",
        waiting,
    ) % {"waiting": grouped(waiting)}
    return f"{said} {ahead}" if waiting else f"{said} " + _("All of them were begun.")


@dataclass(frozen=True)
class ArmRow:
    """A measure of both arms; chart: the difference on a scale with none in its middle, the side
    on which choosing is better marked."""

    name: str
    chosen: str
    at_random: str
    difference: str
    interval: str
    chart: Whisker


@dataclass(frozen=True)
class ArmsPage:
    """rows are empty where too little was judged."""

    finding: str
    extent: str
    rows: list[ArmRow]


def arms_page_of(arms: dict | None) -> ArmsPage | None:
    """Of the `arms` of a stored result; None where nothing was drawn."""
    if arms is None:
        return None
    return ArmsPage(arms_finding(arms), _extent(arms), arm_rows(arms))


def arms_finding(arms: dict) -> str:
    """Whether choosing beat drawing at random, in a sentence."""
    if arms["verdict"] == "too_few":
        return _(
            "Whether choosing is better than drawing at random cannot be said yet: that needs "
            "%(judgments)d comparisons by either way, and %(held)d decided ones drawn at random "
            "to try both on."
        ) % {"judgments": LEAST_JUDGMENTS, "held": LEAST_HELD_OUT}
    said = {
        "better": _(
            "Choosing was better than drawing at random: from %(count)s comparisons each, the "
            "chosen ones foretell other judgments better."
        ),
        "worse": _(
            "Choosing was worse than drawing at random: from %(count)s comparisons each, the "
            "chosen ones foretell other judgments less well. Turn it off."
        ),
        "no_difference": _(
            "No difference can be told between choosing and drawing at random, from %(count)s "
            "comparisons each."
        ),
    }
    return said[arms["verdict"]] % {"count": grouped(arms["n_judgments"])}


def _extent(arms: dict) -> str:
    chosen, control = arms["information"], arms["control"]
    return _(
        "Judged so far: %(chosen)s chosen items %(chosen_n)s times, %(control)s items drawn at "
        "random %(control_n)s times. Half of the latter, %(held)s decided comparisons, are what "
        "both are tried on."
    ) % {
        "chosen": grouped(chosen["items"]),
        "chosen_n": grouped(chosen["judgments"]),
        "control": grouped(control["items"]),
        "control_n": grouped(control["judgments"]),
        "held": grouped(arms["n_held_out"]),
    }


def _number(value: float) -> str:
    return localised(f"{value:.3f}".replace("-", "\N{MINUS SIGN}"))


def arm_rows(arms: dict) -> list[ArmRow]:
    if arms["verdict"] == "too_few":
        return []
    names = (
        ("likelihood", _("Log-likelihood of a held-out comparison"), 0.0),
        ("agreement", _("Held-out comparisons foretold"), 0.0),
        ("precision", _("Variance of a difference of abilities; at random over chosen"), 1.0),
    )
    return [_arm_row(arms[key], name, middle) for key, name, middle in names]


def _arm_row(figure: dict, name: str, middle: float) -> ArmRow:
    ends = figure["ci"] or [figure["value"]]
    reach = max(0.001, 1.1 * max(abs(end - middle) for end in [*ends, figure["value"]]))
    interval = None if figure["ci"] is None else (figure["ci"][0], figure["ci"][1])
    return ArmRow(
        name=name,
        chosen=_number(figure["adaptive"]),
        at_random=_number(figure["random"]),
        difference=_number(figure["value"]),
        interval=span(*map(_number, interval)) if interval else "",
        chart=whisker(
            figure["value"],
            interval,
            name=name,
            scale=(middle - reach, middle + reach),
            usual=(middle, middle + reach),
            number=_number,
        ),
    )
