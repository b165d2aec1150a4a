"""What wins besides quality."""

from collections.abc import Iterable, Mapping

from django.conf import settings
from django.utils.translation import gettext as _

from annotation.quality.bias_page import Weekly, present
from annotation.quality.reporting.tables import Known, Row, Summary, Table
from annotation.quality.share_rows import Row as BiasRow


def summarise_bias(result: Mapping, known: Known) -> Summary:
    """Without groups of labelers, which are published on their page only, seldom and coarsely."""
    page = present(result, None, settings.FAIRNESS_K)
    tables = [
        Table.of(
            _("What wins"),
            _("Share of decisive comparisons"),
            _rows(page.main),
            n=_("Comparisons"),
            note=_("One half is no bias."),
        ),
        Table.of(
            _("Length and form by themselves"),
            _("A response with"),
            _rows(page.form),
            value=_("Odds"),
            n=_("Comparisons"),
            note=_("Odds of winning with place, length, form and generators held equal; 1 is no "
                   "effect."),
        ),
        *(
            Table.of(size.title, _("Alone at the top"), _rows(size.rows), n=_("Judgments"),
                     note=size.said)
            for size in page.places
        ),
        Table.of(
            _("Week by week"),
            _("Share"),
            [_week(one) for one in page.weeks],
            value=_("Last week"),
            n=_("Weeks"),
        ),
    ]  # fmt: skip
    said = tuple(text for text in (page.order, page.moved) if text)
    return Summary(page.finding, [table for table in tables if table.rows], said)


def _rows(rows: Iterable[BiasRow]) -> list[Row]:
    return [Row(one.name, one.value or _("none"), one.interval, one.n, one.note) for one in rows]


def _week(one: Weekly) -> Row:
    """Its last point, and whether the weeks differ."""
    if one.chart is None or not one.chart.rows:
        return Row(one.name, _("none"), note=one.said)
    _when, value, interval = one.chart.rows[-1]
    return Row(one.name, value, interval, str(len(one.chart.rows)), one.said)
