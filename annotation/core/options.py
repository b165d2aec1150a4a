"""Whitelisted options of a child process: one table for the form, the command and the API."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from annotation.core.errors import DomainError


class BadOption(DomainError):
    """An option that does not exist, or a value that it does not take. `field` names it."""

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
        if value is None or (isinstance(value, str) and not value.strip()):
            if self.default is None:
                return None
            raise BadOption(self.name, f"{self.name} needs a value.")
        if isinstance(value, str) and self.type is not str:
            value = self._from_text(value.strip())
        if self.type is float and type(value) is int:
            value = float(value)
        # A boolean is an integer to Python; who wrote `"epochs": true` made a mistake.
        if type(value) is not self.type:
            raise BadOption(self.name, f"{self.name} takes {self.words}, not “{value}”.")
        value = cast(Any, value)  # of `self.type`, which is only known as we run
        if self.type is float and not math.isfinite(value):
            raise BadOption(self.name, f"{self.name} takes a finite number.")
        if self.low is not None and value < self.low:
            raise BadOption(self.name, f"{self.name} must be at least {self.low:g}.")
        if self.high is not None and value > self.high:
            raise BadOption(self.name, f"{self.name} must be at most {self.high:g}.")
        if self.choices is not None and value not in self.choices:
            raise BadOption(self.name, f"{self.name} is one of {', '.join(self.choices)}.")
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
        return {int: "a whole number", float: "a number", bool: "true or false"}.get(
            self.type, "text"
        )

    @property
    def limits(self) -> str:
        """Its limits as a person reads them, or nothing."""
        if self.low is not None and self.high is not None:
            return f"{self.low:g} to {self.high:g}"
        return f"at least {self.low:g}" if self.low is not None else ""


def read_options(table: Sequence[Option], given: Mapping[str, Any], what: str) -> dict[str, Any]:
    """The given options, checked. Those at their defaults are left out: the child knows them."""
    known = {option.name: option for option in table}
    for name in given:
        if name not in known:
            raise BadOption(
                str(name),
                f"There is no option “{name}” for {what}. There are: {', '.join(sorted(known))}.",
            )
    values = {name: known[name].read(value) for name, value in given.items()}
    return {name: value for name, value in values.items() if value != known[name].default}
