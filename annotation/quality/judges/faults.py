"""Why a question to a judge has no answer, in a sentence: of the endpoint, or of what it wrote."""

from django.utils.translation import gettext
from django.utils.translation import gettext_noop as _

from annotation.candidates.endpoints.faults import FAULTS, Fault

UNUSABLE = {
    "no_json": _("What the judge wrote is not the JSON that it was asked for: %(detail)s"),
    "unknown_key": _("The judge's answer has a field that nobody asked for: %(detail)s."),
    "no_choice": _("The judge prefers neither A nor B, nor says that they tie: %(detail)s."),
    "bad_rating": _("The judge's ratings do not fit the rubric: %(detail)s"),
    "bad_critique": _("The judge's critique is no text, or longer than we keep."),
    "too_long": _(
        "The reward model cannot read a response: it is too long, or it spells one of the model's "
        "control tokens. Nothing is cut."
    ),
    "cut_short": _("The judge was cut off at %(detail)s tokens, before its answer was whole."),
}


def sentence_of(fault: str, detail: str) -> str:
    """In the language of whoever reads it. What a server or a model said stays as it was."""
    if fault in FAULTS:
        return Fault(fault, detail).sentence
    return gettext(UNUSABLE[fault]).replace("%(detail)s", detail)
