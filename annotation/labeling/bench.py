"""The judging page as values: a desk, the rubric and what was entered, ready for the template.

Pure: it reads what it is given and asks the database for nothing.
"""

from dataclasses import dataclass, field

from django.urls import reverse

from annotation.core.text import reveal_invisible
from annotation.labeling.desk import LETTERS, Card, Desk, Turn
from annotation.labeling.forms import Problem
from annotation.labeling.verdict import STRENGTHS

SKIP_REASONS = [
    "I do not know the subject",
    "The prompt cannot be understood",
    "The responses are broken",
    "I do not want to read this",
    "Something else",
]
SPEAKERS = {"user": "Person", "assistant": "Model", "system": "Instruction"}
SHOWN_TURNS = 2
NUMBERS = ["", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]


@dataclass(frozen=True)
class ShownTurn:
    turn: Turn

    @property
    def who(self) -> str:
        return SPEAKERS.get(self.turn.role, self.turn.role.capitalize())

    @property
    def html(self) -> str:
        return self.turn.html

    @property
    def raw(self) -> str:
        return reveal_invisible(self.turn.text)


@dataclass(frozen=True)
class Rating:
    """One criterion for one response."""

    criterion: object
    letter: str
    value: int | None

    @property
    def name(self) -> str:
        return f"rating_{self.criterion.key}_{self.letter}"

    @property
    def label(self) -> str:
        return self.criterion.label

    @property
    def description(self) -> str:
        return self.criterion.description

    @property
    def is_required(self) -> bool:
        return self.criterion.is_required

    @property
    def points(self) -> range:
        return self.criterion.points

    @property
    def last(self) -> int:
        return self.criterion.scale_max

    @property
    def anchors(self) -> list[tuple[str, str]]:
        return sorted(self.criterion.anchors.items())

    @property
    def ends(self) -> str:
        """The scale in one line, until a value is chosen."""
        words = self.criterion.anchors
        low, high = str(self.criterion.scale_min), str(self.criterion.scale_max)
        if low in words and high in words:
            return f"{low}: {words[low]} {high}: {words[high]}"
        return self.criterion.description


@dataclass(frozen=True)
class ShownResponse:
    card: Card
    rank: int | str | None
    is_missing: bool
    is_first: bool
    ratings: list[Rating]

    @property
    def name(self) -> str:
        return self.card.letter

    @property
    def letter(self) -> str:
        return self.card.letter.lower()

    @property
    def html(self) -> str:
        return self.card.html

    @property
    def raw(self) -> str:
        return reveal_invisible(self.card.text)

    @property
    def is_empty(self) -> bool:
        return not self.card.text.strip()

    @property
    def equal_to(self) -> str:
        return self.card.equal_to


@dataclass(frozen=True)
class Step:
    """The strength between two neighbouring places, for a page without script."""

    number: int
    value: int | None

    @property
    def name(self) -> str:
        return f"strength_{self.number}"

    @property
    def label(self) -> str:
        return f"Place {self.number} over place {self.number + 1}:"


@dataclass
class Bench:
    """Everything `_judge.html` shows for one assignment."""

    assignment: object
    desk: Desk
    rubric: object | None
    entered: dict[str, str] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    missing: frozenset[str] = frozenset()  # letters without a rank

    def __post_init__(self):
        project = self.assignment.project
        self.key = self.assignment.key
        self.token = self.assignment.token
        self.seconds = self.entered.get("seconds", "0")
        self.title = f"Rank {NUMBERS[len(self.desk.cards)]} responses"
        self.ranks = range(1, len(self.desk.cards) + 1)
        self.has_floor = project.has_floor
        self.asks_strength = project.asks_strength
        self.asks_rationale = project.rationale != "off"
        self.needs_rationale = project.rationale == "required"
        self.rationale = self.entered.get("rationale", "")
        self.rationale_is_missing = any(p.target == "rationale" for p in self.problems)
        criteria = self.rubric.criteria_list if self.rubric else []
        self.has_criteria = bool(criteria)
        self.guideline = self.rubric.guideline if self.rubric else ""
        self.rubric_number = self.rubric.number if self.rubric else None
        self.is_bare = not (criteria or self.asks_rationale or self.guideline)
        self.on = self.entered.get("on", "a")
        self.responses = [
            ShownResponse(
                card=card,
                rank=_rank(self.entered.get(f"rank_{card.letter.lower()}", "")),
                is_missing=card.letter.lower() in self.missing,
                is_first=card is self.desk.cards[0],
                ratings=[self._rating(criterion, card.letter.lower()) for criterion in criteria],
            )
            for card in self.desk.cards
        ]
        shown = [ShownTurn(turn) for turn in self.desk.turns]
        self.turn_count = len(shown)
        self.earlier_turns, self.last_turns = shown[:-SHOWN_TURNS], shown[-SHOWN_TURNS:]
        self.turns = shown
        self.strengths = list(STRENGTHS.items())
        self.steps = [
            Step(n, _rank(self.entered.get(f"strength_{n}", ""))) for n in self.ranks[:-1]
        ]
        self.strength_text = ",".join(str(step.value or "") for step in self.steps)
        self.skip_reasons = SKIP_REASONS
        here = [project.slug, self.assignment.pk]
        self.submit_url = reverse("labeling:submit-judgment", args=here)
        self.draft_url = reverse("labeling:save-draft", args=here)
        self.lease_url = reverse("labeling:renew-lease", args=here)
        self.skip_url = reverse("labeling:skip-item", args=here)

    @property
    def headline(self) -> str:
        count = len(self.problems)
        if count == 1:
            return "One thing is missing."
        return f"{NUMBERS[min(count, 9)].capitalize()} things are missing."

    def _rating(self, criterion, letter) -> Rating:
        value = self.entered.get(f"rating_{criterion.key}_{letter}", "")
        known = {str(point): point for point in criterion.points}
        return Rating(criterion, letter, known.get(value))


def _rank(value: str) -> int | str | None:
    if value == "x":
        return value
    return int(value) if value.isascii() and value.isdigit() and len(value) == 1 else None


def letters_of(assignment, positions) -> list[str]:
    """The letters under which these positions are shown to this labeler."""
    shown = dict(zip(assignment.order, LETTERS.lower(), strict=False))
    return sorted(shown[position] for position in positions)
