"""Empty responses, and those that end too early. Pure: text in, what was found out.

A finish reason settles it: a generator knows whether it was stopped by its limit. Without one the
last words are looked at, by rules that would rather miss a cut than call a whole text cut.
"""

import re

from annotation.candidates.marks.found import EMPTY, TRUNCATED, Found

# What endpoints and trainers call the end by the limit.
AT_LIMIT = frozenset({"length", "max_tokens", "max_length", "model_length"})
NOTHING_VISIBLE = re.compile(r"[\s\u200b-\u200f\u2060\ufeff\u00ad]*\Z")
FENCE = re.compile(r"^ {0,3}(`{3,}|~{3,})", re.MULTILINE)
# Words that no sentence, and no title, ends with in either language. Not "in", "on", "to", "an"
# and their like: "What are you looking at" and "Mach das Licht an" are whole.
_GOES_ON = (
    "the|and|or|but|because|although|whereas|their|our|your|my|every|"
    "und|oder|aber|weil|obwohl|sondern|der|des|dem|ein|eine|einen|einem|einer|eines|"
    "sowie|bzw|dass|wegen|zur|zum|vom|beim"
)
ENDS_ON_THE_WAY = re.compile(rf"(?:\b(?:{_GOES_ON})|[,;(\[{{–—])\Z", re.IGNORECASE)
# A last line so long that was begun as a sentence ends as one.
LONG_LINE = 120
SENTENCE_BEFORE = re.compile(r"[.!?][\"”’)]?\s+[\"“„(]?[A-ZÄÖÜ]")
# A letter's "Best," and "Viele Grüße," stand alone on the last line, or before a name.
CLOSING = re.compile(r"[^\W\d_]+(?: [^\W\d_]+){0,3},\Z")
NO_SENTENCE = re.compile(r"\s*(?:[-*+•]|\d+[.)]|#{1,6}|\||>|https?://)")


def find_ending(text: str, *, finish_reason: str = "", has_attachments: bool = False):
    """[Found] of kind empty or truncated, at most one."""
    if NOTHING_VISIBLE.match(text):
        return [] if has_attachments else [Found(EMPTY, "empty")]
    if finish_reason in AT_LIMIT:
        return [_at_the_end(text, "limit")]
    if finish_reason:
        return []
    if _open_fence(text):
        return [_at_the_end(text, "open_code")]
    shown = text.rstrip()
    if "\n" not in shown and len(shown.split()) < 4:
        return []  # a word, a name, a title: short answers have no full stop
    *before, last = shown.split("\n")
    if before and CLOSING.match(last.strip()):
        return []
    if ENDS_ON_THE_WAY.search(shown):
        return [_at_the_end(text, "middle_of_sentence")]
    if _stops_within(last):
        return [_at_the_end(text, "no_full_stop")]
    return []


def _stops_within(last: str) -> bool:
    """Does a last line of sentences end without the end of its last one?"""
    if len(last) < LONG_LINE or NO_SENTENCE.match(last) or not last[-1].isalpha():
        return False
    word = last.rsplit(None, 1)[-1]
    return bool(SENTENCE_BEFORE.search(last)) and "://" not in word and not word.startswith("#")


def _at_the_end(text: str, detail: str) -> Found:
    """The last word is the place: it is what a person looks at."""
    end = len(text.rstrip())
    start = max(text.rfind(" ", 0, end), text.rfind("\n", 0, end)) + 1
    return Found(TRUNCATED, detail, min(start, end - 1), end)


def _open_fence(text: str) -> bool:
    """Is a block of code begun and never closed? As CommonMark reads fences."""
    is_open = ""
    for match in FENCE.finditer(text):
        fence = match[1]
        if not is_open:
            is_open = fence
        elif fence[0] == is_open[0] and len(fence) >= len(is_open):
            is_open = ""
    return bool(is_open)
