"""What the report says of each analysis: a function from its result to a finding and tables.

A kind without a line in SUMMARIES has its figures by the keys of its result, which few can read:
write it a summary. The JSON has every result whole.
"""

from collections.abc import Callable, Mapping

from django.utils.translation import gettext as _

from annotation.quality.reporting.summaries.abilities import summarise_abilities
from annotation.quality.reporting.summaries.adaptive import summarise_adaptive
from annotation.quality.reporting.summaries.agreement import summarise_agreement
from annotation.quality.reporting.summaries.bias import summarise_bias
from annotation.quality.reporting.summaries.consensus import summarise_consensus
from annotation.quality.reporting.summaries.labelers import summarise_labelers
from annotation.quality.reporting.summaries.prompts import summarise_prompts
from annotation.quality.reporting.summaries.repeats import summarise_repeats
from annotation.quality.reporting.tables import Known, Summary, Table, list_estimates

SUMMARIES: dict[str, Callable[[Mapping, Known], Summary]] = {
    "agreement": summarise_agreement,
    "labelers": summarise_labelers,
    "abilities": summarise_abilities,
    "repeats": summarise_repeats,
    "adaptive": summarise_adaptive,
    "bias": summarise_bias,
    "prompts": summarise_prompts,
    "consensus": summarise_consensus,
}


def summarise(kind: str, result: Mapping, known: Known) -> Summary:
    if kind in SUMMARIES:
        return SUMMARIES[kind](result, known)
    rows = list_estimates(result)
    return Summary("", [Table.of(_("Figures"), _("Figure"), rows, n="n")] if rows else [])
