"""After an item of the training: the labeler's answer beside the known one, and why."""

from dataclasses import dataclass

from django.utils.translation import gettext as _

from annotation.core.markup import render_untrusted
from annotation.labeling.desk import Desk, desk_for
from annotation.labeling.gold.judged import outcome
from annotation.labeling.models import GoldItem
from annotation.labeling.verdict.model import NOT_APPLICABLE
from annotation.labeling.verdict.tiers import effective_tiers


@dataclass(frozen=True)
class Compared:
    """One line: what was said, what is known, and whether they differ."""

    name: str
    given: str
    known: str
    differs: bool


@dataclass(frozen=True)
class Explained:
    is_met: bool
    places: list[Compared]
    ratings: list[Compared]
    explanation: str  # safe HTML
    desk: Desk
    tolerance: str


def explain(assignment, judgment, gold: GoldItem) -> Explained:
    """`assignment` as from `assignment_of`."""
    desk = desk_for(assignment)
    letters = {card.position: card.letter for card in desk.cards}
    found = outcome(gold, judgment)
    return Explained(
        is_met=found.is_met,
        places=_places(judgment, gold, letters),
        ratings=_ratings(judgment, gold, letters, found.missed_ratings),
        explanation=render_untrusted(gold.explanation) if gold.explanation else "",
        desk=desk,
        tolerance=_tolerance(gold),
    )


def _places(judgment, gold, letters) -> list[Compared]:
    """By letter. What the known answer leaves open differs from nothing."""
    given = effective_tiers(judgment.ranks, judgment.unacceptable)
    known = effective_tiers(gold.ranks, gold.unacceptable)
    rows = []
    for position, letter in sorted(letters.items(), key=lambda pair: pair[1]):
        mine = _place(given, judgment, position)
        is_open = known[position - 1] is None and not gold.rest_below
        right = "–" if is_open else _place(known, gold, position)
        rows.append(Compared(letter, mine, right, differs=not is_open and mine != right))
    return rows


def _place(tiers, said, position) -> str:
    if said.unacceptable[position - 1]:
        return _("unacceptable")
    tier = tiers[position - 1]
    if tier is None:
        return _("below those") if said.rest_below else _("not ranked")
    return str(tier)


def _ratings(judgment, gold, letters, missed) -> list[Compared]:
    labels = _labels(judgment)
    return [
        Compared(
            labels.get(key, key),
            _values(judgment.ratings.get(key), letters),
            _values(values, letters),
            key in missed,
        )
        for key, values in gold.ratings.items()
        if any(value is not None for value in values)
    ]


def _labels(judgment) -> dict[str, str]:
    version = judgment.rubric_version
    return dict(version.criteria.values_list("key", "label")) if version else {}


def _values(values, letters) -> str:
    said = {
        letters[position]: _("n/a") if value == NOT_APPLICABLE else str(value)
        for position, value in enumerate(values or [], start=1)
        if value is not None
    }
    return ", ".join(f"{letter} {value}" for letter, value in sorted(said.items())) or "–"


def _tolerance(gold) -> str:
    if gold.tolerance == GoldItem.Tolerance.BEST:
        return _("It is enough that the best response is the same.")
    if gold.tolerance == GoldItem.Tolerance.INVERSIONS and gold.max_inversions:
        return _("Up to %(count)s pairs may be the other way round.") % {
            "count": gold.max_inversions
        }
    return ""
