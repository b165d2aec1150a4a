"""How responses are looked at, and what is decided on those that are chosen."""

import re

from django import forms
from django.utils.translation import gettext_lazy as _

from annotation.candidates.marks.duplicates import HIGHEST, LOWEST
from annotation.candidates.models import ResponseDecision

NUMBER = re.compile(r"[0-9]{1,18}")

CLASSIFIERS = {
    "words": _("Word lists, English and German"),
    "endpoint": _("An endpoint"),
    "none": _("Nothing"),
}
PROTOCOLS = {
    "guard": _("A guard model, such as Llama Guard"),
    "chat": _("Any chat model, by an instruction"),
    "moderations": _("A moderation service (/moderations)"),
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
    endpoint = forms.ModelChoiceField(
        None, label=_("Which endpoint"), required=False, empty_label=_("None")
    )
    protocol = forms.ChoiceField(
        label=_("Kind of classifier"), choices=list(PROTOCOLS.items()), required=False
    )
    is_automatic = forms.BooleanField(
        label=_("Look at what comes in after each import and generation run"), required=False
    )

    def __init__(self, *args, project, **more):
        super().__init__(*args, **more)
        self.fields["endpoint"].queryset = project.endpoints.kept().order_by("name")
        self.fields["endpoint"].label_from_instance = lambda one: f"{one.name} ({one.model})"

    def clean_protocol(self):
        return self.cleaned_data["protocol"] or None

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
