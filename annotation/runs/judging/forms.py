"""What a person says of a reward model that judges, and of a run of it."""

from django import forms
from django.utils.translation import gettext_lazy as _

from annotation.core.forms import PlainForm
from annotation.quality.judges.forms import RunForm
from annotation.quality.judges.services import MOST_TIE
from annotation.runs.judging.services import TIE_BELOW
from annotation.runs.models import ModelVersion


class RewardJudgeForm(PlainForm):
    name = forms.CharField(label=_("Name"), max_length=80)
    version = forms.ModelChoiceField(label=_("Reward model"), queryset=None)
    tie_below = forms.FloatField(
        label=_("A tie below a difference of"),
        min_value=0,
        max_value=MOST_TIE,
        initial=TIE_BELOW,
        help_text=_("Of two rewards. By the model itself 0.2 is a chance of 55 %."),
    )

    def __init__(self, *args, project, **kwargs):
        super().__init__(*args, **kwargs)
        rewards = project.model_versions.filter(kind=ModelVersion.Kind.REWARD)
        self.fields["version"].queryset = rewards.order_by("-pk")


class RewardRunForm(RunForm):
    with_learned = forms.BooleanField(
        label=_("Also items that it has learned from"),
        required=False,
        help_text=_("Told apart in what is found: a model agrees with its own training data."),
    )

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["with_unjudged"].help_text = _(
            "Of these it can only be said where it is unsure."
        )
