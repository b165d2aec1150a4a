"""A page drawn once, with places left open for what differs from one time to the next.

It is drawn by the ordinary template, with marks in place of the values; filled, it is letter for
letter what the template would have made of them. Marks are random: no text can hold one.
"""

import re
import secrets
from collections.abc import Mapping
from typing import Any

from django.utils.html import conditional_escape
from django.utils.safestring import SafeString


def text_mark() -> str:
    """32 hexadecimal digits, which no filter and no escaping changes; a UUID, if one is wanted."""
    return secrets.token_hex(16)


def number_mark() -> int:
    """For what must be a number, such as an id in an address: 18 digits."""
    return 10**17 + secrets.randbelow(9 * 10**17)


class Skeleton:
    """`drawn` with a place wherever it shows one of the `marks`, which are given by name."""

    def __init__(self, drawn: str, marks: Mapping[str, object]):
        names = {str(mark): name for name, mark in marks.items()}
        self._pieces = re.split("(" + "|".join(map(re.escape, names)) + ")", drawn)
        self._places = [
            (n, names[piece]) for n, piece in enumerate(self._pieces) if piece in names
        ]

    def filled(self, values: Mapping[str, Any]) -> SafeString:
        """The page with these values, escaped as a template escapes them."""
        escaped = {name: conditional_escape(value) for name, value in values.items()}
        pieces = self._pieces.copy()
        for place, name in self._places:
            pieces[place] = escaped[name]
        return SafeString("".join(pieces))
