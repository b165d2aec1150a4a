"""The sentence above a leaderboard."""

from django.utils.text import Truncator
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from annotation.core.numbers import grouped

LONGEST_NAME = 40


def finding(board: dict, fit: dict | None, names: list[str]) -> str:
    """Who is ahead, as far as the intervals of places say; and who cannot be placed."""
    if fit is None:
        if board["reason"] == "no_generators":
            return _("Nothing says what wrote the responses")
        if board["reason"] == "no_games":
            return _("No two generators were compared yet")
        return _("Nothing to compare generators by yet")
    rows = fit["generators"]
    placed = sorted(
        (index for index, row in enumerate(rows) if row["place"] is not None),
        key=lambda index: (rows[index]["place"], index),
    )
    if not placed:
        return _("The comparisons place no generator yet")
    lead = _lead(placed, rows, names)
    rest = [index for index in range(len(rows)) if rows[index]["place"] is None]
    if not rest:
        return lead
    if len(rest) == 1:
        unplaced = _("%(name)s cannot be placed") % {"name": _short(names[rest[0]])}
    else:
        unplaced = _("%(count)s others cannot be placed") % {"count": grouped(len(rest))}
    return _("%(finding)s; %(more)s") % {"finding": lead, "more": unplaced}


def _lead(placed: list[int], rows: list[dict], names: list[str]) -> str:
    first = [index for index in placed if rows[index]["places"][0] == 1]
    if len(placed) == 1:
        return _("Only %(name)s can be placed") % {"name": _short(names[placed[0]])}
    if len(first) == len(placed):
        return _("No generator is clearly ahead of another")
    best = _short(names[placed[0]])
    if len(first) > 1:
        others = len(first) - 1
        return ngettext(
            "%(name)s leads, and %(count)s other may be as good",
            "%(name)s leads, and %(count)s others may be as good",
            others,
        ) % {"name": best, "count": grouped(others)}
    if len(placed) == 2:
        return _("%(name)s is ahead of %(other)s") % {
            "name": best,
            "other": _short(names[placed[1]]),
        }
    return _("%(name)s is ahead of all others") % {"name": best}


def _short(name: str) -> str:
    return Truncator(name).chars(LONGEST_NAME)
