"""One radio button."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Choice:
    """One radio button: what it sends, and what it says."""

    value: str
    words: str
    short: str = ""  # where there is no room for words
    is_chosen: bool = False
    face: str = ""  # where there is some room
