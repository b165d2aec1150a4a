"""Everything the page of an item shows: judgments, what is said of them, what came of it."""

import uuid
from dataclasses import dataclass, field
from functools import cached_property

from django.utils import timezone

from annotation.core.markup import render_untrusted
from annotation.labeling.bench.order import OrderAsk
from annotation.labeling.bench.ranks import Ranks
from annotation.labeling.bench.ratings import Rating
from annotation.labeling.calibration.majority import majority_fields
from annotation.labeling.calibration.outcomes import latest_verdict, verdict_of
from annotation.labeling.calibration.people import People, Person
from annotation.labeling.calibration.seats import Seat
from annotation.labeling.calibration.shown import ShownItem
from annotation.labeling.calibration.talking import EDIT_WITHIN, note_read
from annotation.labeling.forms import Problem
from annotation.labeling.forms.entered import order_and_ratings
from annotation.labeling.item_views import order_line
from annotation.labeling.models import (
    CalibrationItem,
    CalibrationOutcome,
    CalibrationPost,
    GoldItem,
)
from annotation.labeling.refused import Refused
from annotation.projects.services import current_rubric


@dataclass(frozen=True)
class ShownPost:
    post: CalibrationPost
    person: Person
    is_new: bool
    may_edit: bool
    may_remove: bool
    replies: list["ShownPost"] = field(default_factory=list)

    @property
    def html(self):
        return render_untrusted(self.post.text)


@dataclass(frozen=True)
class ShownOutcome:
    outcome: CalibrationOutcome
    person: Person
    order: str


@dataclass(frozen=True)
class AskedResponse:
    """One response in the form for the agreed verdict."""

    letter: str
    ranks: Ranks | None
    ratings: list[Rating]


class ItemPage:
    def __init__(
        self,
        seat: Seat,
        found: CalibrationItem,
        *,
        entered: dict[str, str] | None = None,
        problems: list[Problem] | None = None,
        typed: str = "",
        typed_in: str = "",
        error: str = "",
    ):
        self.seat, self.found, self.round = seat, found, seat.round
        self.people = People(seat.round, seat.user)
        self.shown = ShownItem(found, self.people)
        self.key = uuid.uuid4()
        self.problems = problems or []
        self.typed, self.typed_in, self.error = typed, typed_in, error
        self.refused: Refused | None = None
        self.read_before = note_read(found=found, reader=seat.user)
        self.rubric = current_rubric(seat.project)
        self.agreed = verdict_of(found)
        self.latest = latest_verdict(found)
        self.entered = entered or self._beginning()
        self.may_talk = seat.round.is_discussed

    @cached_property
    def posts(self) -> list[ShownPost]:
        rows = list(self.found.posts.all())
        replies: dict[int, list[ShownPost]] = {}
        for post in rows:
            if post.parent_id:
                replies.setdefault(post.parent_id, []).append(self._post(post))
        return [self._post(post, replies.get(post.pk)) for post in rows if not post.parent_id]

    @property
    def editable(self) -> set[int]:
        """The posts that have a form to change them."""
        shown = [one for top in self.posts for one in (top, *top.replies)]
        return {one.post.pk for one in shown if one.may_edit}

    def _post(self, post, replies=None) -> ShownPost:
        person = self.people[post.author_id]
        is_there = post.removed_at is None and self.may_talk
        is_fresh = post.created_at > timezone.now() - EDIT_WITHIN
        return ShownPost(
            post=post,
            person=person,
            is_new=post.pk > self.read_before and not person.is_own,
            may_edit=is_there and person.is_own and is_fresh,
            may_remove=is_there and (person.is_own or self.seat.may_manage),
            replies=replies or [],
        )

    @cached_property
    def outcomes(self) -> list[ShownOutcome]:
        letters = self.shown.letters
        return [
            ShownOutcome(
                outcome,
                self.people[outcome.author_id],
                order_line(outcome, letters) if outcome.kind == "agreed" else "",
            )
            for outcome in self.found.outcomes.all()
            # Who takes part also works: which items are gold is not for them.
            if outcome.kind != CalibrationOutcome.Kind.GOLD or self.seat.may_review
        ]

    @property
    def may_conclude(self) -> bool:
        return self.may_talk and self.seat.may_review

    @cached_property
    def is_gold(self) -> bool:
        return GoldItem.objects.filter(item=self.found.item_id).exists()

    @cached_property
    def order_ask(self) -> OrderAsk:
        return OrderAsk(self.seat.project, len(self.shown.desk.cards), self.entered)

    @cached_property
    def asked(self) -> list[AskedResponse]:
        return [self._asked(card.letter.lower()) for card in self.shown.desk.cards]

    def _asked(self, letter: str) -> AskedResponse:
        ranks = Ranks(
            letter=letter,
            count=len(self.shown.desk.cards),
            has_floor=self.order_ask.has_floor,
            chosen=self.entered.get(f"rank_{letter}", ""),
        )
        criteria = self.rubric.criteria_list if self.rubric else []
        missing = {problem.target for problem in self.problems}
        ratings = []
        for criterion in criteria:
            name = f"rating_{criterion.key}_{letter}"
            chosen = self.entered.get(name, "")
            ratings.append(Rating(criterion, letter, chosen, is_missing=name in missing))
        return AskedResponse(letter.upper(), ranks if self.order_ask.has_ranks else None, ratings)

    @property
    def example_text(self) -> str:
        """To start from: what was asked, and the agreed order."""
        parts = [self.found.item.prompt.last_message[:500]]
        parts += [order_line(self.agreed, self.shown.letters)] if self.agreed else []
        parts += [self.agreed.note] if self.agreed and self.agreed.note else []
        return "\n\n".join(parts)

    def _beginning(self) -> dict[str, str]:
        """The form begins with what was agreed, else with what most said."""
        if self.agreed is not None:
            agreed = order_and_ratings(self.agreed, self.shown.seat.order)
            return agreed | {"note": self.agreed.note}
        return majority_fields(self.shown.judgments, self.shown.seat.order)
