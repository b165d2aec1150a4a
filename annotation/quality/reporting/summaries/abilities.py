"""Which generator is ahead."""

from collections.abc import Mapping

from django.utils.translation import gettext as _

from annotation.core.numbers import grouped
from annotation.quality.leaderboard import present_leaderboard
from annotation.quality.leaderboard.beside import EffectRow
from annotation.quality.reporting.tables import Known, Row, Summary, Table


def summarise_abilities(result: Mapping, known: Known) -> Summary:
    """As the leaderboard has it before anything is chosen: the whole ranking, in wins of 100."""
    page = present_leaderboard(dict(result), {})
    rows = [
        Row(
            name=_("%(place)s. %(name)s") % {"place": one.place, "name": one.name}
            if one.place
            else one.name,
            value=one.value or _("none"),
            interval=one.interval,
            n=one.games,
            note="; ".join(part for part in (_places(one.places), one.note) if part),
        )
        for one in page.rows
    ]
    effects = [*([page.place] if page.place else []), *page.held.effects]
    tables = [
        Table.of(
            _("Leaderboard"),
            _("Generator"),
            rows,
            value=_("Wins in 100"),
            n=_("Comparisons"),
            note=_("Against the average generator, a tie half a win; intervals are by item."),
        ),
        Table.of(
            _("What wins besides"),
            _("A response that is"),
            [_effect(one) for one in effects],
            value=_("Wins in 100"),
            n="",
            note=_("Against one that is equally good: 50 is no effect."),
        ),
    ]
    said = (
        [] if page.place else [_("The place on the page: %(why)s.") % {"why": page.place_reason}]
    )
    if page.held.reason:
        said.append(_("Style held equal: %(why)s.") % {"why": page.held.reason})
    unnamed = page.extent["unnamed"] + page.extent["same_generator"]
    if unnamed:
        said.append(
            _("Left out: %(count)s comparisons of unknown generators or of one with itself.")
            % {"count": grouped(unnamed)}
        )
    return Summary(page.finding, [one for one in tables if one.rows], tuple(said) if rows else ())


def _places(places: str) -> str:
    return _("places %(places)s by the intervals") % {"places": places} if places else ""


def _effect(effect: EffectRow) -> Row:
    return Row(effect.name, effect.value, effect.interval)
