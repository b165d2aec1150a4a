"""Kinds of harmful content, by a classifier that can be changed for another. Pure.

A classifier takes texts and answers with what it found in each; it has a name and a version, which
stand with every mark, so that marks of two classifiers are never taken for one another's.
"""

import re
import tomllib
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Protocol

from annotation.candidates.marks.found import SAFETY, Found, without_overlaps
from annotation.core.harms import HARMS

LISTS = Path(__file__).parent / "words"


class SafetyClassifier(Protocol):
    """`version` changes with whatever changes its answers."""

    name: str
    version: str

    def classify(self, texts: Sequence[str]) -> list[list[Found]]:
        """For each text, what it found: kind safety, `detail` one of HARMS; with a place where
        it can name one. Raises DomainError where it cannot answer: nothing is taken for harmless
        because nobody looked."""
        ...


class WordLists:
    """Words and phrases in English and German. No reading between lines: what they find is worth
    a look, what they do not find is not thereby harmless."""

    name = "words"
    version = "1"

    def classify(self, texts: Sequence[str]) -> list[list[Found]]:
        return [_found(text) for text in texts]


class NoSafety:
    """For projects that want no such marks."""

    name = "none"
    version = "1"

    def classify(self, texts: Sequence[str]) -> list[list[Found]]:
        return [[] for _ in texts]


# Of "endpoint" nothing is found here: it is asked by a job of its own (classifying.py).
CLASSIFIERS: dict[str, type[SafetyClassifier]] = {
    "words": WordLists,
    "none": NoSafety,
    "endpoint": NoSafety,
}


def _found(text: str) -> list[Found]:
    found = []
    for harm, pattern in _patterns().items():
        found += [Found(SAFETY, harm, *match.span()) for match in pattern.finditer(text)]
    return without_overlaps(found)


@cache
def _patterns() -> dict[str, re.Pattern]:
    words: dict[str, list[str]] = {harm: [] for harm in HARMS}
    for path in sorted(LISTS.glob("*.toml")):
        for harm, listed in tomllib.loads(path.read_text(encoding="utf-8")).items():
            words[harm] += listed
    return {harm: _any_of(listed) for harm, listed in words.items()}


def _any_of(words: Sequence[str]) -> re.Pattern:
    return re.compile(rf"(?<!\w)(?:{'|'.join(map(_one, words))})(?!\w)", re.IGNORECASE)


def _one(word: str) -> str:
    rule = r"\s+".join(re.escape(part) for part in word.split())
    return rule.replace(r"\*", r"\w*")
