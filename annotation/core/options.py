"""Whitelisted options of a child process: one table for the form, the command and the API."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from django.utils.translation import gettext as _

from annotation.core.errors import DomainError


class BadOption(DomainError):
    """An option or a setting that does not exist, or a value that it does not take. `field` names
    it."""

    def __init__(self, field: str, message: str):
        self.field = field
        super().__init__(message)


@dataclass(frozen=True)
class Option:
    """One entry. `default` None means that the trainer chooses, and reports what it chose."""

    name: str
    type: type
    default: Any
    help: str
    low: float | None = None
    high: float | None = None
    choices: tuple[str, ...] | None = None

    def read(self, value: Any) -> Any:
        """The value in the option's own type, from JSON or from the text of a form or shell."""
        named = {"option": self.name}
        if value is None or (isinstance(value, str) and not value.strip()):
            if self.default in (None, ""):  # nothing is what it is anyway
                return self.default
            raise BadOption(self.name, _("%(option)s needs a value.") % named)
        if isinstance(value, str) and self.type is not str:
            value = self._from_text(value.strip())
        if self.type is float and type(value) is int:
            value = float(value)
        # A boolean is an integer to Python; who wrote `"epochs": true` made a mistake.
        if type(value) is not self.type:
            said = _("%(option)s takes %(what)s, not “%(value)s”.")
            raise BadOption(self.name, said % {**named, "what": self.words, "value": value})
        value = cast(Any, value)  # of `self.type`, which is only known as we run
        if self.type is float and not math.isfinite(value):
            raise BadOption(self.name, _("%(option)s takes a finite number.") % named)
        if self.low is not None and value < self.low:
            said = _("%(option)s must be at least %(low)s.")
            raise BadOption(self.name, said % {**named, "low": f"{self.low:.10g}"})
        if self.high is not None and value > self.high:
            said = _("%(option)s must be at most %(high)s.")
            raise BadOption(self.name, said % {**named, "high": f"{self.high:.10g}"})
        if self.choices is not None and value not in self.choices:
            said = _("%(option)s is one of %(choices)s.")
            raise BadOption(self.name, said % {**named, "choices": ", ".join(self.choices)})
        return value

    def _from_text(self, text: str) -> Any:
        if self.type is bool:
            return {"true": True, "on": True, "1": True, "yes": True, "false": False,
                    "off": False, "0": False, "no": False}.get(text.lower(), text)  # fmt: skip
        try:
            return self.type(text)
        except ValueError:
            return text

    @property
    def words(self) -> str:
        words = {int: _("a whole number"), float: _("a number"), bool: _("true or false")}
        return words.get(self.type, _("text"))

    @property
    def limits(self) -> str:
        """Its limits as a person reads them, or nothing. The numbers are written as they are to
        be typed, in any language."""
        if self.low is not None and self.high is not None:
            ends = {"low": f"{self.low:.10g}", "high": f"{self.high:.10g}"}
            return _("%(low)s to %(high)s") % ends
        return _("at least %(low)s") % {"low": f"{self.low:.10g}"} if self.low is not None else ""


def read_options(table: Sequence[Option], given: Mapping[str, Any], what: str) -> dict[str, Any]:
    """The given options, checked. Those at their defaults are left out: the child knows them."""
    known = {option.name: option for option in table}
    for name in given:
        if name not in known:
            raise BadOption(
                str(name),
                _("There is no option “%(name)s” for %(what)s. There are: %(known)s.")
                % {"name": name, "what": what, "known": ", ".join(sorted(known))},
            )
    values = {name: known[name].read(value) for name, value in given.items()}
    return {name: value for name, value in values.items() if value != known[name].default}
