"""The form that orders candidates: who is asked, which prompts, and sets of parameters."""

from django import forms
from django.utils.translation import gettext_lazy as _

from annotation.candidates.generation.options import (
    LONGEST_SYSTEM,
    LONGEST_TEMPLATE,
    MAX_TOKENS,
    MOST_SETS,
    NAMES,
    N,
)
from annotation.candidates.generation.ordering import Order, own_models
from annotation.candidates.generation.prompts import Which
from annotation.core.forms import PlainForm

PREFIX = "set"
LONG = {"rows": 2, "dir": "auto"}


class OrderForm(PlainForm):
    endpoints = forms.ModelMultipleChoiceField(
        None, label=_("Endpoints"), widget=forms.CheckboxSelectMultiple, required=False
    )
    models = forms.ModelMultipleChoiceField(
        None, label=_("Model versions"), widget=forms.CheckboxSelectMultiple, required=False
    )
    which = forms.ChoiceField(choices=Which, label=_("Which prompts"))
    most = forms.IntegerField(
        label=_("At most"),
        min_value=1,
        required=False,
        help_text=_("The newest of them. Empty: all."),
    )
    # Of the page that it was sent from: a double click orders once.
    key = forms.UUIDField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args, project, **more):
        super().__init__(*args, **more)
        self.project = project
        self.fields["endpoints"].queryset = project.endpoints.kept().order_by("name")
        self.fields["endpoints"].label_from_instance = lambda one: f"{one.name} ({one.model})"
        self.fields["models"].queryset = own_models(project)
        self.fields["models"].label_from_instance = lambda one: one.name

    def order(self, sets: "ParameterSets") -> Order:
        said = self.cleaned_data
        return Order(
            project=self.project,
            endpoints=list(said["endpoints"]),
            models=list(said["models"]),
            sets=sets.params,
            which=said["which"],
            most=said["most"],
            key=said["key"],
        )


class ParametersForm(PlainForm):
    """One set, by the names of generation/options.py."""

    n = forms.IntegerField(label=_("Responses per prompt"), min_value=1, max_value=64, initial=N)
    max_tokens = forms.IntegerField(
        label=_("Longest response, in tokens"), min_value=1, max_value=1_000_000,
        initial=MAX_TOKENS,
    )  # fmt: skip
    temperature = forms.FloatField(
        label=_("Temperature"), min_value=0, max_value=10, required=False, localize=True
    )
    top_p = forms.FloatField(
        label=_("Top p"), min_value=1e-6, max_value=1, required=False, localize=True
    )
    seed = forms.IntegerField(label=_("Seed"), min_value=0, max_value=2**31 - 1, required=False)
    system = forms.CharField(
        label=_("System message"),
        max_length=LONGEST_SYSTEM,
        required=False,
        widget=forms.Textarea(attrs=LONG),
        help_text=_("Put before each prompt."),
    )
    template = forms.CharField(
        label=_("Template"),
        max_length=LONGEST_TEMPLATE,
        required=False,
        strip=False,
        widget=forms.Textarea(attrs=LONG),
        help_text=_("Put around each prompt's text, which replaces {prompt} in it."),
    )

    @property
    def params(self) -> dict:
        said = self.cleaned_data
        return {name: said[name] for name in NAMES if said[name] not in (None, "")}


class ParameterSets(
    forms.formset_factory(
        ParametersForm, extra=0, min_num=1, max_num=MOST_SETS, absolute_max=MOST_SETS,
        validate_max=True,
    )
):  # fmt: skip
    """One or more of them. Without a word of the browser's there is one, at its defaults."""

    def __init__(self, *args, **more):
        super().__init__(*args, prefix=PREFIX, **more)

    def get_form_kwargs(self, index):
        # A second set that is as its fields begin is a set as well.
        return {"empty_permitted": False, "use_required_attribute": True}

    def clean(self):
        # Not `validate_min`: that does not count a set that is as its fields begin.
        if not self.forms:
            raise forms.ValidationError(_("Say at least one set of parameters."))

    @property
    def params(self) -> list[dict]:
        return [form.params for form in self.forms]

    @property
    def may_grow(self) -> bool:
        return self.total_form_count() < MOST_SETS

    @classmethod
    def changed(cls, posted, do: str) -> "ParameterSets":
        """As posted, with one more like the last, or without one: `add_set`, `drop_set:2`."""
        rows = _rows(posted)
        if do == "add_set" and len(rows) < MOST_SETS:
            rows.append(dict(rows[-1]) if rows else {})
        elif do.startswith("drop_set:") and len(rows) > 1:
            number = do.partition(":")[2]
            rows = [row for at, row in enumerate(rows, start=1) if str(at) != number]
        return cls(initial=rows)


def _rows(posted) -> list[dict]:
    """What was written into each set, unchecked."""
    said = posted.get(f"{PREFIX}-TOTAL_FORMS", "")
    count = min(int(said), MOST_SETS) if said.isascii() and said.isdigit() else 0
    return [
        {name: posted.get(f"{PREFIX}-{at}-{name}", "") for name in NAMES} for at in range(count)
    ]
