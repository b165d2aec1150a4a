"""A slice as a form: its name, up to four conditions in rows, the pools it is lent to."""

from django import forms
from django.utils.translation import gettext_lazy as _

from annotation.core.errors import DomainError
from annotation.labeling.slices.conditions import (
    BATCH,
    MOST_CONDITIONS,
    OPERATORS,
    WARNING,
    Condition,
    read_conditions,
)

ROWS = range(1, MOST_CONDITIONS + 1)


class SliceForm(forms.Form):
    """`conditions`, once it is valid, are Conditions; `pools` is a queryset."""

    name = forms.CharField(label=_("Name"), max_length=80)

    def __init__(self, *args, fields, pools, **kwargs):
        super().__init__(*args, **kwargs)
        self.known = fields
        self.conditions: list[Condition] = []
        names = {BATCH: _("Batch"), WARNING: _("Warning")}
        field_choices = [("", "–"), *((name, names.get(name, name)) for name in fields)]
        for row in ROWS:
            self.fields[f"field_{row}"] = forms.ChoiceField(
                label=_("Field"), choices=field_choices, required=False
            )
            self.fields[f"operator_{row}"] = forms.ChoiceField(
                label=_("Is compared"), choices=list(OPERATORS.items()), required=False
            )
            self.fields[f"values_{row}"] = forms.CharField(
                label=_("With"), max_length=1_000, required=False
            )
        self.fields["pools"] = forms.ModelMultipleChoiceField(
            label=_("Lent to"),
            queryset=pools,
            required=False,
            widget=forms.CheckboxSelectMultiple,
        )

    @property
    def rows(self):
        """The fields of each condition, for the template."""
        return [
            [self[f"{name}_{row}"] for name in ("field", "operator", "values")] for row in ROWS
        ]

    def clean(self):
        if self.errors:
            return self.cleaned_data
        data = self.cleaned_data
        said = [
            {
                "field": data[f"field_{row}"],
                "operator": data[f"operator_{row}"],
                "values": data[f"values_{row}"].split(","),
            }
            for row in ROWS
            if data[f"field_{row}"] or data[f"values_{row}"].strip()
        ]
        try:
            self.conditions = read_conditions(said, fields=self.known)
        except DomainError as error:
            raise forms.ValidationError(str(error)) from None
        return data

    @staticmethod
    def initial_of(edited) -> dict:
        initial = {"name": edited.name, "pools": list(edited.pools.values_list("pk", flat=True))}
        for row, condition in zip(ROWS, edited.conditions, strict=False):
            initial[f"field_{row}"] = condition["field"]
            initial[f"operator_{row}"] = condition["operator"]
            initial[f"values_{row}"] = ", ".join(condition["values"])
        return initial
