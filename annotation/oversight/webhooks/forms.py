"""What a lead says of a webhook."""

from django import forms
from django.utils.translation import gettext_lazy

from annotation.core.addresses import LONGEST_URL
from annotation.oversight.models import AlertKind


class WantsForm(forms.Form):
    wants = forms.MultipleChoiceField(
        choices=AlertKind,
        widget=forms.CheckboxSelectMultiple,
        label=gettext_lazy("Tell it when"),
        error_messages={"required": gettext_lazy("Choose at least one alert.")},
    )


class WebhookForm(WantsForm):
    # Text, not a field for URLs: what is an address here, core/addresses.py says.
    url = forms.CharField(
        max_length=LONGEST_URL,
        label=gettext_lazy("Address"),
        widget=forms.TextInput(
            attrs={"inputmode": "url", "autocomplete": "off", "spellcheck": "false"}
        ),
        error_messages={"required": gettext_lazy("Write the address of the receiver.")},
    )
    field_order = ("url", "wants")
