"""Figures and reasons as people read them."""

from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from annotation.core.charts.scales import span
from annotation.core.numbers import grouped, localised

COEFFICIENTS = {
    "raw": _("Raw agreement"),
    "alpha_nominal": _("Krippendorff’s alpha, nominal"),
    "gwet_ac1": _("Gwet’s AC1"),
    "raw_macro": _("Raw agreement, mean over items"),
    "alpha_ordinal": _("Krippendorff’s alpha, ordinal"),
    "fleiss_kappa": _("Fleiss’ kappa"),
    "gwet_ac2": _("Gwet’s AC2, quadratic"),
    "brennan_prediger": _("Brennan–Prediger"),
    "comparison_kappa": _("Kappa of comparisons with ties"),
    "conger_kappa": _("Conger’s kappa"),
    "kendall_w": _("Kendall’s W, mean over items"),
    "tau_b": _("Tau-b, mean over items"),
    "tau_x": _("Tau-x, mean over items"),
    "rank_alpha": _("Alpha of ranks, ordinal"),
}
# The three that are shown first.
FIRST = ("raw", "alpha_nominal", "gwet_ac1")
# When to trust each of the others: what its row says below its name.
TRUST = {
    "raw_macro": _("every item counts alike, however many judged it"),
    "alpha_ordinal": _("a tie is halfway: trust it where ties mean “nearly equal”"),
    "fleiss_kappa": _("nearly alpha, to compare with papers; labelers count as interchangeable"),
    "gwet_ac2": _("AC1 with a tie halfway between the two answers"),
    "brennan_prediger": _("all three answers count as equally likely by chance"),
    "comparison_kappa": _("trust it where the order of display is in doubt: that cannot move it"),
    "conger_kappa": _("chance from each labeler’s own habits: for few who judged much"),
    "kendall_w": _("trust it where all labelers of an item ranked the same responses"),
    "tau_b": _("a tie says nothing: trust it where few tie"),
    "tau_x": _("a tie that both share is agreement: trust it where ties are meant"),
    "rank_alpha": _("for any responses and ties; less where the ranked sets differ a lot"),
}
STRENGTHS = {
    "sign_raw": _("The same side, raw"),
    "sign_alpha": _("The same side, alpha"),
    "alpha_ordinal": _("Strength, alpha, ordinal"),
    "alpha_interval": _("Strength, alpha, interval"),
}
REASONS = {
    "no_data": _("nothing of the kind was judged"),
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
    "not_recorded": _("the order shown was not recorded"),
    "order_not_random": _(
        "the order shown was not drawn: place and response cannot be told apart"
    ),
    "no_model_yet": _("no reward model has scored these responses yet"),
    "not_told": _("no difference can be told"),
    "no_gold": _("no known answer was judged"),
    "too_few_described": _("too few people say something about themselves"),
    "few_changed": _("held back, because only a few people came or went since the last time"),
}
# Analyses without a page of their own.
NO_PAGE = {"repeats": _("Agreement with oneself")}


def explain(reason: str) -> str:
    return str(REASONS[reason])


def format_value(value: float | None) -> str:
    """Two digits, a true minus, "none" where there is no number."""
    if value is None:
        return gettext("none")
    return localised(f"{value:.2f}".replace("-0.00", "0.00").replace("-", "−"))


def format_interval(ci: list[float] | None) -> str:
    return "" if ci is None else span(format_value(ci[0]), format_value(ci[1]))


SECTIONS = ("pairs", "rankings", "criteria", "flags", "scales", "strength", "over_labelers")
IN_PARTS = ("by", "key", "name", "parts", "few", "unshown", "outside", "n_pairs", "n_pairs_across")
IN_ESTIMATES = ("value", "reason", "ci", "n_items", "n_pairable", "n_ratings", "n_undefined")


def in_reading_order(agreement: dict) -> dict:
    """PostgreSQL keeps the keys of JSON by their length: put them back as they are documented."""
    order = (*SECTIONS, *COEFFICIENTS, "cohen_kappa", *IN_PARTS, *IN_ESTIMATES)
    rank = {key: place for place, key in enumerate(order)}

    def sort(value):
        if isinstance(value, list):
            return [sort(one) for one in value]
        if not isinstance(value, dict):
            return value
        keys = sorted(value, key=lambda key: (rank.get(key, len(rank)), key))
        return {key: sort(value[key]) for key in keys}

    return sort(agreement)


def facets_left_out(count: int) -> str:
    """Of keys by which figures could be told apart, too; "" where none is."""
    if not count:
        return ""
    return ngettext(
        "%(count)s more key of the items’ metadata has few values, too, and is left out: figures "
        "are told apart by the keys that most items have.",
        "%(count)s more keys of the items’ metadata have few values, too, and are left out: "
        "figures are told apart by the keys that most items have.",
        count,
    ) % {"count": grouped(count)}
