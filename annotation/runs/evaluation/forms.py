"""The form that orders an evaluation, and the one that decides it."""

from django import forms
from django.utils.translation import gettext_lazy as _

from annotation.core.forms import PlainForm
from annotation.labeling.models import Item
from annotation.runs.evaluation import services
from annotation.runs.models import Evaluation, ModelVersion


class EvaluationForm(PlainForm):
    kind = forms.ChoiceField(
        choices=Evaluation.Kind.choices, label=_("Who judges"), initial="people"
    )
    new = forms.ModelChoiceField(None, label=_("New"), empty_label=None)
    old = forms.ModelChoiceField(
        None,
        label=_("Old"),
        empty_label=None,
        help_text=_("A model version, or any generator whose responses were imported."),
    )
    judge = forms.ModelChoiceField(
        None,
        label=_("Reward model"),
        required=False,
        help_text=_("Only where a reward model judges."),
    )
    batch = forms.ChoiceField(label=_("Prompts of"), required=False)
    count = forms.IntegerField(
        label=_("Prompts"),
        min_value=1,
        max_value=services.MOST_PROMPTS,
        initial=100,
        help_text=_("Drawn from those that neither was trained on."),
    )
    n = forms.IntegerField(
        label=_("Responses of each side"), min_value=1, max_value=services.MOST_EACH, initial=1
    )
    overlap = forms.IntegerField(
        label=_("Judgments of each pair"), min_value=1, max_value=50, required=False
    )
    temperature = forms.FloatField(
        label=_("Temperature"),
        min_value=0,
        max_value=10,
        initial=services.SAMPLING["temperature"],
    )
    max_new_tokens = forms.IntegerField(
        label=_("Longest response, in tokens"),
        min_value=1,
        max_value=32768,
        initial=services.SAMPLING["max_new_tokens"],
    )
    seed = forms.IntegerField(label=_("Seed"), min_value=0, max_value=2**31 - 1, initial=11)

    def __init__(self, *args, project, **more):
        super().__init__(*args, **more)
        versions = project.model_versions.order_by("-pk")
        self.fields["new"].queryset = versions.filter(kind=ModelVersion.Kind.POLICY)
        self.fields["judge"].queryset = versions.filter(kind=ModelVersion.Kind.REWARD)
        self.fields["old"].queryset = project.generators.order_by("-pk")
        self.fields["old"].initial = self._usual_old()
        self.fields["overlap"].initial = project.overlap
        batches = Item.objects.filter(project=project).exclude(batch="")
        names = batches.order_by("batch").values_list("batch", flat=True).distinct()[:200]
        self.fields["batch"].choices = [
            ("", _("the whole project")),
            *((name, name) for name in names),
        ]

    def _usual_old(self):
        """What the newest policy was made from, else any other: none is compared with itself."""
        newest = self.fields["new"].queryset.select_related("run__base__generator").first()
        if newest is None:
            return None
        if newest.run.base is not None:
            return newest.run.base.generator
        return self.fields["old"].queryset.exclude(pk=newest.generator_id).first()

    def order(self, *, project, actor) -> Evaluation:
        return services.order_evaluation(project=project, actor=actor, **self.cleaned_data)


class DecisionForm(PlainForm):
    decision = forms.ChoiceField(
        choices=Evaluation.Decision.choices, label=_("Decision"), widget=forms.RadioSelect
    )
    reason = forms.CharField(
        label=_("Why"),
        max_length=services.LONGEST_REASON,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("Whoever looks at this in a year wants to know."),
    )
