"""Text from outside: kept byte for byte, or refused with the position of what is wrong.

PostgreSQL stores neither NUL nor half a surrogate pair, and each layer above it answers them
with a different exception, most of them a 500. They are refused here, once, with a sentence.
Everything else stays as it came: no normalisation, no trimming, no replacement, for what was
judged must be what the model wrote.
"""

import re
import unicodedata

from annotation.core.errors import DomainError

_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")

# Characters that change what a reader sees without being seen: the raw view names them.
_NAMES = {
    "\u00ad": "SHY",
    "\u034f": "CGJ",
    "\u061c": "ALM",
    "\u115f": "HCF",
    "\u1160": "HJF",
    "\u17b4": "KIVAQ",
    "\u17b5": "KIVAA",
    "\u180e": "MVS",
    "\u200b": "ZWSP",
    "\u200c": "ZWNJ",
    "\u200d": "ZWJ",
    "\u200e": "LRM",
    "\u200f": "RLM",
    "\u2028": "LS",
    "\u2029": "PS",
    "\u202a": "LRE",
    "\u202b": "RLE",
    "\u202c": "PDF",
    "\u202d": "LRO",
    "\u202e": "RLO",
    "\u2060": "WJ",
    "\u2061": "FA",
    "\u2062": "IT",
    "\u2063": "IS",
    "\u2064": "IP",
    "\u2066": "LRI",
    "\u2067": "RLI",
    "\u2068": "FSI",
    "\u2069": "PDI",
    "\u3164": "HF",
    "\ufeff": "BOM",
    "\uffa0": "HHF",
}
# C0 without tab, line feed and carriage return; DEL and C1; format characters of the BMP and
# of the tag block; variation selectors.
_INVISIBLE = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f"
    + "".join(_NAMES)
    + "\u206a-\u206f\ufe00-\ufe0f\ufff9-\ufffb\U000e0000-\U000e01ef\ud800-\udfff]"
)


def unstorable_at(text: str) -> int | None:
    """Where the first NUL or lone surrogate stands, counted from 0; None for a clean text."""
    if text.isascii():
        found = text.find("\x00")
        return None if found < 0 else found
    match = _UNSTORABLE.search(text)
    return match.start() if match else None


def clean(text: str, *, field: str | None = None) -> str:
    """`text` itself, or a DomainError that names the field, the character and its position."""
    reason = problem(text)
    if reason is None:
        return text
    raise DomainError(f"{field}: {reason}" if field else f"The text {reason}.")


def problem(text: str) -> str | None:
    """What `clean` would refuse, as half a sentence, positions counted from 1; None if nothing."""
    position = unstorable_at(text)
    if position is None:
        return None
    found = text[position]
    if found == "\x00":
        return f"has a NUL character at position {position + 1}, which cannot be stored"
    return (
        f"has half a surrogate pair (U+{ord(found):04X}) at position {position + 1}, "
        "which is not a character"
    )


def invisible_name(character: str) -> str:
    """A short visible name: the usual abbreviation, else the code point."""
    if character in _NAMES:
        return _NAMES[character]
    if character < "\x20":
        return unicodedata.name(chr(0x2400 + ord(character))).removeprefix("SYMBOL FOR ")
    return f"U+{ord(character):04X}"


def reveal_invisible(text: str) -> str:
    """`text` with a visible ⟨mark⟩ beside each bidi, zero-width or control character.

    For the raw view and for error messages only; nothing stored ever goes through it. The
    character itself is left out, for a bidi override must not act on the page around it.
    """
    return _INVISIBLE.sub(lambda match: f"⟨{invisible_name(match[0])}⟩", text)
