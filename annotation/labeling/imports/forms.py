"""What the import page takes."""

from django import forms
from django.utils.translation import gettext_lazy as _

from annotation.core.errors import DomainError
from annotation.core.forms import PlainForm
from annotation.core.text import clean
from annotation.prompts.models import Import

MAX_PASTED = 1_000_000


class ImportForm(PlainForm):
    kind = forms.ChoiceField(
        label=_("What is in it"), choices=Import.Kind.choices, widget=forms.RadioSelect
    )
    file = forms.FileField(label=_("JSON Lines file"), required=False, allow_empty_file=True)
    text = forms.CharField(
        label=_("Or paste lines"),
        required=False,
        strip=False,
        max_length=MAX_PASTED,
        widget=forms.Textarea(attrs={"rows": 6, "spellcheck": "false"}),
    )
    coerce_text = forms.BooleanField(
        label=_("Turn numbers and booleans in the place of a text into text"), required=False
    )
    without_judgments = forms.BooleanField(
        label=_("Leave out what chosen/rejected rows prefer"), required=False
    )
    create = forms.BooleanField(
        label=_("Make the labelers that are not in the project yet"), required=False
    )

    def clean_text(self):
        try:
            return clean(self.cleaned_data["text"])
        except DomainError as error:
            raise forms.ValidationError(str(error)) from None

    def clean(self):
        if self.errors:
            return self.cleaned_data
        has_file, has_text = self.cleaned_data.get("file") is not None, self.cleaned_data["text"]
        if bool(has_file) == bool(has_text):
            raise forms.ValidationError(
                _("Choose a file or paste lines, not both.")
                if has_file
                else _("Choose a file, or paste lines.")
            )
        return self.cleaned_data

    @property
    def options(self) -> dict[str, bool]:
        """The options that belong to the chosen kind."""
        data = self.cleaned_data
        if data["kind"] == Import.Kind.ITEMS:
            return {
                "coerce_text": data["coerce_text"],
                "keep_preferences": not data["without_judgments"],
            }
        return {"create": data["create"]}
