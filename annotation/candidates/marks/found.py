"""One thing that a marker found in a response: pure data, offsets instead of words."""

from dataclasses import dataclass

EMPTY = "empty"
TRUNCATED = "truncated"
REFUSAL = "refusal"
IDENTITY = "identity"
PERSONAL = "personal"
SAFETY = "safety"
EQUAL = "equal"
NEAR = "near"


@dataclass(frozen=True, slots=True)
class Found:
    """`detail` says which of its kind: a rule, a category, a kind of personal data. The words are
    read from the text by their place, so that they are stored once."""

    kind: str
    detail: str
    start: int | None = None
    end: int | None = None


def without_overlaps(found: list[Found]) -> list[Found]:
    """By place; of two that overlap the longer one, of equally long ones the first that was
    found, so that nothing is counted twice."""
    kept: list[Found] = []
    for one in sorted(found, key=lambda each: (-_length(each), each.start or 0)):
        if all(one.end <= other.start or one.start >= other.end for other in kept):
            kept.append(one)
    return sorted(kept, key=lambda each: each.start or 0)


def _length(one: Found) -> int:
    return (one.end or 0) - (one.start or 0)
