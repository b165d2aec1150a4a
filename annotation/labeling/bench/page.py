"""Everything `_judge.html` shows for one assignment."""

from dataclasses import dataclass, field

from django.urls import reverse
from django.utils.translation import gettext as _

from annotation.labeling.bench.cards import ShownResponse, ShownTurn
from annotation.labeling.bench.panel import RubricPanel
from annotation.labeling.desk import LETTERS, Desk
from annotation.labeling.forms import Problem
from annotation.labeling.verdict import STRENGTHS

SKIP_REASONS = [
    "I do not know the subject",
    "The prompt cannot be understood",
    "The responses are broken",
    "I do not want to read this",
    "Something else",
]
SHOWN_TURNS = 2
NUMBERS = ["", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]


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
        self.rubric_id = str(self.rubric.pk) if self.rubric else ""
        self.seconds = self.entered.get("seconds", "0")
        self.title = f"Rank {NUMBERS[len(self.desk.cards)]} responses"
        # As text: a template formats every number, which is slow.
        self.ranks = [str(rank) for rank in range(1, len(self.desk.cards) + 1)]
        self.order_lead = _("Nothing ranked yet")
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
