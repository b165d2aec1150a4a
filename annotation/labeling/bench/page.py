"""Everything `_judge.html` shows for one assignment."""

from dataclasses import dataclass, field

from django.urls import reverse
from django.utils.translation import gettext_noop

from annotation.labeling.bench.cards import ShownResponse, ShownTurn
from annotation.labeling.bench.flags import FlagList
from annotation.labeling.bench.order import OrderAsk
from annotation.labeling.bench.panel import RubricPanel
from annotation.labeling.bench.problems import headline_of
from annotation.labeling.bench.ranks import Ranks
from annotation.labeling.bench.writing import WritingDesk
from annotation.labeling.desk import Desk
from annotation.labeling.forms import Problem

# Kept as they stand here; the page says them in the labeler's language.
SKIP_REASONS = [
    gettext_noop("I do not know the subject"),
    gettext_noop("The prompt cannot be understood"),
    gettext_noop("The responses are broken"),
    gettext_noop("I do not want to read this"),
    gettext_noop("Something else"),
]
SHOWN_TURNS = 2


@dataclass
class Bench:
    """Everything `_judge.html` shows for one assignment."""

    assignment: object
    desk: Desk
    rubric: object | None
    entered: dict[str, str] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    is_whole_page: bool = True  # in a fragment the script moves the focus, earlier than htmx would
    revises: object | None = None  # the judgment that another verdict is to take the place of
    opened: str = ""  # what a page without script asked to see, such as "edit_a"
    dropped: dict[str, str] = field(default_factory=dict)  # corrections just discarded

    def __post_init__(self):
        project = self.assignment.project
        self.key = self.assignment.key
        self.token = self.assignment.token
        saved = self.assignment.draft_at
        self.draft_at = str(int(saved.timestamp() * 1000)) if saved else ""
        self.rubric_id = str(self.rubric.pk) if self.rubric else ""
        self.is_uncovered = "shown" in self.entered
        self.seconds = self.entered.get("seconds", "0")
        self.headline = headline_of(self.problems)
        self.missing = frozenset(problem.target for problem in self.problems)
        self.order = OrderAsk(project, len(self.desk.cards), self.entered)
        self.title = self.order.title
        self.has_flags = bool(self.rubric and self.rubric.flags)
        self.panel = RubricPanel(
            rubric=self.rubric,
            count=len(self.desk.cards),
            rationale_rule=project.rationale,
            confidence_rule=project.confidence,
            has_order=self.order.kind != "none",
            entered=self.entered,
            missing=self.missing,
            allows_recording=project.allows_recording,
            slug=project.slug,
        )
        self.writing = WritingDesk(
            project=project,
            rubric=self.rubric,
            cards=self.desk.cards,
            entered=self.entered,
            opened=self.opened,
            dropped=self.dropped,
            missing=self.missing,
        )
        self.responses = [self._response(card) for card in self.desk.cards]
        turns = [ShownTurn(turn) for turn in self.desk.turns]
        self.instructions = [turn for turn in turns if turn.is_instruction]
        self.turns = [turn for turn in turns if not turn.is_instruction]
        self.turn_count = len(self.turns)
        self.earlier_turns = self.turns[:-SHOWN_TURNS]
        self.last_turns = self.turns[-SHOWN_TURNS:]
        # A long last turn is read from its beginning, which its end would scroll away.
        self.opens_at_its_end = self.turn_count > 1 and self.turns[-1].is_short
        self.skip_reasons = SKIP_REASONS
        self._set_addresses()

    def _set_addresses(self):
        """Where the form goes. A revision has no draft on the server, no lease, and no skip."""
        self.draft_url = self.lease_url = self.skip_url = ""
        here = [self.assignment.project.slug, self.assignment.pk]
        self.here = reverse("labeling:submit-judgment", args=here)
        if self.revises is not None:
            self.submit_url = reverse("labeling:revise", args=[self.revises.pk])
            self.next_revision = self.revises.revision + 1
            return
        self.submit_url = self.here
        self.draft_url = reverse("labeling:save-draft", args=here)
        self.lease_url = reverse("labeling:renew-lease", args=here)
        self.skip_url = reverse("labeling:skip-item", args=here)
        self.report_url = reverse("labeling:report", args=here)
        self.ask_url = reverse("labeling:ask", args=here)

    def _response(self, card) -> ShownResponse:
        letter = card.letter.lower()
        is_first = card is self.desk.cards[0]
        ranks = Ranks(
            letter=letter,
            count=len(self.desk.cards),
            has_floor=self.order.has_floor,
            chosen=self.entered.get(f"rank_{letter}", ""),
            takes_focus=is_first and self.is_whole_page and not self.problems,
        )
        return ShownResponse(
            card=card,
            ranks=ranks if self.order.has_ranks else None,
            flags=FlagList(self.rubric, letter, self.entered),
            is_missing=f"response-{letter}" in self.missing,
            writing=self.writing.on(card),
        )
