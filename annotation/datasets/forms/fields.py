"""Controls that the policy has several of, and what may be left out by switches."""

from django import forms
from django.utils.translation import gettext_lazy as _

from annotation.datasets import policy as rules
from annotation.datasets.policy import Policy

# What a heading says is left out or kept, and what ticking the box does.
DROPS = {
    "drop_empty": _("Pairs with an empty response"),
    "drop_equal": _("Pairs of equal texts"),
    "drop_both_unacceptable": _("Pairs that most found both unacceptable"),
    "drop_turns": _("Pairs with a transcript in a response, which speaks for both sides"),
    "drop_repeated": _("Pairs met before: same prompt, same two texts in another item"),
    "drop_personal": _("Texts with personal data: addresses, telephone and account numbers"),
    "drop_surplus": _("Judgments beyond the wanted number"),
}
TICKED = {
    "drop_empty": _("Leave out pairs with an empty response"),
    "drop_equal": _("Leave out pairs of equal texts"),
    "drop_both_unacceptable": _("Leave out pairs that most found both unacceptable"),
    "drop_turns": _(
        "Leave out pairs with a transcript in a response, which speaks for both sides"
    ),
    "drop_repeated": _("Leave out pairs met before: same prompt, same two texts in another item"),
    "drop_personal": _(
        "Leave out texts with personal data: addresses, telephone and account numbers"
    ),
    "drop_surplus": _("Leave out judgments beyond the wanted number"),
}
USUAL = ("drop_empty", "drop_equal", "drop_both_unacceptable")


def radio(name: str, label, help_text="") -> forms.ChoiceField:
    return forms.ChoiceField(
        choices=list(rules.CHOICES[name].items()),
        widget=forms.RadioSelect,
        initial=getattr(Policy(), name),
        required=False,
        label=label,
        help_text=help_text,
    )


def share(label, help_text, low=0, initial=0) -> forms.DecimalField:
    return forms.DecimalField(
        min_value=low,
        max_value=1,
        initial=initial,
        decimal_places=2,
        required=False,
        label=label,
        help_text=help_text,
    )


def percent(label, initial) -> forms.DecimalField:
    return forms.DecimalField(
        min_value=0, max_value=100, initial=initial, label=label, decimal_places=2
    )


def boxes(label, help_text, **options) -> forms.MultipleChoiceField:
    return forms.MultipleChoiceField(
        required=False,
        widget=forms.CheckboxSelectMultiple,
        label=label,
        help_text=help_text,
        **options,
    )
