"""The form that orders harness tasks."""

from django import forms
from django.utils.translation import gettext_lazy as _

from annotation.core.forms import PlainForm
from annotation.runs.harness import services
from annotation.runs.harness.catalogue import Catalogue
from annotation.runs.harness.options import LM_EVAL, TITLES
from annotation.runs.models import HarnessEvaluation, ModelVersion

OPTIONS = {option.name: option for option in LM_EVAL}


def _whole(name):
    """The field of an option that is a whole number, with the option's limits."""
    option = OPTIONS[name]
    return forms.IntegerField(
        label=TITLES[name],
        min_value=option.low,
        max_value=option.high,
        initial=option.default,
        required=option.default is not None,
        help_text=option.help,
    )


class HarnessForm(PlainForm):
    tasks = forms.MultipleChoiceField(
        label=TITLES["tasks"],
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": _("Choose at least one task.")},
    )
    limit = _whole("limit")
    few_shot = _whole("few_shot")
    chat = forms.BooleanField(label=TITLES["chat"], required=False, initial=True)
    batch_size = _whole("batch_size")
    max_length = _whole("max_length")
    seed = forms.IntegerField(label=TITLES["seed"], min_value=0, max_value=2**31 - 1, initial=11)

    def __init__(self, *args, there: Catalogue, **more):
        super().__init__(*args, **more)
        for name in OPTIONS.keys() & self.fields.keys():
            self.fields[name].option = OPTIONS[name]  # its name to type stands beside it
        self.fields["tasks"].choices = [(task.name, task.name) for task in there.tasks]
        if len(there.tasks) == 1:
            self.fields["tasks"].initial = there.names

    def order(self, *, version: ModelVersion, actor) -> HarnessEvaluation:
        given = dict(self.cleaned_data)
        names, seed = given.pop("tasks"), given.pop("seed")
        return services.order(version=version, names=names, options=given, seed=seed, actor=actor)
