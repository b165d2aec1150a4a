"""Which alerts a lead wants, and under how much: a row for each kind."""

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from annotation.oversight.alerts.recipients import Candidate, candidates
from annotation.oversight.alerts.rules import RULES
from annotation.oversight.models import Alert, AlertKind
from annotation.projects.models import Membership

LIMITS = {
    AlertKind.AGREEMENT: gettext_lazy("Under so many per cent"),
    AlertKind.ALPHA: gettext_lazy("Under"),
    AlertKind.GOLD: gettext_lazy("Under so many per cent"),
    AlertKind.QUEUE: gettext_lazy("Fewer than so many items left"),
    AlertKind.IDLE: gettext_lazy("No judgment for so many hours"),
    AlertKind.STALE: gettext_lazy("Surely fallen by so many percentage points"),
}


def _said_of(candidate: Candidate) -> str:
    role = Membership.Role(candidate.role).label if candidate.role else _("Site admin")
    return _("%(name)s, %(role)s") % {"name": candidate.name, "role": role}


class AlertsForm(forms.Form):
    def __init__(self, *args, project, **kwargs):
        super().__init__(*args, **kwargs)
        alerts = Alert.objects.filter(project=project).prefetch_related("mail_to")
        self.alerts = {alert.kind: alert for alert in alerts}
        self.candidates = candidates(project)
        for kind, rule in RULES.items():
            alert = self.alerts.get(kind)
            number = forms.IntegerField if rule.is_whole else forms.FloatField
            threshold = alert.threshold if alert else rule.usual
            self.fields[f"{kind}_on"] = forms.BooleanField(
                required=False, label=kind.label, initial=bool(alert and alert.is_on)
            )
            self.fields[f"{kind}_limit"] = number(
                required=False,
                label=LIMITS[kind],
                min_value=rule.least,
                max_value=rule.most,
                localize=True,
                initial=int(threshold) if rule.is_whole else threshold,
                widget=forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"}),
            )
            self.fields[f"{kind}_mail"] = forms.BooleanField(
                required=False,
                label=gettext_lazy("By mail"),
                initial=alert.by_mail if alert else True,
            )
            self.fields[f"{kind}_to"] = forms.TypedMultipleChoiceField(
                required=False,
                coerce=int,
                label=gettext_lazy("Who gets it"),
                choices=[(one.user.pk, _said_of(one)) for one in self.candidates],
                initial=[user.pk for user in alert.mail_to.all()] if alert else [],
                widget=forms.CheckboxSelectMultiple,
            )

    def clean(self):
        for kind in RULES:
            limit = f"{kind}_limit"
            is_on, has_limit = self.cleaned_data.get(f"{kind}_on"), limit in self.cleaned_data
            if is_on and has_limit and self.cleaned_data[limit] is None:
                self.add_error(limit, _("Say at how much it goes off."))
        return self.cleaned_data

    @property
    def rows(self):
        return [
            {
                "on": self[f"{kind}_on"],
                "limit": self[f"{kind}_limit"],
                "mail": self[f"{kind}_mail"],
                "to": self[f"{kind}_to"],
                "chosen": len(self[f"{kind}_to"].value() or []),
                "alert": self.alerts.get(kind),
            }
            for kind in RULES
        ]

    @property
    def wanted(self) -> dict[str, dict]:
        said = self.cleaned_data
        return {
            kind.value: {
                "threshold": float(said[f"{kind}_limit"]),
                "by_mail": said[f"{kind}_mail"],
                "mail_to": said[f"{kind}_to"],
            }
            for kind in RULES
            if said[f"{kind}_on"]
        }
