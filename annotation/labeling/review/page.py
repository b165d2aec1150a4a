"""What a reviewer sees of an item: the judgments side by side, and the form for a verdict."""

import uuid
from dataclasses import dataclass, field
from functools import cached_property

from django.utils.translation import gettext as _

from annotation.core.harms import labels_of
from annotation.labeling.bench.cards import ShownTurn
from annotation.labeling.bench.order import OrderAsk
from annotation.labeling.bench.ranks import Ranks
from annotation.labeling.bench.ratings import Rating
from annotation.labeling.desk import desk_for
from annotation.labeling.exports.reading import read_written
from annotation.labeling.exports.rows import JudgedItem
from annotation.labeling.forms import Problem
from annotation.labeling.forms.entered import order_and_ratings
from annotation.labeling.item_views import order_line
from annotation.labeling.models import Adjudication, Feedback, ItemResponse, ItemReview, Judgment
from annotation.labeling.refused import Refused
from annotation.labeling.review.entries import work_judgments
from annotation.labeling.review.seat import Seat, shuffled_judgments
from annotation.labeling.review.spread import order_spread
from annotation.labeling.said import Said, said_beside
from annotation.projects.services import current_rubric

EXAMPLE_TEXT = 250  # characters of each response that an example begins with


@dataclass(frozen=True)
class Judge:
    """One labeler's judgment, as a column beside the others."""

    number: int
    judgment: Judgment
    order: str
    said: Said
    feedback: list[Feedback]
    handle: str = ""  # empty while the page is blind
    is_own: bool = False

    @property
    def name(self) -> str:
        return self.handle or _("Labeler %(number)d") % {"number": self.number}

    @property
    def can_revise(self) -> bool:
        return self.judgment.assignment_id is not None


@dataclass(frozen=True)
class Row:
    """One response in a table of the judgments: what each labeler said, and the field."""

    letter: str
    values: list[str]
    ranks: Ranks | None = None
    rating: Rating | None = None


