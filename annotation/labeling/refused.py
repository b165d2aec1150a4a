"""A form that was sent in vain: its page comes back with what was typed, and the reason beside it.

Where the world has moved on the form may be gone from its page: then the text stands at the top,
to be copied.
"""

from dataclasses import dataclass

from annotation.core.errors import Conflict, DomainError


@dataclass(frozen=True)
class Refused:
    """`form` names it, `pk` which of several there are."""

    form: str
    error: DomainError
    text: str
    pk: int = 0
    is_here: bool = True  # the page still has this form
    extra: str | dict[str, str] = ""  # another field of it, or several by their names

    @property
    def problem(self) -> str:
        return str(self.error)

    @property
    def status(self) -> int:
        return self.error.status if isinstance(self.error, Conflict) else 422
