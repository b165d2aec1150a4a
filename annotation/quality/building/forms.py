"""An order to build items, as a form: what it says becomes a Policy."""

import secrets

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from annotation.candidates.models import ResponseMark
from annotation.core.errors import DomainError
from annotation.core.forms import PlainForm
from annotation.labeling.building.policy import DROPPABLE, Policy
from annotation.quality.building.wording import RULES

DROPS = [(kind, label) for kind, label in ResponseMark.Kind.choices if kind in DROPPABLE]
MERGES = {
    "same": _("The same text only"),
    "equal": _("Also where only spacing, case or punctuation differ"),
    "near": _("Also what is nearly the same, by the threshold of the marks"),
}


class BuildForm(PlainForm):
    """`policy`, once it is valid."""

    batch = forms.CharField(label=_("Name of the batch"), max_length=60)
    k = forms.IntegerField(label=_("Responses in an item"), min_value=2, max_value=9)
    takes_fewer = forms.BooleanField(label=_("Fewer, where a prompt has fewer"), required=False)
    rule = forms.ChoiceField(label=_("Which of them meet"), choices=list(RULES.items()))
    generators = forms.MultipleChoiceField(
        label=_("Whose responses"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("None ticked: everybody's."),
    )
    new = forms.MultipleChoiceField(
        label=_("Which generators are new"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("For new against old: the others are old."),
    )
    drop = forms.MultipleChoiceField(
        label=_("Leave out what is marked"),
        choices=DROPS,
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    merge = forms.ChoiceField(label=_("What counts as one response"), choices=MERGES.items())
    only_fresh = forms.BooleanField(label=_("Only prompts that have no item yet"), required=False)
    most = forms.IntegerField(label=_("At most so many items"), min_value=1, required=False)
    overlap = forms.IntegerField(label=_("Labelers for each item"), min_value=1, max_value=50)
    priority = forms.IntegerField(label=_("Priority"), min_value=-32768, max_value=32767)
    seed = forms.IntegerField(
        label=_("Seed"),
        min_value=0,
        max_value=2**31 - 1,
        help_text=_("The same seed over the same responses builds the same items."),
    )

    def __init__(self, *args, project, **kwargs):
        super().__init__(*args, **kwargs)
        self.policy: Policy | None = None
        choices = [(str(one.pk), str(one)) for one in project.generators.order_by("name", "pk")]
        self.fields["generators"].choices = self.fields["new"].choices = choices

    def clean(self):
        if self.errors:
            return self.cleaned_data
        data = dict(self.cleaned_data)
        for name in ("generators", "new"):
            data[name] = tuple(int(pk) for pk in data[name])
        data["drop"] = tuple(data["drop"])
        try:
            self.policy = Policy(**data)
        except DomainError as error:
            raise forms.ValidationError(str(error)) from None
        return self.cleaned_data

    @staticmethod
    def first_values(project) -> dict:
        return {
            "batch": f"built-{timezone.now():%Y-%m-%d-%H%M}",
            "k": 2,
            "takes_fewer": True,
            "rule": "balanced",
            "drop": ["empty", "truncated"],
            "merge": "equal",
            "only_fresh": True,
            "overlap": project.overlap,
            "priority": 0,
            "seed": secrets.randbelow(2**31),
        }
