"""What comparisons can tell apart at all: the graph of who was ever better than whom.

The likelihood of Bradley and Terry has its maximum at finite abilities exactly if one can walk
from every generator to every other along "was better than" (Ford 1957, American Mathematical
Monthly 64; Hunter 2004, Annals of Statistics 32, assumption 1). Software that does not look
answers with whatever it had when its patience ended.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from annotation.quality.stats.estimate import BoolArray, FloatArray, IntArray
from annotation.quality.stats.outcomes import as_square, tally

Flag = Literal[
    "not_identified",  # the comparisons do not bound its ability against the others
    "never_compared",
    "never_won",  # against nobody, ties aside
    "never_lost",
    "disconnected",  # no chain of comparisons leads to the main group
    "separated",  # won or lost every comparison between its group and the others
]


@dataclass(frozen=True)
class Components:
    """All (generators,). strong: which generators bound each other's ability; linked: which are
    joined by any chain of comparisons; main: the strong component with most comparisons, of these
    most members, -1 if that leaves two; flags: why one is outside of it."""

    strong: IntArray
    linked: IntArray
    main: int
    flags: tuple[tuple[Flag, ...], ...]

    @property
    def is_identified(self) -> bool:
        """Is there one component, of everybody?"""
        return len(np.unique(self.strong)) <= 1


def find_components(wins: ArrayLike, ties: ArrayLike | None = None) -> Components:
    """wins, ties (n, n) as of `Outcomes`. A tie bounds two abilities from both sides, so it leads
    both ways; leave ties out where the model drops them."""
    won = as_square(wins, "wins")
    tied = np.zeros_like(won) if ties is None else as_square(ties, "ties")
    n = len(won)
    if n == 0:
        return Components(np.zeros(0, np.int64), np.zeros(0, np.int64), 0, ())
    better: BoolArray = (won + tied + tied.T) > 0
    reach = _closure(better)
    strong = _labels(reach & reach.T)
    linked = _labels(_closure(better | better.T))
    played = won.sum(axis=1) + won.sum(axis=0) + tied.sum(axis=1) + tied.sum(axis=0)
    weight, size = tally(strong, played, n), tally(strong, np.ones(n), n)
    first, *others = np.lexsort((-size, -weight))[:2]
    is_shared = any((weight[first], size[first]) == (weight[o], size[o]) for o in others)
    main = -1 if is_shared else int(first)
    flags = tuple(_flags(i, won, played, strong, linked, main) for i in range(n))
    return Components(strong, linked, main, flags)


def _flags(
    i: int, won: FloatArray, played: FloatArray, strong: IntArray, linked: IntArray, main: int
) -> tuple[Flag, ...]:
    if strong[i] == main and played[i] > 0:
        return ()
    if played[i] == 0:
        return ("not_identified", "never_compared")
    why: list[Flag] = ["not_identified"]
    if (linked != linked[i]).any() if main < 0 else linked[i] != linked[main]:
        why.append("disconnected")
    if won[i].sum() == 0:
        why.append("never_won")
    if won[:, i].sum() == 0:
        why.append("never_lost")
    if len(why) == 1:
        why.append("separated")
    return tuple(why)


def _closure(step: BoolArray) -> BoolArray:
    """[i, j]: can one walk from i to j? Squared until nothing changes: log2 n products."""
    reach: BoolArray = step | np.eye(len(step), dtype=np.bool_)
    while True:
        walks = reach.astype(np.float32)
        further: BoolArray = (walks @ walks) > 0
        if np.array_equal(further, reach):
            return reach
        reach = further


def _labels(same: BoolArray) -> IntArray:
    """(n,) the lowest index of each one's class."""
    return same.argmax(axis=1).astype(np.int64)
