"""Responses to one prompt that are the same, or nearly. Pure: texts in, pairs out.

Two measures. Equal: the same after case, spacing, the signs of sentences and Unicode's ways of
writing are evened out. Near: the share of common runs of five characters (Jaccard over shingles;
Broder 1997) reaches a threshold. Runs of characters need no language and no words, and one word
changed in a hundred costs little, so whatever turns a text around is looked at apart: responses
whose numbers or negations differ are never near, however alike the rest.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

THRESHOLD = 0.85
LOWEST, HIGHEST = 0.5, 1.0
SHINGLE = 5
# So many characters at least: of shorter texts a single letter is half of the meaning.
SHORTEST = 40

_SPACES = re.compile(r"\s+")
# Signs of sentences and of Markdown. Not "+", "-" or "/": a + b is not a - b.
_SIGNS = re.compile(r"[.,;:!?…\"'`“”„‘’«»*_#]")
_NUMBERS = re.compile(r"\d+(?:[.,]\d+)*")
_NEGATIONS = re.compile(
    r"\b(?:not|no|never|none|cannot|nor|neither|without|nicht|kein\w*|nie|niemals|ohne|"
    r"false|true|falsch|wahr|yes|ja|nein)\b|n['’]t\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Pair:
    """`later` is like `first`: which of both stays is the earlier one's right."""

    first: int
    later: int
    similarity: float  # 1.0 where they are equal
    is_equal: bool


def normalised(text: str) -> str:
    text = unicodedata.normalize("NFKC", text).casefold()
    return _SPACES.sub(" ", _SIGNS.sub(" ", text)).strip()


def shingles(text: str) -> frozenset[str]:
    """All runs of five characters; a text that has none is its own."""
    return frozenset(text[at : at + SHINGLE] for at in range(max(1, len(text) - SHINGLE + 1)))


def jaccard(one: frozenset, other: frozenset) -> float:
    """|A ∩ B| / |A ∪ B|; 1 where both are empty."""
    together = len(one | other)
    return len(one & other) / together if together else 1.0


def similarity(one: str, other: str) -> float:
    """From 0 to 1, of two texts as they were written."""
    return jaccard(shingles(normalised(one)), shingles(normalised(other)))


def find_duplicates(texts: Mapping[int, str], *, threshold: float = THRESHOLD) -> list[Pair]:
    """For each text the first earlier one that it repeats, by the order given. Empty texts are
    nobody's repeats: they are marked as empty."""
    seen: list[_Read] = []
    pairs = []
    for key, text in texts.items():
        read = _Read.of(key, text)
        if not read.normal and not read.signs:
            continue
        best = max(
            (pair for other in seen if (pair := _compared(other, read, threshold))),
            key=lambda pair: (pair.is_equal, pair.similarity, -pair.first),
            default=None,
        )
        if best:
            pairs.append(best)
        else:
            seen.append(read)
    return pairs


@dataclass(frozen=True)
class _Read:
    key: int
    normal: str
    signs: str  # of a text that is nothing but signs, such as ":-)"
    runs: frozenset[str]
    turning: tuple

    @classmethod
    def of(cls, key: int, text: str) -> "_Read":
        normal = normalised(text)
        return cls(
            key,
            normal,
            "" if normal else _SPACES.sub("", text),
            shingles(normal),
            turning_points(text),
        )


def turning_points(text: str) -> tuple:
    """What one small change turns a text around by: its numbers and its negations, counted."""
    numbers = Counter(_NUMBERS.findall(text))
    negations = Counter(word.casefold() for word in _NEGATIONS.findall(text))
    return tuple(sorted(numbers.items())), tuple(sorted(negations.items()))


def _compared(first: _Read, later: _Read, threshold: float) -> Pair | None:
    # "3.14" and "314" are the same without their signs, and no repeats.
    is_equal = (first.normal, first.signs) == (later.normal, later.signs)
    if is_equal and first.turning == later.turning:
        return Pair(first.key, later.key, 1.0, True)
    longer, shorter = max(len(first.runs), len(later.runs)), min(len(first.runs), len(later.runs))
    if min(len(first.normal), len(later.normal)) < SHORTEST or first.turning != later.turning:
        return None
    if shorter < threshold * longer:
        return None  # cannot reach it, whatever they share
    alike = jaccard(first.runs, later.runs)
    return Pair(first.key, later.key, alike, False) if alike >= threshold else None
