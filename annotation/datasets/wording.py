"""What reasons and counts are called, wherever they are shown."""

from django.utils.translation import gettext_lazy as _

PAIR_DROPS = {
    "empty_text": (_("An empty response"), _("one of the two says nothing")),
    "equal_texts": (_("Two equal responses"), _("the very same text twice")),
    "not_ranked": (_("Not ranked against each other"), _("no counted judgment ranks both")),
    "both_unacceptable": (_("Both unacceptable"), _("no order to learn from")),
    "too_few_votes": (_("Too few votes"), _("fewer than the policy asks for")),
    "low_weight": (_("Too uncertain"), _("below the least weight of the policy")),
    "further_turns": (_("A transcript in a response"), _("it goes on with turns of both sides")),
    "unacceptable": (_("An unacceptable response"), _("to half of those who judged it")),
    "other_pair": (_("Not among the chosen pairs"), _("such as neighbours or best against rest")),
    "tie": (_("A tie"), _("the policy takes none")),
    "too_weak": (_("Too small a difference"), _("below the least strength of the policy")),
    "repeated_pair": (_("A pair met before"), _("same prompt, same two texts in another item")),
    "personal_data": (_("Personal data"), _("found in the prompt or in a response")),
    "over_cap": (_("Too many of one prompt"), _("drawn by lot, ties first")),
    "length_balance": (_("Out of balance in length"), _("drawn by lot of the commoner side")),
    "masked_correction": (
        _("A correction with a mask"),
        _("written from a response with a name or personal data covered"),
    ),
}
JUDGMENT_DROPS = {
    "superseded": (_("Changed later"), _("the labeler's newer revision counts")),
    "retracted": (_("Taken back"), _("the labeler withdrew it")),
    "not_work": (_("No work"), _("gold, a test, training or a calibration round")),
    "item_withdrawn": (_("The item was withdrawn"), ""),
    "other_origin": (_("From another origin"), _("not among the chosen ones")),
    "other_rubric": (_("By another rubric"), _("not among the chosen versions")),
    "surplus": (_("Surplus"), _("beyond the wanted number")),
    "labeler_without_handle": (_("Labeler is no member"), _("has no handle in this project")),
    "labeler_left_out": (_("Labeler left out"), _("by name, or by what the signals say")),
    "inconsistent": (
        _("The AI judge contradicts itself"),
        _("its two orders say different things"),
    ),
    "learned_by_judge": (
        _("The judge has learned from it"),
        _("a reward model was trained on this prompt"),
    ),
    "unanswered": (_("No answer of the AI judge"), _("failed, or not asked in both orders")),
    "response_left": (
        _("A response has left the item"),
        _("the AI judge compared it before it was withheld or merged"),
    ),
}
SFT_DROPS = {
    "no_single_best": (_("No single best response"), _("several share the first place")),
    "best_is_empty": (_("The best response is empty"), ""),
    "best_is_unacceptable": (
        _("The best response is unacceptable"),
        _("to half of those who judged"),
    ),
    "too_few_votes": (_("Too few votes"), _("fewer than the policy asks for")),
    "empty_demonstration": (_("An empty demonstration"), ""),
    "repeated_demonstration": (_("A demonstration twice"), _("same prompt, same text")),
    "personal_data": (_("Personal data"), _("found in the prompt or in the text")),
    "masked_correction": (
        _("A correction with a mask"),
        _("written from a response with a name or personal data covered"),
    ),
}
FILES = {
    "preferences": _("Comparisons: chosen and rejected, with votes and margin"),
    "ties": _("Ties, kept apart"),
    "sft": _("Best responses and demonstrations"),
    "rankings": _("Every counted judgment, raw"),
}


def title(reasons: dict, key: str) -> str:
    return reasons[key][0]
