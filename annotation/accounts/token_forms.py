"""A new API token as a form."""

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from annotation.accounts.models import ApiToken
from annotation.accounts.tokens import DAYS, DEFAULT_DAYS, MAX_NAME, offered_projects

ALL, SOME = "all", "some"


class TokenForm(forms.Form):
    """`cleaned_data` is what `create_token` takes."""

    name = forms.CharField(
        label=_("What is it for"),
        max_length=MAX_NAME,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    scope = forms.ChoiceField(
        label=_("For which projects"),
        choices=[(ALL, _("All that I am in, now and later")), (SOME, _("Only these"))],
        initial=SOME,
        widget=forms.RadioSelect,
    )
    projects = forms.ModelMultipleChoiceField(
        label=_("Projects"), queryset=None, required=False, widget=forms.CheckboxSelectMultiple
    )
    rights = forms.MultipleChoiceField(
        label=_("What it may do"),
        choices=ApiToken.Right.choices,
        initial=[ApiToken.Right.READ],
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": _("Choose what the token may do.")},
    )
    days = forms.TypedChoiceField(label=_("It works for"), coerce=int, initial=DEFAULT_DAYS)

    def __init__(self, data=None, *, user):
        super().__init__(data)
        self.fields["projects"].queryset = offered_projects(user)
        self.fields["days"].choices = [
            (days, ngettext("%(count)d day", "%(count)d days", days) % {"count": days})
            for days in DAYS
        ]

    def clean(self):
        data = self.cleaned_data
        scope = data.pop("scope", None)
        if scope == ALL:
            data["projects"] = None
        elif scope == SOME and not data.get("projects"):
            self.add_error("projects", _("Choose what projects the token is for."))
        return data
