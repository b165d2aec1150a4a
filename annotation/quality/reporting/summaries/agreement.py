"""How far labelers agree."""

from collections.abc import Mapping

from django.utils.translation import gettext as _

from annotation.quality.ceiling import said_of_people
from annotation.quality.presentation import finding
from annotation.quality.reporting.tables import Known, Row, Summary, Table, row_of
from annotation.quality.wording import COEFFICIENTS, STRENGTHS


def summarise_agreement(result: Mapping, known: Known) -> Summary:
    found = result["agreement"]
    figures = found["pairs"] | found["rankings"]
    tables = [
        Table.of(
            _("Coefficients"),
            _("Measure"),
            [row_of(name, figures[key]) for key, name in COEFFICIENTS.items()],
            n=_("n"),
            note=_(
                "Raw agreement is the share of answers two labelers have in common; the others "
                "take away what chance would give. n: items with something that two judged, for "
                "Conger’s kappa comparisons."
            ),
        ),
        Table.of(
            _("By criterion"),
            _("Criterion"),
            _by_criterion(result, found),
            n=_("n"),
            note=_("n: items with something that two rated; beside an ICC, responses."),
        ),
        Table.of(_("How much better"), _("Measure"), _strength(found), n=_("Items")),
        Table.of(_("By flag"), _("Flag"), _by_flag(result, found), n=_("Items")),
    ]
    return Summary(
        finding(figures["raw"]), [table for table in tables if table.rows], (said_of_people(),)
    )


def _by_criterion(result: Mapping, found: Mapping) -> list[Row]:
    rows = []
    for one in result["criteria"]:
        label, key = one["label"], one["key"]
        alpha = _("%(criterion)s, alpha") % {"criterion": label}
        rows.append(row_of(alpha, found["criteria"][key]))
        if "icc" in found["scales"][key]:
            icc = _("%(criterion)s, ICC") % {"criterion": label}
            rows.append(row_of(icc, found["scales"][key]["icc"]))
    return rows


def _strength(found: Mapping) -> list[Row]:
    strength = found["strength"] or {}
    return [row_of(name, strength[key]) for key, name in STRENGTHS.items() if key in strength]


def _by_flag(result: Mapping, found: Mapping) -> list[Row]:
    return [
        row_of(_("%(flag)s, AC1") % {"flag": one["label"]}, found["flags"][one["key"]]["gwet_ac1"])
        for one in result["flags"]
    ]
