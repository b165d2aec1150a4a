"""What a person says of a judge, and of a run."""

from django import forms
from django.utils.translation import gettext_lazy as _

from annotation.quality.judges.items import MOST_ITEMS
from annotation.quality.judges.models import MOST_PRINCIPLES, MOST_TOKENS
from annotation.quality.judges.principles import LONGEST_PRINCIPLE, lines_of
from annotation.quality.judges.services import LEAST_TOKENS, LONGEST_INSTRUCTIONS


def _principles(help_text) -> forms.CharField:
    """Lines; `lines_of` makes a list of them."""
    return forms.CharField(
        label=_("Principles"),
        required=False,
        max_length=MOST_PRINCIPLES * (LONGEST_PRINCIPLE + 2),
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=help_text,
    )


class JudgeForm(forms.Form):
    name = forms.CharField(label=_("Name"), max_length=80)
    endpoint = forms.ModelChoiceField(label=_("Endpoint"), queryset=None)
    instructions = forms.CharField(
        label=_("Instructions"),
        max_length=LONGEST_INSTRUCTIONS,
        required=False,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_("It reads the guideline and the criteria in force anyway."),
    )
    principles = _principles(
        _("One a line. For each question one of them is drawn and stands in it.")
    )
    max_tokens = forms.IntegerField(
        label=_("Tokens of an answer, at most"),
        min_value=LEAST_TOKENS,
        max_value=MOST_TOKENS,
        initial=1024,
    )
    is_json_demanded = forms.BooleanField(
        label=_("Demand JSON of the server"),
        required=False,
        initial=True,
        help_text=_("Turn it off for servers that reject such a request."),
    )

    def clean_principles(self) -> list[str]:
        return lines_of(self.cleaned_data["principles"])

    def __init__(self, *args, project, **kwargs):
        super().__init__(*args, **kwargs)
        field = self.fields["endpoint"]
        field.queryset = project.endpoints.kept().order_by("name")
        field.label_from_instance = lambda endpoint: f"{endpoint.name} ({endpoint.model})"


class PrinciplesForm(forms.Form):
    principles = _principles(_("One a line, at most 50. An empty list takes them away."))

    def clean_principles(self) -> list[str]:
        return lines_of(self.cleaned_data["principles"])


class RunForm(forms.Form):
    most = forms.IntegerField(
        label=_("Items, at most"), min_value=1, max_value=MOST_ITEMS, initial=200
    )
    with_unjudged = forms.BooleanField(
        label=_("Also items that nobody has judged yet"),
        required=False,
        help_text=_("Of these it can only be said where the judge is unsure."),
    )
