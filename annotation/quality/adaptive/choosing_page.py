"""What the page says of choosing the next items: what is set, what was drawn."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Max, Q
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from annotation.core.numbers import grouped
from annotation.quality.adaptive import choosing
from annotation.quality.models import Choice, Choosing


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
