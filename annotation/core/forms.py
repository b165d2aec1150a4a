"""What a form says of a wrong field: sentences of ours in the place of Django's.

A page names the field beside or before each of them, so that they do not.
"""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from annotation.core.numbers import grouped, localised

Sentence = str | Promise

NUMBERS: dict[type[forms.Field], Sentence] = {
    forms.FloatField: gettext_lazy("Write a number."),
    forms.DecimalField: gettext_lazy("Write a number."),
    forms.IntegerField: gettext_lazy("Write a whole number."),
}
NOTHING: Sentence = gettext_lazy("Nothing is said here: fill it in.")
NONE_CHOSEN: Sentence = gettext_lazy("Nothing is chosen here: choose one of these.")
NO_FILE: Sentence = gettext_lazy("No file is chosen here: choose one.")
GONE: Sentence = gettext_lazy("That is not to choose here, or not any more: choose one of these.")
FIXED = {
    "blank": NOTHING,
    "null": NOTHING,
    "invalid_choice": GONE,
    "invalid_pk_value": GONE,
    "invalid_list": GONE,
    "empty": gettext_lazy("This file is empty: choose another."),
    "null_characters_not_allowed": gettext_lazy(
        "It has a NUL character, which cannot be stored: leave that out."
    ),
}


class PlainForm(forms.Form):
    """A form whose wrong fields are told in our words."""

    def add_error(self, field, error):
        if isinstance(error, ValidationError) and field in self.fields:
            known = self.fields[field]
            error = ValidationError([_plain(known, one) for one in error.error_list])
        super().add_error(field, error)

    def not_offered(self, asked: Mapping[str, Any]) -> list[str]:
        """Labels of what a link asked for and nobody can choose here, or not any more."""
        return [
            str(self.fields[name].label)
            for name, value in asked.items()
            if name in self.fields and value != "" and not self._takes(name, value)
        ]

    def _takes(self, name: str, value: Any) -> bool:
        try:
            return self.fields[name].clean(value) is not None
        except ValidationError:
            return False


def _plain(field: forms.Field, error: ValidationError) -> ValidationError:
    """The error in our words; as it is where somebody wrote it for this very field."""
    if _is_own(field, error):
        return error
    said = plain_sentence(error, field)
    return error if said is None else ValidationError(said, code=error.code)


def _is_own(field: forms.Field, error: ValidationError) -> bool:
    usual: dict[str, Any] = {}
    for kind in reversed(type(field).__mro__):
        usual |= getattr(kind, "default_error_messages", {})
    code = error.code or ""
    return field.error_messages.get(code) != usual.get(code)


def plain_sentence(error: ValidationError, field: Any = None) -> str | None:
    """By the code of one of Django's errors; None for a code that says nothing to us."""
    code, params = error.code or "", error.params or {}
    if code == "required":
        return str(_missing(field))
    if code == "max_length":
        said = _("At most %(most)s characters fit, these are %(count)s.")
        limit, count = params["limit_value"], params["show_value"]
        return said % {"most": grouped(limit), "count": grouped(count)}
    if code in ("min_value", "max_value"):
        limit = localised(f"{params['limit_value']:,}")
        least = (
            _("It is %(limit)s or more.") if code == "min_value" else _("It is %(limit)s or less.")
        )
        return least % {"limit": limit}
    if code == "invalid":
        kinds = (kind for kind in NUMBERS if isinstance(field, kind))
        exact = sorted(kinds, key=lambda kind: type(field).__mro__.index(kind))
        return str(NUMBERS[exact[0]]) if exact else None
    return str(FIXED[code]) if code in FIXED else None


def _missing(field: Any) -> Sentence:
    if isinstance(field, forms.FileField):
        return NO_FILE
    return NONE_CHOSEN if hasattr(field, "choices") else NOTHING
