"""What people call things: one line that a reader can tell from any other.

A name stands in lists, sentences, addresses and the names of files, so what nobody sees has no
place in it. Texts of prompts and responses are another matter: those are kept as they came.
"""

import re
from collections.abc import Callable
from typing import Any

from django.utils.translation import gettext as _

from annotation.core.errors import DomainError
from annotation.core.numbers import grouped
from annotation.core.text import invisible_name, reveal_invisible

# Seen by nobody, and yet part of how some scripts and emoji are written.
_JOINERS = "\u061c\u200c\u200d\u200e\u200f\ufe00-\ufe0f\U000e0100-\U000e01ef"
_JOINER = re.compile(f"[{_JOINERS}]")
_LINE = re.compile("[\t\n\r]")


def checked_name(
    name: str,
    *,
    label: Any,
    longest: int,
    may_be_a_path: bool = False,
    raises: Callable[[str], DomainError] = DomainError,
) -> str:
    """The name without the spaces around it, empty where there is nothing else; or a sentence
    that begins with what the field is called."""
    name = name.strip(" ")
    if reason := _fault(name, longest, may_be_a_path):
        raise raises(f"{label}: {reason}")
    return name.strip()


def unseen_at(name: str) -> int | None:
    """Where the first character stands that no name may have, from 0; None where all may stay."""
    for place, character in enumerate(name):
        if _JOINER.match(character):
            continue
        if _LINE.match(character) or reveal_invisible(character) != character:
            return place
    return None


def _fault(name: str, longest: int, may_be_a_path: bool) -> str:
    place = unseen_at(name)
    if place is not None:
        said = _("character %(place)s is one that nobody sees (%(name)s). Type it without that.")
        return said % {"place": grouped(place + 1), "name": invisible_name(name[place])}
    if name.strip() and not _JOINER.sub("", name).strip():
        return _("nothing of it can be seen. Type a name that can be read.")
    if len(name) > longest:
        said = _("at most %(most)s characters fit, these are %(count)s.")
        return said % {"most": grouped(longest), "count": grouped(len(name))}
    if not may_be_a_path and (name.startswith("/") or name.endswith("/")):
        return _("it begins or ends with a slash. Leave that out.")
    return ""
