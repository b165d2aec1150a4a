"""What reasons and counts are called, wherever they are shown."""

from django.utils.translation import gettext_lazy as _

PAIR_DROPS = {
    "empty_text": ("An empty response", "one of the two says nothing"),
    "equal_texts": ("Two equal responses", "the very same text twice"),
    "not_ranked": ("Not ranked against each other", "no counted judgment ranks both"),
    "both_unacceptable": ("Both unacceptable", "no order to learn from"),
    "too_few_votes": ("Too few votes", "fewer than the policy asks for"),
}
JUDGMENT_DROPS = {
    "superseded": ("Changed later", "the labeler's newer revision counts"),
    "retracted": (_("Taken back"), _("the labeler withdrew it")),
    "item_withdrawn": ("The item was withdrawn", ""),
    "other_origin": ("From another origin", "not among the chosen ones"),
    "surplus": ("Surplus", "beyond the wanted number"),
    "labeler_without_handle": ("Labeler is no member", "has no handle in this project"),
}
SFT_DROPS = {
    "no_single_best": ("No single best response", "several share the first place"),
    "best_is_empty": ("The best response is empty", ""),
    "best_is_unacceptable": ("The best response is unacceptable", "to half of those who judged"),
    "too_few_votes": ("Too few votes", "fewer than the policy asks for"),
    "empty_demonstration": ("An empty demonstration", ""),
    "repeated_demonstration": ("A demonstration twice", "same prompt, same text"),
}
FILES = {
    "preferences": "Comparisons: chosen and rejected, with votes and margin",
    "ties": "Ties, kept apart",
    "sft": "Best responses and demonstrations",
    "rankings": "Every counted judgment, raw",
}


def title(reasons: dict, key: str) -> str:
    return reasons[key][0]
