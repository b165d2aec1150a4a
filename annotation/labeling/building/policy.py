"""What an order to build items says. Pure: values in, a checked policy out."""

from dataclasses import asdict, dataclass

from django.utils.translation import gettext as _

from annotation.candidates.marks.found import EMPTY, EQUAL, NEAR, REFUSAL, TRUNCATED
from annotation.core.errors import DomainError
from annotation.labeling.building.pairing import ADAPTIVE, BALANCED, NEW_AGAINST_OLD, RULES

# Marks that may keep a response out. Repeats are merged instead: one of them stays.
DROPPABLE = (EMPTY, TRUNCATED, REFUSAL, "identity", "personal", "safety")
MERGES = ("same", EQUAL, NEAR)
MOST_RESPONSES = 9


@dataclass(frozen=True)
class Policy:
    """`generators`: whose responses may take part, all where none is named; `new`: those that meet
    the others; `drop`: kinds of marks; `merge`: what counts as one response."""

    batch: str
    k: int = 2
    takes_fewer: bool = True
    rule: str = BALANCED
    generators: tuple[int, ...] = ()
    new: tuple[int, ...] = ()
    drop: tuple[str, ...] = (EMPTY, TRUNCATED)
    merge: str = EQUAL
    only_fresh: bool = True
    most: int | None = None
    overlap: int = 1
    priority: int = 0
    seed: int = 1

    def __post_init__(self):
        wrong = next(iter(self._problems()), None)
        if wrong:
            raise DomainError(wrong)

    def _problems(self):
        if not self.batch.strip() or len(self.batch) > 60:
            yield _("A batch has a name of at most 60 characters.")
        if not 2 <= self.k <= MOST_RESPONSES:
            yield _("An item shows 2 to 9 responses.")
        if self.rule not in RULES:
            yield _("There is no such rule.")
        if self.rule == NEW_AGAINST_OLD and not self.new:
            yield _("Say which generators are new.")
        if set(self.drop) - set(DROPPABLE) or self.merge not in MERGES:
            yield _("There is no such mark.")
        if not 1 <= self.overlap <= 50:
            yield _("The overlap is from 1 to 50.")
        if self.most is not None and self.most < 1:
            yield _("At least one item is built.")
        if not 0 <= self.seed < 2**31:
            yield _("The seed is a whole number from 0 to 2147483647.")
        if not -32768 <= self.priority <= 32767:
            yield _("The priority is from -32768 to 32767.")

    @property
    def is_adaptive(self) -> bool:
        return self.rule == ADAPTIVE

    def as_json(self) -> dict:
        return {name: list(v) if isinstance(v, tuple) else v for name, v in asdict(self).items()}
