"""Figures and reasons as people read them."""

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from annotation.core.charts import span
from annotation.core.numbers import localised

COEFFICIENTS = {
    "raw": _("Raw agreement"),
    "alpha_nominal": _("Krippendorff’s alpha, nominal"),
    "alpha_ordinal": _("Krippendorff’s alpha, ordinal"),
    "fleiss_kappa": _("Fleiss’ kappa"),
    "gwet_ac1": _("Gwet’s AC1"),
    "kendall_w": _("Kendall’s W, mean over items"),
    "tau_b": _("Tau-b, mean over items"),
}
REASONS = {
    "no_data": _("nothing was judged yet"),
    "no_pairable": _("needs something that two labelers judged"),
    "no_variation": _("everybody always gave the same answer, so chance explains it all"),
    "all_tied": _("everybody tied everything"),
    "no_common_responses": _("no two labelers ranked the same two responses"),
    "few_items_judged_thrice": _("needs 20 items with three judgments or more"),
    "unbalanced": _("needs every labeler on every item"),
    "no_generators": _("nothing is known of what wrote the responses"),
    "no_games": _("no two generators were compared"),
    "never_compared": _("never compared"),
    "not_identified": _("the comparisons do not bound it"),
    "too_few": _("too few comparisons"),
    "too_large": _("too many comparisons for this figure"),
    "no_difference": _("no two responses differ in it"),
    "order_unknown": _("it is not known which response was shown first"),
    "not_told_apart": _("it always goes with the same generators"),
}


def explain(reason: str) -> str:
    return str(REASONS[reason])


def format_value(value: float | None) -> str:
    """Two digits, a true minus, "none" where there is no number."""
    if value is None:
        return gettext("none")
    return localised(f"{value:.2f}".replace("-0.00", "0.00").replace("-", "−"))


def format_interval(ci: list[float] | None) -> str:
    return "" if ci is None else span(format_value(ci[0]), format_value(ci[1]))


def in_reading_order(agreement: dict) -> dict:
    """PostgreSQL keeps the keys of JSON by their length: put them back as they are documented."""
    estimate = ("value", "reason", "ci", "n_items", "n_pairable", "n_ratings", "n_undefined")
    order = ("pairs", "rankings", "criteria", "flags", *COEFFICIENTS, "cohen_kappa", *estimate)
    rank = {key: place for place, key in enumerate(order)}

    def sort(value):
        if not isinstance(value, dict):
            return value
        keys = sorted(value, key=lambda key: (rank.get(key, len(rank)), key))
        return {key: sort(value[key]) for key in keys}

    return sort(agreement)
