"""How far labelers agree with themselves."""

from collections.abc import Mapping

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from annotation.core.numbers import grouped
from annotation.quality.reporting.tables import Known, Summary, Table, row_of
from annotation.quality.signals.figures import say
from annotation.quality.wording import COEFFICIENTS

FIGURES = ("raw", "brennan_prediger", "alpha_nominal")


def summarise_repeats(result: Mapping, known: Known) -> Summary:
    if not result["items"]:
        return Summary(_("Nothing was asked again, so nobody is compared with themselves"), [])
    figures = result["all"]
    finding = ngettext(
        "Asked again, labelers say the same in %(share)s of comparisons (%(count)s item)",
        "Asked again, labelers say the same in %(share)s of comparisons (%(count)s items)",
        result["items"],
    ) % {"share": say(figures["raw"]["value"], "share"), "count": grouped(result["items"])}
    rows = [row_of(COEFFICIENTS[key], figures[key]) for key in FIGURES]
    return Summary(
        finding, [Table.of(_("Agreement with oneself"), _("Measure"), rows, n=_("Items"))]
    )
