"""What the pages of pools take."""

from django import forms
from django.utils.translation import gettext_lazy as _

from annotation.projects.models import Pool
from annotation.projects.pools.services import MAX_DESCRIPTION, MAX_NAME


class PoolForm(forms.Form):
    name = forms.CharField(label=_("Name"), max_length=MAX_NAME)
    kind = forms.ChoiceField(label=_("What they have in common"), choices=Pool.Kind.choices)
    description = forms.CharField(
        label=_("Description"),
        required=False,
        max_length=MAX_DESCRIPTION,
        widget=forms.Textarea(attrs={"rows": 2}),
    )
