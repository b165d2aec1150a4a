"""How a response is written, apart from what it says: its length, and how much Markdown it holds.

The features and their use as covariates are the recipe of the Arena's style control (Chiang et
al. 2024, arXiv:2403.04132, and the leaderboard's notes on style): headers, list entries and bold
passages outside of code, and length, each as first against second, scaled. Ours differ in two
places. Length is in characters and on the log scale, for no tokenizer belongs to all generators.
And a difference is divided by its spread without taking its mean off, so that turning the sides
round turns its sign and nothing else.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from annotation.quality.stats.estimate import FloatArray

FEATURES = ("length", "headers", "lists", "bold", "code")

_FENCED = re.compile(r"^ {0,3}(```|~~~).*?(?:^ {0,3}\1[`~]*[ \t]*$|\Z)", re.MULTILINE | re.DOTALL)
_INLINE = re.compile(r"`[^`\n]+`")
_HEADER = re.compile(r"^ {0,3}#{1,6}[ \t]+\S", re.MULTILINE)
_LIST = re.compile(r"^[ \t]*(?:[-*+]|\d{1,9}[.)])[ \t]+\S", re.MULTILINE)
_BOLD = re.compile(r"\*\*(?=\S)[^*\n]+?\*\*|(?<!\w)__(?=\S)[^_\n]+?__(?!\w)")


@dataclass(frozen=True)
class Style:
    """length: characters, without space around them; headers, lists (entries), bold (passages):
    outside of code; code: fenced blocks."""

    length: int
    headers: int
    lists: int
    bold: int
    code: int


def measure_style(text: str) -> Style:
    """Count what a reader sees as form in Markdown. Linear in the text, never an error."""
    prose, code = _FENCED.subn("\n", text.strip())
    prose = _INLINE.sub("", prose)
    return Style(
        length=len(text.strip()),
        headers=len(_HEADER.findall(prose)),
        lists=len(_LIST.findall(prose)),
        bold=len(_BOLD.findall(prose)),
        code=code,
    )


def style_differences(
    first: Sequence[Style], second: Sequence[Style], features: Sequence[str] = FEATURES
) -> tuple[FloatArray, tuple[str, ...]]:
    """(comparisons, k) covariates of the first response against the second, and their names.

    length: log((a + 1) / (b + 1)); counts: (a - b) / (a + b), 0 where neither has any. Each is
    divided by its root mean square, so that an effect is that of an ordinary difference. A
    feature in which no two responses differ says nothing and is left out.
    """
    if len(first) != len(second):
        raise ValueError("as many first responses as second ones")
    counts = {
        feature: tuple(
            np.array([getattr(style, feature) for style in side], dtype=np.float64)
            for side in (first, second)
        )
        for feature in features
    }
    return differences_of_counts(counts, len(first))


def differences_of_counts(
    counts: Mapping[str, tuple[FloatArray, ...]], n_comparisons: int
) -> tuple[FloatArray, tuple[str, ...]]:
    """The same from {feature: (of the first response, of the second)}, (comparisons,) each."""
    columns, names = [], []
    for feature, (a, b) in counts.items():
        if feature == "length":
            difference = np.log1p(a) - np.log1p(b)
        else:
            difference = (a - b) / np.maximum(a + b, 1.0)
        spread = float(np.sqrt((difference**2).mean())) if len(difference) else 0.0
        if spread > 0:
            columns.append(difference / spread)
            names.append(feature)
    table = np.stack(columns, axis=1) if columns else np.zeros((n_comparisons, 0))
    return table, tuple(names)
