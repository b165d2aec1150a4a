"""The period a lead asks for, and what an hour costs."""

import re
from datetime import timedelta

from django import forms
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from annotation.oversight.costs.hours import DEFAULT_CAP_MINUTES
from annotation.oversight.models import MemberRate

LONGEST_DAYS = 366


def day_field(label):
    widget = forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"})
    return forms.DateField(label=label, widget=widget, input_formats=["%Y-%m-%d"])


class PeriodForm(forms.Form):
    """From a day to a day, both included; without them the month so far."""

    first = day_field(gettext_lazy("From"))
    last = day_field(gettext_lazy("To"))

    @classmethod
    def asked(cls, data) -> "PeriodForm":
        if "first" in data or "last" in data:
            return cls(data)
        today = timezone.localdate()
        return cls({"first": today.replace(day=1).isoformat(), "last": today.isoformat()})

    def clean(self):
        first, last = self.cleaned_data.get("first"), self.cleaned_data.get("last")
        if first and last and first > last:
            raise forms.ValidationError(_("The period ends before it begins."))
        if first and last and last - first >= timedelta(days=LONGEST_DAYS):
            raise forms.ValidationError(
                _("A period has at most %(count)d days.") % {"count": LONGEST_DAYS}
            )
        return self.cleaned_data


def rate_field(label, **options):
    return forms.DecimalField(
        label=label,
        min_value=0,
        max_digits=8,
        decimal_places=2,
        localize=True,
        widget=forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"}),
        **options,
    )


class PayForm(forms.Form):
    currency = forms.CharField(
        label=gettext_lazy("Currency"),
        help_text=gettext_lazy("Three letters, such as EUR or USD."),
        max_length=3,
    )
    hourly_rate = rate_field(gettext_lazy("Rate an hour"))
    cap_minutes = forms.IntegerField(
        label=gettext_lazy("Most minutes that one item counts"),
        help_text=gettext_lazy("What is above is taken for time away from the desk."),
        min_value=1,
        max_value=240,
    )

    def __init__(self, *args, project, pay, **kwargs):
        self.members = list(project.memberships.active().order_by("handle"))
        own = dict(
            MemberRate.objects.filter(membership__in=self.members).values_list(
                "membership_id", "hourly_rate"
            )
        )
        initial = {"cap_minutes": DEFAULT_CAP_MINUTES}
        if pay is not None:
            initial = {name: getattr(pay, name) for name in self.base_fields}
        super().__init__(*args, initial=initial, **kwargs)
        for member in self.members:
            field = rate_field(member.handle, required=False)
            self.fields[f"rate_{member.pk}"] = field
            self.initial[f"rate_{member.pk}"] = own.get(member.pk)

    def clean_currency(self):
        currency = self.cleaned_data["currency"].upper()
        if not re.fullmatch("[A-Z]{3}", currency):
            raise forms.ValidationError(_("A currency has three letters, such as EUR."))
        return currency

    @property
    def member_fields(self):
        return [self[f"rate_{member.pk}"] for member in self.members]

    @property
    def own_rates(self) -> dict:
        return {member.pk: self.cleaned_data[f"rate_{member.pk}"] for member in self.members}
