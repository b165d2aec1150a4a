"""What a template says to people in words that no tag translates."""

import re
from html.parser import HTMLParser
from pathlib import Path

TEMPLATES = Path(__file__).resolve().parents[3] / "templates"
# The API speaks English, and so does the page that describes it.
ENGLISH = {"api_docs.html", "_api_fields.html"}
NAMES = {"AC1", "Concord", "JSON", "JSON Lines", "CSV", "manifest.json", "sha256"}
SPOKEN = {"title", "aria-label", "aria-description", "placeholder", "alt", "label", "content"}
UNSPOKEN = {"code", "kbd", "script", "style"}

_GONE = re.compile(
    r"{%\s*blocktrans(?:late)?\b.*?{%\s*endblocktrans(?:late)?\s*%}"
    r"|{%\s*comment\b.*?{%\s*endcomment\s*%}|{#.*?#}",
    re.S,
)
_TAG = re.compile(r"{%.*?%}|{{.*?}}", re.S)
# A text handed to another template, or standing in for a value that is missing.
_HANDED = re.compile(r"""(?:\bwith\s.*?\b\w+=|\|default(?:_if_none)?:)"([^"]*)\"""")
_WORD = re.compile(r"[^\W\d_]{2,}")


class _Reader(HTMLParser):
    def __init__(self):
        super().__init__()
        self.found: list[str] = []
        self.inside: list[str] = []

    def handle_starttag(self, tag, attributes):
        self.inside.append(tag)
        values = dict(attributes)
        is_button = values.get("type") in ("submit", "button", "reset")
        for name, value in attributes:
            is_spoken = name in SPOKEN or name.endswith("-text") or (name == "value" and is_button)
            if is_spoken and not (tag == "meta" and name == "content"):
                self._note(value or "")

    def handle_startendtag(self, tag, attributes):
        self.handle_starttag(tag, attributes)
        self.inside.pop()

    def handle_endtag(self, tag):
        if tag in self.inside:
            while self.inside.pop() != tag:
                pass

    def handle_data(self, data):
        if not UNSPOKEN & set(self.inside):
            self._note(data)

    def _note(self, text):
        for part in text.split("§"):
            words = " ".join(part.split()).strip("· ")
            is_attribute = words.startswith('class="')  # a block inside of a tag
            if _WORD.search(words) and words not in NAMES and not is_attribute:
                self.found.append(words)


def unmarked(source: str) -> list[str]:
    source = _GONE.sub("§", source)
    handed = [
        text
        for tag in _TAG.findall(source)
        for text in _HANDED.findall(tag)
        if re.match(r"[A-Z][a-z]|[a-z]+ [a-z]", text) and text not in NAMES
    ]
    reader = _Reader()
    reader.feed(_TAG.sub("§", source))
    reader.close()
    return reader.found + handed
