"""The keys of an agreement, as docs/statistics.md gives them."""

SECTIONS = {
    "pairs",
    "rankings",
    "criteria",
    "flags",
    "scales",
    "strength",
    "over_labelers",
    "cohen_left_out",
    "parts",
}
PAIRS = {
    "raw",
    "raw_macro",
    "alpha_nominal",
    "alpha_ordinal",
    "fleiss_kappa",
    "gwet_ac1",
    "gwet_ac2",
    "brennan_prediger",
    "comparison_kappa",
    "conger_kappa",
    "cohen_kappa",
}
