"""How far labelers agree with themselves."""

from collections.abc import Mapping

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from annotation.core.numbers import grouped
from annotation.quality.reporting.tables import Known, Summary, Table, row_of
from annotation.quality.signals.figures import say
from annotation.quality.wording import COEFFICIENTS, REASONS

FIGURES = ("raw", "brennan_prediger", "alpha_nominal")


def summarise_repeats(result: Mapping, known: Known) -> Summary:
    figures, raw = result["all"], result["all"]["raw"]
    # Nobody was asked anything again: that is no lack of judgments.
    reasons = {
        **REASONS,
        **dict.fromkeys(("no_data", "no_pairable"), _("nothing was asked again")),
    }
    if raw["value"] is None:
        finding = _("Nothing was asked again, so nobody is compared with themselves")
    else:
        finding = ngettext(
            "Asked again, labelers say the same in %(share)s of comparisons (%(count)s item)",
            "Asked again, labelers say the same in %(share)s of comparisons (%(count)s items)",
            result["items"],
        ) % {"share": say(raw["value"], "share"), "count": grouped(result["items"])}
    rows = [row_of(COEFFICIENTS[key], figures[key], reasons) for key in FIGURES]
    return Summary(
        finding, [Table.of(_("Agreement with oneself"), _("Measure"), rows, n=_("Items"))]
    )
