"""What of the audit trail is wanted."""

from django import forms
from django.utils.translation import gettext_lazy as _

from annotation.accounts.models import User
from annotation.projects.models import Membership
from annotation.projects.trail.kinds import KINDS, grouped_choices


class TrailForm(forms.Form):
    person = forms.CharField(label=_("Who"), required=False, max_length=254)
    kind = forms.ChoiceField(label=_("What"), required=False)
    since = forms.DateField(
        label=_("From"), required=False, widget=forms.DateInput(attrs={"type": "date"})
    )
    until = forms.DateField(
        label=_("Until"), required=False, widget=forms.DateInput(attrs={"type": "date"})
    )
    target = forms.CharField(
        label=_("About"),
        required=False,
        max_length=100,
        strip=True,
        widget=forms.TextInput(attrs={"placeholder": "item:12", "autocomplete": "off"}),
    )

    def __init__(self, data, *, project):
        super().__init__(data)
        if project is not None:
            members = Membership.objects.filter(project=project).order_by("handle")
            listed = members.values_list("user_id", "handle")
            self.fields["person"] = forms.ChoiceField(
                label=_("Who"), required=False, choices=[("", _("Everybody")), *listed]
            )
        self.project = project
        self.fields["kind"].choices = [("", _("Everything")), *grouped_choices(KINDS)]

    def clean_person(self):
        """An id. Of the site there is no list to choose from: a name is typed."""
        name = self.cleaned_data["person"]
        if self.project is not None or not name:
            return name
        user = User.called(name)
        if user is None:
            raise forms.ValidationError(_("Nobody has this name."))
        return user.pk

    def clean(self):
        cleaned = super().clean()
        since, until = cleaned.get("since"), cleaned.get("until")
        if since and until and until < since:
            self.add_error("until", _("This day is before the first one."))
        return cleaned
