"""How responses are looked at, and what is decided on those that are chosen."""

import re

from django import forms
from django.utils.translation import gettext_lazy as _

from annotation.candidates.marks.duplicates import HIGHEST, LOWEST
from annotation.candidates.models import ResponseDecision

NUMBER = re.compile(r"[0-9]{1,18}")

CLASSIFIERS = {
    "words": _("Word lists, English and German"),
    "none": _("Nothing"),
}
DECISIONS = [
    (ResponseDecision.Choice.LEFT, _("Leave them as they are")),
    (ResponseDecision.Choice.MASKED, _("Mask what is marked, for labelers")),
    (ResponseDecision.Choice.WITHHELD, _("Keep them out of items")),
    (ResponseDecision.Choice.MERGED, _("Merge repeats into the first")),
]


class LookForm(forms.Form):
    """`threshold` is a share, as the service takes it."""

    threshold = forms.IntegerField(
        label=_("Nearly the same from, in percent"),
        min_value=int(100 * LOWEST),
        max_value=int(100 * HIGHEST),
    )
    classifier = forms.ChoiceField(
        label=_("What looks for harmful content"), choices=list(CLASSIFIERS.items())
    )

    def clean_threshold(self):
        return self.cleaned_data["threshold"] / 100


class DecideForm(forms.Form):
    """Either the ticked ones, or all that the filter lets through."""

    choice = forms.ChoiceField(label=_("What to do"), choices=DECISIONS)
    all = forms.BooleanField(required=False)

    def clean(self):
        data = super().clean()
        ticked = self.data.getlist("response")
        data["ticked"] = [int(one) for one in ticked if NUMBER.fullmatch(one)]
        if not self.errors and not data.get("all") and not data["ticked"]:
            raise forms.ValidationError(_("Tick at least one response."))
        return data
