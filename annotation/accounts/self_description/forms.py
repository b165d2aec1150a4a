"""The questions, none of which must be answered."""

from django import forms
from django.utils.translation import gettext_lazy as _

from annotation.accounts.self_description.answers import CONSENT, CONSENT_VERSION, FIELDS

MANY = 20


class SelfDescriptionForm(forms.Form):
    consents = forms.BooleanField(
        label=CONSENT[CONSENT_VERSION],
        error_messages={"required": _("Without your consent nothing is kept.")},
    )

    def __init__(self, data=None, *, answers):
        super().__init__(data)
        for name, (label, choices) in FIELDS.items():
            listed = list(choices.items())
            if len(listed) > MANY:  # nobody finds anything among so many but by its name
                listed.sort(key=lambda one: str(one[1]))
            self.fields[name] = forms.ChoiceField(
                label=label,
                required=False,
                choices=[("", _("No answer")), *listed],
                initial=answers.get(name, ""),
            )

    @property
    def questions(self):
        return [self[name] for name in FIELDS]

    def clean(self):
        cleaned = super().clean()
        if not self.errors and not any(cleaned.get(name) for name in FIELDS):
            raise forms.ValidationError(_("Answer at least one question, or delete what is kept."))
        return cleaned