@dataclass
class ReviewPage:
    """Everything `review/item.html` shows of one item."""

    item: object
    project: object
    reviewer: object
    is_unblinded: bool = False
    entered: dict[str, str] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    start_from: int | None = None  # the id of the judgment that the form begins with
    refused: Refused | None = None  # what was to be returned, and was not

    def __post_init__(self):
        self.key = uuid.uuid4()
        self.seat = Seat.of(self.item, self.project, self.reviewer)
        self.rubric = current_rubric(self.project)
        self.desk = desk_for(self.seat)
        self.turns = [ShownTurn(turn) for turn in self.desk.turns]
        self.warnings = labels_of(self.item.warnings)
        found = work_judgments(item=self.item).select_related("item", "rubric_version")
        self.judgments = shuffled_judgments(found, self.item, self.reviewer)
        self.revisions = list(
            Adjudication.objects.filter(item=self.item)
            .select_related("reviewer", "returned")
            .order_by("-revision")
        )
        self.review = ItemReview.objects.filter(item=self.item).first()
        self.spread = order_spread(self.judgments)
        if not self.entered:
            self.entered = self._beginning()

    @property
    def latest(self) -> Adjudication | None:
        return self.revisions[0] if self.revisions else None

    @property
    def returnable(self) -> set[int]:
        """The judgments that have a form to return them."""
        return {one.judgment.pk for one in self.judges if one.can_revise and not one.is_own}

    @property
    def decision(self) -> Adjudication | None:
        """The decision that holds."""
        latest = self.latest
        return None if latest is None or latest.outcome == "reopened" else latest

    @property
    def settled(self) -> Adjudication | None:
        decision = self.decision
        return decision if decision and decision.outcome == "settled" else None

    @property
    def seen(self) -> int:
        return self.latest.revision if self.latest else 0

    @property
    def settled_order(self) -> str:
        return order_line(self.settled, self.seat.letters) if self.settled else ""

    @property
    def example_text(self) -> str:
        """To start from: what was asked, how the responses begin, the verdict and its reason."""
        if self.settled is None:
            return ""
        begin = [f"{card.letter}: {card.text[:EXAMPLE_TEXT]}" for card in self.desk.cards]
        asked = self.item.prompt.last_message[: 2 * EXAMPLE_TEXT]
        return "\n\n".join([asked, *begin, self.settled_order, self.settled.reason])

    @property
    def came_later(self) -> int:
        """Judgments that the decision did not see."""
        seen = set(self.decision.judgment_ids) if self.decision else set()
        return sum(judgment.pk not in seen for judgment in self.judgments)

    @property
    def is_own(self) -> bool:
        return any(judge.is_own for judge in self.judges)

    @property
    def headline(self) -> str:
        """The finding, as the page's title."""
        if not self.judgments:
            return _("Nobody has judged this item yet")
        if self.spread.value is None:
            return _("Nothing to compare: fewer than two orders of these responses")
        if not self.spread.value:
            return _("All labelers put the responses in the same order")
        return _("The labelers contradict each other by %(percent)d %%") % {
            "percent": round(100 * self.spread.value)
        }

    @cached_property
    def responses(self) -> list[dict]:
        """The cards; what wrote each only once the page is not blind any more."""
        written_by = {}
        if self.is_unblinded:
            placed = ItemResponse.objects.filter(item=self.item).select_related(
                "response__generator"
            )
            written_by = {
                row.position: row.response.generator or _("unknown generator") for row in placed
            }
        return [
            {"card": card, "generator": written_by.get(card.position)} for card in self.desk.cards
        ]

    @cached_property
    def judges(self) -> list[Judge]:
        handles = {}
        if self.is_unblinded:
            handles = dict(self.project.memberships.values_list("user_id", "handle"))
        letters = self.seat.letters
        written = read_written(judgment.pk for judgment in self.judgments)
        texts = {card.position: card.text for card in self.desk.cards}
        judged = JudgedItem("", letters, texts)
        feedback = list(
            Feedback.objects.filter(judgment__in=self.judgments).in_words().order_by("pk")
        )
        return [
            Judge(
                number=number,
                judgment=judgment,
                order=order_line(judgment, letters),
                said=said_beside(judgment, judged, written.get(judgment.pk, [])),
                feedback=[row for row in feedback if row.judgment_id == judgment.pk],
                handle=handles.get(judgment.labeler_id, ""),
                is_own=judgment.labeler_id == self.reviewer.pk,
            )
            for number, judgment in enumerate(self.judgments, start=1)
        ]

    @cached_property
    def order_ask(self) -> OrderAsk:
        return OrderAsk(self.project, len(self.desk.cards), self.entered)

    @cached_property
    def order_rows(self) -> list[Row]:
        """A row for each response: the place that each labeler gave it."""
        return [
            Row(
                card.letter,
                [_place(judgment, card.position) for judgment in self.judgments],
                ranks=self._ranks(card),
            )
            for card in self.desk.cards
        ]

    @cached_property
    def criteria(self) -> list[dict]:
        """The same for each criterion of the rubric in force."""
        criteria = self.rubric.criteria_list if self.rubric else []
        return [
            {
                "criterion": criterion,
                "rows": [
                    Row(
                        card.letter,
                        [
                            _rated(judgment, criterion.key, card.position)
                            for judgment in self.judgments
                        ],
                        rating=self._rating(criterion, card),
                    )
                    for card in self.desk.cards
                ],
            }
            for criterion in criteria
        ]

    def _ranks(self, card) -> Ranks | None:
        if not self.order_ask.has_ranks:
            return None
        letter = card.letter.lower()
        return Ranks(
            letter=letter,
            count=len(self.desk.cards),
            has_floor=self.order_ask.has_floor,
            chosen=self.entered.get(f"rank_{letter}", ""),
        )

    def _rating(self, criterion, card) -> Rating:
        name = f"rating_{criterion.key}_{card.letter.lower()}"
        return Rating(
            criterion,
            card.letter.lower(),
            self.entered.get(name, ""),
            is_missing=any(problem.target == name for problem in self.problems),
        )

    def _beginning(self) -> dict[str, str]:
        """The form begins with the settled verdict, or with the judgment that was chosen."""
        chosen = [one for one in self.judgments if one.pk == self.start_from]
        source = chosen[0] if chosen else self.settled
        if source is None:
            return {}
        entered = order_and_ratings(source, self.seat.order)
        if source is self.settled:
            entered["reason"] = source.reason
        return entered


def _place(judgment, position: int) -> str:
    if judgment.unacceptable[position - 1]:
        return "×"
    rank = judgment.ranks[position - 1]
    return "–" if rank is None else str(rank)


def _rated(judgment, key: str, position: int) -> str:
    values = judgment.ratings.get(key)
    value = values[position - 1] if values else None
    if value is None:
        return "–"
    return _("n/a") if value == "na" else str(value)
