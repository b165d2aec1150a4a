"""A reviewer before an item: the responses in an order of their own, under letters.

The item's own order and its names for the responses can tell who wrote what (files often list
the same model first, and call it by its name), and the order in which judgments came in can tell
who gave them. So both are shuffled, by a hash: the same reviewer sees the same item alike again.
"""

import hashlib
from dataclasses import dataclass

from annotation.labeling.desk import LETTERS


@dataclass(frozen=True)
class Seat:
    """What reading and drawing a judging form needs: as an Assignment has it, without a lease."""

    item: object
    project: object
    order: list[int]

    @classmethod
    def of(cls, item, project, reviewer) -> "Seat":
        positions = range(1, item.response_count + 1)
        order = sorted(positions, key=lambda place: _shuffled(reviewer, item, "r", place))
        return cls(item, project, order)

    @property
    def item_id(self) -> int:
        return self.item.pk

    @property
    def letters(self) -> list[str]:
        """The letter of each position, the first position first."""
        shown = dict(zip(self.order, LETTERS, strict=False))
        return [shown[position] for position in sorted(shown)]


def shuffled_judgments(judgments, item, reviewer) -> list:
    return sorted(judgments, key=lambda one: _shuffled(reviewer, item, "j", one.pk))


def _shuffled(reviewer, item, what: str, number: int) -> bytes:
    return hashlib.sha256(f"{reviewer.pk}:{item.pk}:{what}:{number}".encode()).digest()
