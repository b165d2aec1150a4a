"""What is missing or wrong on the page."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Problem:
    """A sentence, and the element that it is about."""

    text: str
    target: str = ""
