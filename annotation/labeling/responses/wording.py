"""What a mark's detail says, in words."""

from django.utils.translation import gettext_lazy as _

from annotation.candidates.marks.found import SAFETY
from annotation.candidates.marks.guards import OTHER
from annotation.core.harms import HARMS

MORE_HARMS = {OTHER: _("another kind of harm")}
DETAILS = {
    "empty": _("nothing can be seen"),
    "limit": _("stopped by the limit, says the finish reason"),
    "open_code": _("a block of code is never closed"),
    "middle_of_sentence": _("the last word goes on"),
    "no_full_stop": _("the last sentence has no end"),
    "cannot": _("says that it cannot or will not"),
    "as_ai": _("declines as a machine"),
    "sorry": _("begins with an excuse"),
    "policy": _("calls the request against the rules"),
    "german_cannot": _("says in German that it cannot or will not"),
    "german_sorry": _("begins with an excuse in German"),
    "german_as_ai": _("declines as a machine, in German"),
    "self": _("says of itself what it is called"),
    "as": _("speaks as a model"),
    "vendor": _("says who made it"),
    "name": _("a name that is nothing else"),
    "generator": _("the name of a generator of this project"),
    "email": _("e-mail address"),
    "iban": _("bank account (IBAN)"),
    "card": _("payment card"),
    "phone": _("telephone number"),
    "ip": _("internet address"),
}


def detail_of(mark) -> str:
    """One that we no longer know is shown as it is."""
    if mark.kind == SAFETY:
        return str((HARMS | MORE_HARMS).get(mark.detail, mark.detail))
    return str(DETAILS.get(mark.detail, mark.detail))
