"""The lead's forms."""

from django import forms
from django.utils.translation import gettext_lazy as _

from annotation.labeling.ladder.configuring import FIELDS, MOST_HOURS, MOST_ITEMS
from annotation.projects.models import LadderSettings


class RulesForm(forms.ModelForm):
    """What new labelers have to do."""

    retakes = forms.IntegerField(
        min_value=0, max_value=20, label=_("How often the test may be taken again")
    )
    retake_wait_hours = forms.IntegerField(
        min_value=0,
        max_value=MOST_HOURS,
        label=_("Hours to wait between two attempts"),
    )
    probation_items = forms.IntegerField(
        min_value=0,
        max_value=MOST_ITEMS,
        label=_("Items judged on probation"),
        help_text=_("0: no probation."),
    )
    probation_percent = forms.IntegerField(
        min_value=0,
        max_value=100,
        label=_("Gold met that leads to full work, in %"),
        help_text=_("How much gold comes on probation is set under Review, Gold."),
    )

    class Meta:
        model = LadderSettings
        fields = FIELDS
        widgets = {"first_stage": forms.RadioSelect}
        labels = {
            "first_stage": _("New labelers begin"),
            "shows_test_items": _("After the test labelers see which items were wrong"),
            "promotes": _("Who has met the mark is full without a lead's decision"),
        }
        help_texts = {
            "first_stage": _("Who is in the project already stays where they are."),
            "promotes": _("Who has not met it always waits for a lead. Nobody is suspended so."),
        }
