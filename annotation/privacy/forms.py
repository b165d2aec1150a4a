"""The last question before somebody is erased."""

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy


class NamedForm(forms.Form):
    """Somebody's name, typed by whoever does what cannot be undone."""

    name = forms.CharField(
        label=gettext_lazy("Type the user name, to be sure"),
        max_length=150,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )

    def __init__(self, data=None, *, person, **options):
        super().__init__(data, **options)
        self.person = person

    def clean_name(self):
        if self.cleaned_data["name"] != self.person.username:
            raise forms.ValidationError(_("This is not the user name of this person."))
        return self.cleaned_data["name"]


class TextsForm(NamedForm):
    """Of somebody who is erased: the texts that stayed go, too."""


class ErasureForm(NamedForm):
    removes_texts = forms.BooleanField(
        label=gettext_lazy(
            "Also remove free texts: rationales, notes at marked errors, and responses they wrote"
        ),
        required=False,
    )

    def __init__(self, data=None, *, person, wishes_texts_removed=False):
        super().__init__(data, person=person, initial={"removes_texts": wishes_texts_removed})
