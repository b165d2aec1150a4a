"""The form that orders candidates."""

from django import forms
from django.utils.translation import gettext_lazy as _

from annotation.candidates.generation.options import LONGEST_SYSTEM, MAX_TOKENS, N
from annotation.candidates.generation.ordering import Order, own_models
from annotation.candidates.generation.prompts import Which

OPTIONS = ("n", "max_tokens", "temperature", "top_p", "seed", "system")


class OrderForm(forms.Form):
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
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("Put before each prompt, for endpoints."),
    )

    def __init__(self, *args, project, **more):
        super().__init__(*args, **more)
        self.project = project
        self.fields["endpoints"].queryset = project.endpoints.kept().order_by("name")
        self.fields["endpoints"].label_from_instance = lambda one: f"{one.name} ({one.model})"
        self.fields["models"].queryset = own_models(project)
        self.fields["models"].label_from_instance = lambda one: one.name

    @property
    def order(self) -> Order:
        said = self.cleaned_data
        return Order(
            project=self.project,
            endpoints=list(said["endpoints"]),
            models=list(said["models"]),
            params={name: said[name] for name in OPTIONS if said[name] not in (None, "")},
            which=said["which"],
            most=said["most"],
        )
