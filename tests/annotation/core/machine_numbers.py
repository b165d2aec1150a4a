"""Numbers that a machine reads must not be written as a language writes them: 0,5 is no number."""

import re
from html.parser import HTMLParser

# What people hear or read, in which a German comma belongs.
SPOKEN = {"aria-label", "aria-valuetext", "title", "alt", "placeholder", "content"}
_COMMA = re.compile(r"(?<![\d,])-?\d+,\d+(?![\d,])")


class _Reader(HTMLParser):
    def __init__(self):
        super().__init__()
        self.found: list[str] = []
        self.drawn = 0

    def handle_starttag(self, tag, attributes):
        self.drawn += tag in ("path", "rect", "circle", "text")
        for name, value in attributes:
            # A number in a field of text is read by people, and by a form that knows their comma.
            is_text = tag == "button" or dict(attributes).get("type") == "text"
            is_words = name in SPOKEN or (name == "value" and is_text)
            if not is_words and _COMMA.search(value or ""):
                self.found.append(f"<{tag} {name}={value!r}>")


def comma_numbers(html: str) -> list[str]:
    reader = _Reader()
    reader.feed(html)
    return reader.found


def drawn_shapes(html: str) -> int:
    reader = _Reader()
    reader.feed(html)
    return reader.drawn
