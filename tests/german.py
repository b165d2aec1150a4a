"""A page in German: numbers for people have a comma, numbers for machines never."""

import re
from html.parser import HTMLParser

from django.utils import translation

COMMA = re.compile(r"\d,\d")
# What a browser or a script reads as a number; `data-` attributes and all of an SVG besides.
FOR_MACHINES = {"value", "max", "min", "step", "width", "height", "style", "href", "action", "id"}
FOR_PEOPLE = {"aria-label", "title", "class"}
# Their value is shown as it is written, and read again by the form in the person's language.
TYPED_BY_PEOPLE = {"text", "search"}


def get_in_german(client, url, **headers):
    with translation.override("de"):
        return client.get(url, headers={"Accept-Language": "de", **headers})


def broken_numbers(html: str) -> list[str]:
    """The attributes in which a machine would meet “12,5”."""
    return _Attributes.of(html)


class _Attributes(HTMLParser):
    @classmethod
    def of(cls, html: str) -> list[str]:
        reader = cls()
        reader.feed(html)
        return reader.found

    def __init__(self):
        super().__init__()
        self.found, self.depth = [], 0

    def handle_starttag(self, tag, attributes):
        self.depth += tag == "svg"
        named = dict(attributes)
        is_typed = tag == "input" and named.get("type", "text") in TYPED_BY_PEOPLE
        for name, value in attributes:
            is_read = name in FOR_MACHINES or name.startswith("data-") or self.depth > 0
            if is_read and name not in FOR_PEOPLE and not (is_typed and name == "value"):
                self._look(tag, name, value or "")

    def handle_endtag(self, tag):
        self.depth -= tag == "svg"

    def _look(self, tag, name, value):
        if COMMA.search(value):
            self.found.append(f'<{tag} {name}="{value}">')
