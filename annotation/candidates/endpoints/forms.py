"""What a person says of an endpoint."""

from django import forms
from django.utils.translation import gettext_lazy as _

from annotation.candidates.endpoints.services import SETTINGS
from annotation.candidates.models.endpoints import (
    LONGEST_SECONDS,
    MOST_AT_A_TIME,
    SHORTEST_SECONDS,
)
from annotation.core.addresses import LONGEST_URL
from annotation.core.forms import PlainForm

PLAIN = {"autocomplete": "off", "spellcheck": "false"}


class KeyForm(PlainForm):
    """A key goes in and never comes out: the field is never filled."""

    key = forms.CharField(
        label=_("Key"),
        max_length=600,
        required=False,
        # Of the type password, without a value: browsers neither show nor keep it.
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password", "spellcheck": "false"}),
        help_text=_("Sealed when it arrives, and never shown again. Empty where none is asked."),
    )


class EndpointForm(PlainForm):
    name = forms.CharField(
        label=_("Name"), max_length=80, help_text=_("What this project calls it.")
    )
    # Text, not a field for URLs: what is an address here, core/addresses.py says.
    base_url = forms.CharField(
        label=_("Base address"),
        max_length=LONGEST_URL,
        widget=forms.TextInput(attrs={**PLAIN, "inputmode": "url"}),
        help_text=_("Up to and with /v1, such as https://llm.example.com/v1."),
    )
    model = forms.CharField(
        label=_("Model"),
        max_length=200,
        widget=forms.TextInput(attrs=PLAIN),
        help_text=_("As the server calls it."),
    )
    concurrency = forms.IntegerField(
        label=_("Requests at a time"), min_value=1, max_value=MOST_AT_A_TIME, initial=4
    )
    timeout_seconds = forms.FloatField(
        label=_("Time limit of a request, in seconds"),
        min_value=SHORTEST_SECONDS,
        max_value=LONGEST_SECONDS,
        initial=120,
    )
    requests_per_minute = forms.IntegerField(
        label=_("Requests per minute"), min_value=1, max_value=2**31 - 1, required=False
    )
    tokens_per_minute = forms.IntegerField(
        label=_("Tokens per minute"), min_value=1, max_value=2**31 - 1, required=False
    )
    price_in = forms.DecimalField(
        label=_("Price of a million tokens read"),
        min_value=0,
        max_digits=12,
        decimal_places=4,
        required=False,
        localize=True,
    )
    price_out = forms.DecimalField(
        label=_("Price of a million tokens written"),
        min_value=0,
        max_digits=12,
        decimal_places=4,
        required=False,
        localize=True,
    )
    currency = forms.CharField(label=_("Currency"), max_length=3, initial="USD")

    def clean_currency(self):
        return self.cleaned_data["currency"].upper()

    @property
    def settings(self) -> dict:
        return {name: self.cleaned_data[name] for name in SETTINGS}


class NewEndpointForm(KeyForm, EndpointForm):
    field_order = ("name", "base_url", "model", "key")
