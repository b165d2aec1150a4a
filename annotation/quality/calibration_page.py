"""The figures of a calibration round as its page shows them, and what may be said of them."""

from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from annotation.core.numbers import grouped
from annotation.quality.presentation import Row, row_of
from annotation.quality.wording import COEFFICIENTS

SHOWN = ("raw", "alpha_nominal")


@dataclass(frozen=True)
class Part:
    """One of the three: the round, the work before it, the work after it."""

    title: str
    rows: list[Row]
    extent: str
    lacking: str  # why there are no figures


@dataclass(frozen=True)
class AgreementOfRound:
    parts: list[Part]
    finding: str


def present(figures: dict) -> AgreementOfRound:
    """figures: see `calibration.agreement_of`."""
    return AgreementOfRound(
        [
            _part(_("This round"), figures["round"]),
            _part(_("Work of these people before it was opened"), figures["before"]),
            _part(_("Work of these people after it was closed"), figures["after"]),
        ],
        _finding(figures["before"], figures["after"]),
    )


def _part(title: str, figures: dict | None) -> Part:
    if figures is None:
        return Part(title, [], "", _("Not enough yet: it begins when the round is closed."))
    rows = [row_of(str(COEFFICIENTS[key]), key, figures[key]) for key in SHOWN if figures[key]]
    lacking = ""
    if not rows:
        lacking = _("Not enough yet: %(count)d of %(fewest)d items that two of them judged.") % {
            "count": figures["items_twice"],
            "fewest": figures["fewest"],
        }
    return Part(title, rows, _extent(figures), lacking)


def _extent(figures: dict) -> str:
    text = ngettext(
        "%(judgments)s judgment of %(items)s items",
        "%(judgments)s judgments of %(items)s items",
        figures["judgments"],
    ) % {"judgments": grouped(figures["judgments"]), "items": grouped(figures["items"])}
    if figures["versions"]:
        text += ", " + _("by rubric version %(numbers)s") % {
            "numbers": ", ".join(map(str, figures["versions"]))
        }
    return text + (", " + _("those nearest to the round") if figures["is_cut"] else "")


def _finding(before: dict | None, after: dict | None) -> str:
    """By the intervals of raw agreement, and never more than they say."""
    if not (before and after and before["raw"] and after["raw"]):
        return _("Whether agreement changed cannot be said yet.")
    old, new = before["raw"]["ci"], after["raw"]["ci"]
    if old is None or new is None:
        return _("Whether agreement changed cannot be said yet.")
    if old[1] < new[0]:
        said = _("After the round they agree more in their work; the intervals lie apart.")
    elif new[1] < old[0]:
        said = _("After the round they agree less in their work; the intervals lie apart.")
    else:
        return _("The intervals before and after overlap: this shows no change.")
    if before["versions"] != after["versions"]:
        return f"{said} {_('They judged by another rubric, which may be the reason.')}"
    return f"{said} {_('Other items may be the reason as well as the round.')}"
