"""As many comparisons in which the longer response wins as in which the shorter one does. Pure.

By leaving some out, not by weights: few readers of a dataset look at a weight, and one that looks
at none would learn that longer is better all the same. Which ones, a lot decides that the salt
turns; each split is balanced by itself, so length alone is worth a coin on the test split, too.
"""

from collections import Counter, defaultdict
from dataclasses import dataclass, field

from annotation.datasets.comparisons import Comparison
from annotation.datasets.sharing import Placed

LONGER, SHORTER, EQUAL = "longer", "shorter", "equal"


def winner_by_length(one: Comparison) -> str:
    """By characters. A tie has no winner."""
    chosen, rejected = len(one.chosen.text), len(one.rejected.text)
    if one.is_tie or chosen == rejected:
        return EQUAL
    return LONGER if chosen > rejected else SHORTER


@dataclass
class Survey:
    """Which lots fell to which side, by split: what a first pass over the comparisons finds."""

    salt: str
    lots: dict[tuple[str, str], list[str]] = field(default_factory=lambda: defaultdict(list))
    before: Counter[str] = field(default_factory=Counter)

    def add(self, split: str, placed: Placed) -> None:
        side = winner_by_length(placed.outcome)
        self.before[side] += 1
        if side != EQUAL:
            self.lots[split, side].append(placed.lot(self.salt))

    def balance(self) -> "Balance":
        """Of the side that wins more often as many are left out as it has more: the highest lots
        of all."""
        limits = {}
        for split in {split for split, _ in self.lots}:
            long, short = (self.lots.get((split, side), []) for side in (LONGER, SHORTER))
            side, more, less = (
                (LONGER, long, short) if len(long) > len(short) else (SHORTER, short, long)
            )
            if len(more) > len(less):
                limits[split, side] = sorted(more)[len(less)]
        return Balance(self.salt, limits, self.before)


@dataclass
class Balance:
    """limits: by split and side the first lot that is left out."""

    salt: str
    limits: dict[tuple[str, str], str]
    before: Counter[str]

    def leaves_out(self, split: str, placed: Placed) -> bool:
        limit = self.limits.get((split, winner_by_length(placed.outcome)))
        return limit is not None and placed.lot(self.salt) >= limit
