"""A person's preferences as a form."""

from django import forms
from django.utils.translation import gettext_lazy as _

from annotation.accounts.preferences import (
    DENSITIES,
    FACES,
    KEYS,
    LAYOUTS,
    MAX_BREAK_MINUTES,
    Preferences,
    problem_with_keys,
)
from annotation.core.harms import HARMS
from annotation.core.language import LANGUAGES
from annotation.core.templatetags.concord import THEMES


class PreferencesForm(forms.Form):
    """`preferences` once it is valid; `theme` is kept in a cookie, beside the others."""

    # Each language by its own name: whoever cannot read this page finds theirs.
    language = forms.ChoiceField(
        label=_("Language"),
        required=False,
        choices=[("", _("As the browser says")), *LANGUAGES.items()],
    )
    theme = forms.ChoiceField(
        label=_("Theme"), required=False, choices=[("", _("As the system"))] + list(THEMES.items())
    )
    density = forms.ChoiceField(
        label=_("Density"), required=False, choices=list(DENSITIES.items())
    )
    reading = forms.ChoiceField(
        label=_("Face of what is read"), required=False, choices=list(FACES.items())
    )
    layout = forms.ChoiceField(label=_("Layout of the desk"), choices=list(LAYOUTS.items()))
    advances = forms.BooleanField(
        label=_("A number leads on to the next response"), required=False
    )
    break_minutes = forms.IntegerField(
        label=_("Remind me of a break after so many minutes of work"),
        help_text=_("0: never"),
        min_value=0,
        max_value=MAX_BREAK_MINUTES,
    )
    has_keys = forms.BooleanField(label=_("Keys act on the judging page"), required=False)
    avoids = forms.MultipleChoiceField(
        label=_("Keep away from me"),
        required=False,
        choices=list(HARMS.items()),
        widget=forms.CheckboxSelectMultiple,
    )

    def __init__(self, data=None, *, preferences: Preferences, theme: str = ""):
        initial = {name: getattr(preferences, name) for name in preferences.__dataclass_fields__}
        super().__init__(data, initial=initial | {"theme": theme})
        for name, (label, usual) in KEYS.items():
            self.fields[f"key_{name}"] = forms.CharField(
                label=label,
                max_length=1,
                initial=preferences.keys.get(name, usual),
                widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
            )

    @property
    def key_fields(self):
        return [self[f"key_{name}"] for name in KEYS]

    def clean(self):
        data = self.cleaned_data
        chosen = {
            name: data[f"key_{name}"]
            for name, (_label, usual) in KEYS.items()
            if data.get(f"key_{name}", usual) != usual
        }
        if problem := problem_with_keys(chosen):
            raise forms.ValidationError(problem)
        data["keys"] = chosen
        return data

    @property
    def preferences(self) -> Preferences:
        names = Preferences.__dataclass_fields__
        return Preferences(**{name: self.cleaned_data[name] for name in names})
