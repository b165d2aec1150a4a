"""Headings of the form with controls under them."""

from dataclasses import dataclass

from django import forms
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from annotation.datasets.forms.fields import DROPS

JUDGE_FIELDS = ("whose", "judge", "contradictions")


@dataclass(frozen=True)
class Fold:
    """A heading with controls under it; open from the start where one of them is not as usual."""

    title: str | Promise
    fields: list[forms.BoundField]

    @property
    def is_open(self) -> bool:
        return any(field.errors or _is_changed(field) for field in self.fields)


FOLDS = (
    (_("People or an AI judge"), JUDGE_FIELDS),
    (
        _("Which judgments"),
        (
            "projects",
            "batches",
            "purposes",
            "origins",
            "rubric_versions",
            "without_findings",
            "min_reliability",
            "without_labelers",
        ),
    ),
    (_("How labelers weigh"), ("consensus", "min_weight", "settled", "min_votes")),
    (_("Ties, strength, the floor"), ("ties", "min_strength", "unacceptable")),
    (_("Leave out"), (*DROPS, "drop_corrections")),
    (
        _("How many, and how heavy"),
        ("max_per_prompt", "share_weight", "name_rankings", "balance_length"),
    ),
    (_("Near-equal prompts and salt"), ("near_prompts", "near_from", "salt")),
    (_("To imitate (SFT)"), ("demonstrations",)),
)


def _is_changed(field: forms.BoundField) -> bool:
    """Whether it says something else than the usual, in a form that was sent or proposed."""
    value, usual = field.value(), field.field.initial
    if isinstance(value, list | tuple):
        return sorted(map(str, value)) != sorted(map(str, usual or []))
    if isinstance(field.field, forms.BooleanField):
        return bool(value) != bool(usual)
    if value in (None, "") or usual is None:
        return bool(value)
    return str(value) != str(usual)
