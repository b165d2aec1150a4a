"""What a person says of a destination, and of what shall go there."""

from django import forms
from django.utils.translation import gettext_lazy as _

from annotation.candidates.endpoints.forms import PLAIN
from annotation.core.addresses import LONGEST_URL
from annotation.core.forms import PlainForm
from annotation.datasets.models import Destination

ADDRESS = forms.TextInput(attrs={**PLAIN, "inputmode": "url"})


class SecretForm(PlainForm):
    """A secret goes in and never comes out: the field is never filled."""

    secret = forms.CharField(
        label=_("Secret"),
        max_length=600,
        # Of the type password, without a value: browsers neither show nor keep it.
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password", "spellcheck": "false"}),
        help_text=_("Sealed when it arrives, and never shown again."),
    )


class NamedForm(PlainForm):
    name = forms.CharField(
        label=_("Name"), max_length=80, help_text=_("What this project calls it.")
    )


class BucketForm(NamedForm, SecretForm):
    endpoint = forms.CharField(
        label=_("Address of the storage"),
        max_length=LONGEST_URL,
        widget=ADDRESS,
        help_text=_("Without the bucket, such as https://s3.eu-central-1.amazonaws.com."),
    )
    region = forms.CharField(
        label=_("Region"), max_length=40, initial="us-east-1", widget=forms.TextInput(attrs=PLAIN)
    )
    bucket = forms.CharField(label=_("Bucket"), max_length=63, widget=forms.TextInput(attrs=PLAIN))
    prefix = forms.CharField(
        label=_("Folder in it"),
        max_length=200,
        required=False,
        widget=forms.TextInput(attrs=PLAIN),
    )
    access_key = forms.CharField(
        label=_("Access key"), max_length=200, widget=forms.TextInput(attrs=PLAIN)
    )
    field_order = ("name", "endpoint", "region", "bucket", "prefix", "access_key", "secret")


class HubForm(NamedForm, SecretForm):
    repository = forms.CharField(
        label=_("Repository"),
        max_length=200,
        widget=forms.TextInput(attrs=PLAIN),
        help_text=_("Who owns it and its name, such as acme/taste."),
    )
    endpoint = forms.CharField(
        label=_("Address of the Hub"),
        max_length=LONGEST_URL,
        initial="https://huggingface.co",
        widget=ADDRESS,
    )
    field_order = ("name", "repository", "endpoint", "secret")


FORMS: dict[str, type[NamedForm]] = {
    Destination.Kind.S3: BucketForm,
    Destination.Kind.HUB: HubForm,
}
