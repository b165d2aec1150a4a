"""What stopping early would have saved."""

from collections.abc import Mapping

from django.utils.translation import gettext as _

from annotation.core.charts.scales import span
from annotation.core.numbers import grouped
from annotation.quality.adaptive.choosing_page import arm_rows, arms_finding
from annotation.quality.adaptive.page import one_digit, percent
from annotation.quality.reporting.tables import Known, Row, Summary, Table
from annotation.quality.wording import explain

# What the finding speaks of.
USUAL_SURE = 90


def summarise_adaptive(result: Mapping, known: Known) -> Summary:
    """Of the judgments there are, given again one at a time; what is set on its page, and what it
    did, changes from hour to hour and stands there."""
    rows = result["rows"]
    arms = [_arms(result["arms"])] if result["arms"] else []
    if not rows:
        why = explain(result["reason"]) if result["reason"] else explain("no_data")
        return Summary(
            _("What stopping early would save cannot be said yet: %(why)s") % {"why": why}, arms
        )
    near = min(rows, key=lambda row: abs(row["sure"] - USUAL_SURE))
    finding = _(
        "Stopping when an answer is %(sure)d %% sure would have saved %(saved)s of the judgments, "
        "with the same answer for %(same)s of the items"
    ) % {
        "sure": near["sure"],
        "saved": percent(near["saved"]),
        "same": percent(near["same"]["value"]),
    }
    table = Table.of(
        _("Items with the same answer"),
        _("Stopped when"),
        [_row(row) for row in rows],
        value=_("Same answer"),
        n=_("Items"),
    )
    return Summary(finding, [table, *arms])


def _arms(arms: Mapping) -> Table:
    """Choosing against drawing at random."""
    rows = [
        Row(
            name=row.name,
            value=row.difference,
            interval=row.interval,
            n=grouped(arms["n_judgments"]),
            note=_("chosen %(chosen)s, at random %(at_random)s")
            % {"chosen": row.chosen, "at_random": row.at_random},
        )
        for row in arm_rows(arms)
    ]
    return Table.of(
        _("Items chosen, against items drawn at random"),
        _("Measure"),
        rows,
        value=_("Difference"),
        n=_("Comparisons"),
        note=arms_finding(arms),
    )


def _row(row: Mapping) -> Row:
    low, high = row["same"]["ci"]
    return Row(
        name=_("%(sure)d %% sure") % {"sure": row["sure"]},
        value=percent(row["same"]["value"]),
        interval=span(percent(low), percent(high)),
        n=grouped(row["same"]["n_items"]),
        note=_("%(judgments)s judgments an item, %(saved)s saved")
        % {"judgments": one_digit(row["judgments"]), "saved": percent(row["saved"])},
    )
