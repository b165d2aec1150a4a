"""What divides people, and what they cannot decide."""

from collections.abc import Iterable, Mapping

from django.utils.translation import gettext as _

from annotation.core.charts.scales import span
from annotation.core.numbers import grouped, points
from annotation.quality.prompts_page import few_of, finding_of, reading_of
from annotation.quality.reporting.tables import Known, Row, Summary, Table
from annotation.quality.share_rows import chance, percent
from annotation.quality.wording import explain, facets_left_out

# Of each list: those to look at first, the page has more.
MOST = 10


def summarise_prompts(result: Mapping, known: Known) -> Summary:
    beyond, items, judgments = _("Beyond the expected, in points"), _("Items"), _("Judgments")
    tables = [
        Table.of(
            _("Two readings"),
            _("Asked of"),
            [Row(name, note=said) for name, said, _found in map(reading_of, result["readings"])],
            value=" ",
            interval="",
            n="",
        ),
        Table.of(
            _("Items that divide people"),
            _("Item"),
            [_item(row, known.items) for row in result["items"][:MOST]],
            value=_("Disagreement"),
            interval=_("Expected"),
            n=judgments,
            note=_("The most surprising first; the p-values are adjusted over all items."),
        ),
        Table.of(
            _("Prompts that divide people"),
            _("Prompt of the item"),
            _parts(result["prompts"][:MOST], lambda row: _name(row, known.items)),
            value=beyond,
            n=items,
        ),
        Table.of(
            _("Parts of the work"),
            _("Part"),
            _parts(result["facets"], lambda row: f"{row['key']}: {row['value']}"),
            value=beyond,
            n=items,
            note=" ".join(
                one
                for one in (
                    few_of(result["facets"]),
                    facets_left_out(result["extent"].get("facets_left_out", 0)),
                )
                if one
            ),
        ),
        _heavy(_("Tied by many"), result["tied"], known, judgments),
        _heavy(_("All unacceptable to many"), result["bad"], known, judgments),
    ]
    return Summary(finding_of(result), [table for table in tables if table.rows])


def _name(row: Mapping, items: Mapping[int, str]) -> str:
    return items.get(row["item"], _("an item that is gone"))


def _item(row: Mapping, items: Mapping[int, str]) -> Row:
    return Row(
        _name(row, items),
        percent(row["seen"]),
        percent(row["expected"]),
        grouped(row["judgments"]),
        chance(row["q"]),
    )


def _parts(rows: Iterable[Mapping], name) -> list[Row]:
    """Those with enough items."""
    return [
        Row(
            name(row),
            _("none") if row["beyond"] is None else points(row["beyond"]),
            "" if row["ci"] is None else span(*map(points, row["ci"])),
            grouped(row["items"]),
            explain(row["reason"]) if row["reason"] else chance(row["q"]),
        )
        for row in rows
        if row["reason"] != "too_few"
    ]


def _heavy(title: str, rows: Iterable[Mapping], known: Known, judgments: str) -> Table:
    return Table.of(
        title,
        _("Prompt of the item"),
        [
            Row(
                _name(row, known.items),
                percent(row["value"]),
                span(*map(percent, row["ci"])),
                grouped(row["n"]),
            )
            for row in list(rows)[:MOST]
        ],
        value=_("Share"),
        n=judgments,
    )
