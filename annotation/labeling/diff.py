"""What differs between two texts, word by word. Pure: text in, pieces out.

Lines that are equal are found first, then the words of what lies between them. Texts can be
written to make the comparison of the standard library cubic, so its steps are counted: what is
not compared within the budget is shown as replaced, which is always right.
"""

import re
import unicodedata
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import cache
from itertools import accumulate

# Looks at a word that one comparison may take: about half a second.
MAX_WORK = 3_000_000

SAME, ADDED, REMOVED = "same", "added", "removed"


@dataclass(frozen=True)
class Piece:
    """A stretch of text that both have, or that was added or removed."""

    kind: str
    text: str


def compare(old: str, new: str) -> list[Piece]:
    """What became of `old`: the pieces without the added ones are `old` again, without the
    removed ones `new`. Line ends count as one kind."""
    old, new = one_kind_of_line_end(old), one_kind_of_line_end(new)
    return _joined(_by_line(old, new))


def one_kind_of_line_end(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _by_line(old: str, new: str) -> Iterator[Piece]:
    work = _Work(MAX_WORK)
    left, right = old.splitlines(keepends=True), new.splitlines(keepends=True)
    for is_same, before, after in _parts(left, right, work):
        if is_same:
            yield Piece(SAME, before)
            continue
        for is_same_word, was, becomes in _parts(words_of(before), words_of(after), work):
            if is_same_word:
                yield Piece(SAME, was)
            else:
                yield from _replaced(was, becomes)


@dataclass
class _Work:
    left: int


def _parts(
    left: Sequence[str], right: Sequence[str], work: _Work
) -> Iterator[tuple[bool, str, str]]:
    """(is it the same, the text in `left`, the text in `right`), in order."""
    a = b = 0
    for start, other, size in [*_matches(left, right, work), (len(left), len(right), 0)]:
        if a < start or b < other:
            yield False, "".join(left[a:start]), "".join(right[b:other])
        a, b = start + size, other + size
        if size:
            yield True, "".join(left[start:a]), "".join(right[other:b])


def _matches(left: Sequence[str], right: Sequence[str], work: _Work) -> list[tuple[int, int, int]]:
    """Stretches that both have, the longest first sought, until the budget is spent. Spaces alone
    start no match: they only lengthen one."""
    matcher = SequenceMatcher(lambda part: part.isspace(), left, right, autojunk=False)
    places = matcher.b2j
    # What a search from one word of `left` to another costs at most.
    cost = [0, *accumulate(1 + len(places.get(part, ())) for part in left)]
    found = []
    waiting = deque([(0, len(left), 0, len(right))])
    while waiting:
        a, b, c, d = waiting.popleft()
        if a == b or c == d:
            continue
        work.left -= cost[b] - cost[a]
        if work.left < 0:
            break
        start, other, size = matcher.find_longest_match(a, b, c, d)
        if size:
            found.append((start, other, size))
            waiting += [(a, start, c, other), (start + size, b, other + size, d)]
    return sorted(found)


def _replaced(old: str, new: str) -> Iterator[Piece]:
    if old:
        yield Piece(REMOVED, old)
    if new:
        yield Piece(ADDED, new)


def _joined(pieces: Iterator[Piece]) -> list[Piece]:
    """Neighbours of one kind as one piece; between two places where text is the same, first all
    that was removed, then all that was added. A space alone between two changes is no rest for
    the eye: it belongs to both."""
    found: list[Piece] = []
    removed = added = ""
    waiting = ""  # a lone space that may turn out to stand between two changes
    for piece in pieces:
        if piece.kind == SAME:
            if (removed or added) and piece.text == " " and not waiting:
                waiting = piece.text
                continue
            found += _replaced(removed, added)
            _append(found, waiting + piece.text)
            removed = added = waiting = ""
        elif piece.kind == REMOVED:
            removed, added, waiting = removed + waiting, added + waiting, ""
            removed += piece.text
        else:
            removed, added, waiting = removed + waiting, added + waiting, ""
            added += piece.text
    found += _replaced(removed, added)
    if waiting:
        _append(found, waiting)
    return found


def _append(found: list[Piece], text: str) -> None:
    if found and found[-1].kind == SAME:
        text = found.pop().text + text
    found.append(Piece(SAME, text))


def words_of(text: str) -> list[str]:
    """The text cut into words, spaces and signs. What is one character to a reader stays whole
    (an accent on its letter, a family of emoji); scripts without spaces are cut by character."""
    return _word_pattern().findall(text)


@cache
def _word_pattern() -> re.Pattern[str]:
    marks = _ranges(
        code
        for code in range(0x300, 0x1E000)
        if unicodedata.category(chr(code)) in ("Mn", "Mc", "Me")
    )
    # Joiners, variation selectors, skin tones and tags belong to the character before them.
    joined = f"[{marks}\u200c\u200d\ufe00-\ufe0f\U0001f3fb-\U0001f3ff\U000e0020-\U000e01ef]"
    dense = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff"
    flags = "[\U0001f1e6-\U0001f1ff]"
    return re.compile(
        rf"\n|[^\S\n]+|\d+(?:[.,]\d+)+|[{dense}]{joined}*|(?:(?![{dense}])\w{joined}*)+"
        rf"|{flags}{flags}|[^\w\s]{joined}*(?:(?<=\u200d)[^\w\s]{joined}*)*"
    )


def _ranges(codes: Iterator[int]) -> str:
    """The inside of a character class."""
    found: list[list[int]] = []
    for code in codes:
        if found and code == found[-1][1] + 1:
            found[-1][1] = code
        else:
            found.append([code, code])
    return "".join(f"{chr(first)}-{chr(last)}" for first, last in found)
