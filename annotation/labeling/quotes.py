"""Where quoted words stand in a response's raw text. Pure: text in, offsets out.

Who quotes reads the rendered text, where no emphasis sign, link address or line end of the raw
text is seen. So both are compared without them, and each sign kept knows where it came from.
"""

import re
import unicodedata
from html import unescape

from django.utils.translation import gettext as _

from annotation.core.errors import DomainError
from annotation.core.numbers import grouped

MAX_QUOTE = 2_000

# What Markdown hides: the address of a link, the sign before an entry of a list, how an entity is
# spelled; and single signs.
_HIDDEN = re.compile(
    r"""
    (?P<hidden> \]\([^()\s]{0,2000}(?:\s{1,20}"[^"\n]{0,500}")?\)
              | ^[ \t]{0,40}(?:[-+*]|\d{1,9}[.)])(?=[ \t]) )
    | (?P<entity> &(?:\#\w{1,8}|\w{1,32}); )
    | (?s:.)
    """,
    re.VERBOSE | re.MULTILINE,
)
_SIGNS = frozenset("*_~`\\|#<>[]$")


def find_quote(text: str, quote: str) -> tuple[int, int]:
    """Where the quoted words stand: from the first character up to the end, which is not included.
    DomainError where they are not there, or more than once."""
    quote = quote.replace("\r\n", "\n").strip()
    if not quote:
        raise DomainError(_("Quote the words that are wrong."))
    if len(quote) > MAX_QUOTE:
        raise DomainError(_("Quote at most %(count)s characters.") % {"count": grouped(MAX_QUOTE)})
    found = _exact(text, quote) or _loose(text, quote)
    if not found:
        raise DomainError(
            _("“%(quote)s” is not in this response. Copy the words as they stand there.")
            % {"quote": _short(quote)}
        )
    if len(found) > 1:
        raise DomainError(
            _("“%(quote)s” is there %(count)d times: quote more of what is around it.")
            % {"quote": _short(quote), "count": len(found)}
        )
    return found[0]


def _short(quote: str) -> str:
    words = " ".join(quote.split())
    return words if len(words) <= 60 else words[:59] + "…"


def _exact(text: str, quote: str) -> list[tuple[int, int]]:
    return _whole_words(text, [(at, at + len(quote)) for at in _all(text, quote)])


def _loose(text: str, quote: str) -> list[tuple[int, int]]:
    """Without what Markdown hides, without spaces, whatever the case and the way accents are
    spelled."""
    signs, places = _skeleton(text)
    wanted, _places = _skeleton(quote)
    if not wanted:
        return []
    found = [(places[at][0], places[at + len(wanted) - 1][1]) for at in _all(signs, wanted)]
    return _whole_words(text, found)


def _all(text: str, part: str) -> list[int]:
    found = []
    at = text.find(part)
    while at >= 0:
        found.append(at)
        at = text.find(part, at + len(part))
    return found


def _whole_words(text: str, found: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Only those that cut no word in two, where there are any."""

    def is_whole(start: int, end: int) -> bool:
        return not (_is_inside(text, start) or _is_inside(text, end))

    return [place for place in found if is_whole(*place)] or found


def _is_inside(text: str, at: int) -> bool:
    return 0 < at < len(text) and text[at - 1].isalnum() and text[at].isalnum()


def _skeleton(text: str) -> tuple[str, list[tuple[int, int]]]:
    """The signs that a reader sees, and for each where it stands in `text`."""
    signs: list[str] = []
    places: list[tuple[int, int]] = []
    for match in _HIDDEN.finditer(text):
        if match["hidden"]:
            continue
        part = unescape(match[0]) if match["entity"] else match[0]
        for sign in unicodedata.normalize("NFD", part.casefold()):
            if not sign.isspace() and sign not in _SIGNS:
                signs.append(sign)
                places.append(match.span())
    return "".join(signs), places
