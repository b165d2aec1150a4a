"""A text with some of its words made unreadable. Pure: text and places in, text out."""

from collections.abc import Iterable

# Always as long, whatever it covers: its length would tell the name.
MASK = "█████"


def masked(text: str, places: Iterable[tuple[int, int]]) -> str:
    """Each place from its first character up to its end; what overlaps is covered once."""
    shown, at = [], 0
    for start, end in sorted(places):
        if start >= at:
            shown += [text[at:start], MASK]
        at = max(at, end)
    return "".join([*shown, text[at:]])
