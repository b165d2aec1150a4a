"""What belongs to a round."""

from django import forms
from django.utils.translation import gettext_lazy as _

from annotation.core.forms import PlainForm
from annotation.datasets.access import datasets_in
from annotation.labeling.batches import batch_label
from annotation.labeling.models import Item
from annotation.runs.models import ModelVersion


class KeyForm(forms.Form):
    """What makes a double click one round; a page that sent none is a round of its own."""

    key = forms.UUIDField(required=False)

    @classmethod
    def key_in(cls, data):
        form = cls(data)
        form.is_valid()
        return form.cleaned_data.get("key")


class RoundForm(PlainForm):
    batches = forms.MultipleChoiceField(
        label=_("Batches of items"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    base = forms.ModelChoiceField(None, label=_("Starts from"), required=False)
    dataset = forms.ModelChoiceField(None, label=_("Dataset"), required=False)

    def __init__(self, *args, project, user, **more):
        super().__init__(*args, **more)
        batches = Item.objects.filter(project=project).exclude(batch="")
        names = batches.order_by("batch").values_list("batch", flat=True).distinct()[:200]
        self.fields["batches"].choices = [(name, batch_label(name)) for name in names]
        self.fields["base"].queryset = project.model_versions.filter(
            kind=ModelVersion.Kind.POLICY
        ).order_by("-pk")
        self.fields["dataset"].queryset = datasets_in(project, user).order_by("-pk")
