"""What the judgments say together, how sure that is, and how right each method was."""

from collections.abc import Mapping

from django.utils.translation import gettext as _

from annotation.quality.consensus_page import METHODS, finding_of, judgments_of, said_of
from annotation.quality.reporting.tables import Known, Summary, Table, row_of


def summarise_consensus(result: Mapping, known: Known) -> Summary:
    sure = result["certainty"]["by_judgments"]
    met = [row_of(METHODS[one["key"]], one["gold"]) for one in result["methods"]]
    tables = [
        Table.of(
            _("Items with a sure answer"),
            _("Judged by"),
            [row_of(judgments_of(row), row["sure"]) for row in sure],
            value=_("Share"),
            n=_("Items"),
        ),
        Table.of(_("Known answers met"), _("Method"), met, value=_("Share"), n=_("Comparisons")),
    ]
    shown = [table for table in tables if table.rows]
    return Summary(finding_of(result), shown, (said_of(result["agreement"]),))
