"""What can be said, and what it is for. Each answer is one of a list: free text names people."""

from django.conf.locale import LANG_INFO
from django.utils.functional import lazy
from django.utils.translation import get_language_info
from django.utils.translation import gettext_lazy as _

from annotation.accounts.countries import COUNTRIES

AGE_BANDS = {
    "18-24": _("18 to 24"),
    "25-34": _("25 to 34"),
    "35-44": _("35 to 44"),
    "45-54": _("45 to 54"),
    "55-64": _("55 to 64"),
    "65+": _("65 or older"),
}
GENDERS = {
    "woman": _("Woman"),
    "man": _("Man"),
    "non-binary": _("Non-binary"),
    "other": _("Another one"),
}
EXPERTISE = {
    "arts": _("Arts and design"),
    "business": _("Business and economics"),
    "education": _("Education"),
    "engineering": _("Engineering"),
    "health": _("Medicine and health"),
    "humanities": _("Languages and humanities"),
    "law": _("Law and administration"),
    "sciences": _("Mathematics and natural sciences"),
    "social": _("Social sciences"),
    "software": _("Software"),
    "trades": _("Trades and crafts"),
}


def _language_name(code: str) -> str:
    return get_language_info(code)["name_translated"]


_language_name_lazy = lazy(_language_name, str)

# Django's own list and its translations, without the regional variants.
LANGUAGES = {
    code: _language_name_lazy(code)
    for code, info in LANG_INFO.items()
    if "-" not in code and "name" in info
}

FIELDS = {
    "country": (_("Country you live in"), COUNTRIES),
    "age": (_("Age"), AGE_BANDS),
    "gender": (_("Gender"), GENDERS),
    "language": (_("First language"), LANGUAGES),
    "expertise": (_("What you know most about"), EXPERTISE),
}

# What somebody agreed to is kept as the number of the text. A changed text is a new number at the
# end; the last one is asked for, and the earlier ones stay to be read.
CONSENT = {
    1: _(
        "I agree that my answers are kept until I delete them, and used for one thing: to see "
        "whether judgments differ between groups of people, so that a model is not made for some "
        "of them only. Nobody sees my answers; groups of fewer than five people are not shown. "
        "Answering is my free choice, my work does not depend on it, and I can change or delete "
        "the answers here at any time."
    )
}
CONSENT_VERSION = max(CONSENT)
