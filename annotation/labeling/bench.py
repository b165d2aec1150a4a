"""The judging page as values: a desk, the rubric and what was entered, ready for the template.

It reads what it is given and asks the database for nothing.
"""

from dataclasses import dataclass, field
from functools import lru_cache

from django.template.loader import render_to_string
from django.urls import reverse

from annotation.core.text import reveal_invisible
from annotation.labeling.desk import LETTERS, Card, Desk, Turn
from annotation.labeling.forms import Problem
from annotation.labeling.verdict import STRENGTHS
from annotation.projects.services import rubric_by_id

SKIP_REASONS = [
    "I do not know the subject",
    "The prompt cannot be understood",
    "The responses are broken",
    "I do not want to read this",
    "Something else",
]
SPEAKERS = {"user": "Person", "assistant": "Model", "system": "Instruction"}
SHOWN_TURNS = 2
PANEL = "labeling/_rubric.html"
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
class Rated:
    """One response in the rubric panel."""

    letter: str
    ratings: list[Rating]

    @property
    def name(self) -> str:
        return self.letter.upper()


@dataclass(frozen=True)
class RubricPanel:
    """The panel beside the answers: ratings, the rationale, the guideline."""

    rubric: object | None
    count: int
    rationale_rule: str
    entered: dict[str, str] = field(default_factory=dict)
    rationale_is_missing: bool = False

    @property
    def has_criteria(self) -> bool:
        return bool(self.rubric and self.rubric.criteria_list)

    @property
    def asks_rationale(self) -> bool:
        return self.rationale_rule != "off"

    @property
    def needs_rationale(self) -> bool:
        return self.rationale_rule == "required"

    @property
    def rationale(self) -> str:
        return self.entered.get("rationale", "")

    @property
    def is_bare(self) -> bool:
        guideline = self.rubric.guideline if self.rubric else ""
        return not (self.has_criteria or self.asks_rationale or guideline)

    @property
    def on(self) -> str:
        """The response whose ratings are open."""
        return self.entered.get("on", "a")

    @property
    def responses(self) -> list[Rated]:
        criteria = self.rubric.criteria_list if self.rubric else []
        return [
            Rated(letter, [self._rating(criterion, letter) for criterion in criteria])
            for letter in LETTERS.lower()[: self.count]
        ]

    def _rating(self, criterion, letter) -> Rating:
        value = self.entered.get(f"rating_{criterion.key}_{letter}", "")
        known = {str(point): point for point in criterion.points}
        return Rating(criterion, letter, known.get(value))

    @property
    def html(self) -> str:
        """Half of the page's work, and the same for every fresh item: kept for those."""
        if self.rubric and not self.entered and not self.rationale_is_missing:
            return _fresh_panel(self.rubric.pk, self.count, self.rationale_rule)
        return render_to_string(PANEL, {"panel": self})


@lru_cache(maxsize=256)
def _fresh_panel(rubric_id, count, rationale_rule):
    panel = RubricPanel(rubric_by_id(rubric_id), count, rationale_rule)
    return render_to_string(PANEL, {"panel": panel})


@dataclass(frozen=True)
class ShownResponse:
    card: Card
    rank: str
    is_missing: bool
    takes_focus: bool

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
    value: str

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
    is_whole_page: bool = True  # in a fragment the script moves the focus, earlier than htmx would

    def __post_init__(self):
        project = self.assignment.project
        self.key = self.assignment.key
        self.token = self.assignment.token
        self.seconds = self.entered.get("seconds", "0")
        self.title = f"Rank {NUMBERS[len(self.desk.cards)]} responses"
        # As text: a template formats every number, which is slow.
        self.ranks = [str(rank) for rank in range(1, len(self.desk.cards) + 1)]
        self.has_floor = project.has_floor
        self.asks_strength = project.asks_strength
        self.panel = RubricPanel(
            rubric=self.rubric,
            count=len(self.desk.cards),
            rationale_rule=project.rationale,
            entered=self.entered,
            rationale_is_missing=any(p.target == "rationale" for p in self.problems),
        )
        self.responses = [
            ShownResponse(
                card=card,
                rank=self.entered.get(f"rank_{card.letter.lower()}", ""),
                is_missing=card.letter.lower() in self.missing,
                takes_focus=card is self.desk.cards[0]
                and self.is_whole_page
                and not self.problems,
            )
            for card in self.desk.cards
        ]
        shown = [ShownTurn(turn) for turn in self.desk.turns]
        self.turn_count = len(shown)
        self.earlier_turns, self.last_turns = shown[:-SHOWN_TURNS], shown[-SHOWN_TURNS:]
        self.turns = shown
        self.strengths = [(str(value), word) for value, word in STRENGTHS.items()]
        self.steps = [
            Step(n, self.entered.get(f"strength_{n}", "")) for n in range(1, len(self.desk.cards))
        ]
        self.strength_text = ",".join(step.value for step in self.steps)
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


def letters_of(assignment, positions) -> list[str]:
    """The letters under which these positions are shown to this labeler."""
    shown = dict(zip(assignment.order, LETTERS.lower(), strict=False))
    return sorted(shown[position] for position in positions)
