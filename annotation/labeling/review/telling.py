"""What a labeler is told of a decision: their own order, the settled one, what differs."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from annotation.labeling.desk import LETTERS
from annotation.labeling.item_views import order_line
from annotation.labeling.models import Adjudication, Feedback, Judgment
from annotation.labeling.review.spread import order_spread


@dataclass(frozen=True)
class Told:
    """In the letters under which the labeler saw the responses."""

    judgment: Judgment
    adjudication: Adjudication
    is_current: bool  # else it was taken back, or settled otherwise, since

    @property
    def is_settled(self) -> bool:
        return self.adjudication.outcome == Adjudication.Outcome.SETTLED

    @property
    def news(self) -> str:
        """What happened, where the reviewer wrote nothing."""
        if self.adjudication.outcome == Adjudication.Outcome.APPROVED:
            return _("A reviewer looked at the judgments of this item and approved them.")
        if self.adjudication.outcome == Adjudication.Outcome.REOPENED:
            return _("The decision about this item was taken back: reviewers look at it again.")
        return ""

    @property
    def is_approved(self) -> bool:
        return self.adjudication.outcome == Adjudication.Outcome.APPROVED

    @property
    def settled(self) -> str:
        return order_line(self.adjudication, self._letters())

    @property
    def agreement(self) -> str:
        """How much of the order is the same, in one sentence."""
        spread = order_spread([self.judgment, self.adjudication])
        if spread.value is None:
            return ""
        if not spread.value:
            return _("The order is the one that you gave.")
        same = round(spread.count * (1 - spread.value))
        text = ngettext(
            "Of %(count)d pair of responses you put %(same)d in this order.",
            "Of %(count)d pairs of responses you put %(same)d in this order.",
            spread.count,
        )
        return text % {"count": spread.count, "same": same}

    @property
    def changes(self) -> list[dict]:
        """The responses that lie in another place: {"letter", "own", "settled"}."""
        rows = [
            {
                "letter": letter,
                "own": place_of(self.judgment, position),
                "settled": place_of(self.adjudication, position),
            }
            for position, letter in enumerate(self._letters(), start=1)
        ]
        return sorted(
            (row for row in rows if row["own"] != row["settled"]), key=lambda row: row["letter"]
        )

    @property
    def renamed(self) -> str:
        """The reviewer saw the responses in another order: which of their letters is which."""
        mine = self._letters()
        seen = zip(LETTERS, self.adjudication.order, strict=False)
        pairs = [(letter, mine[position - 1]) for letter, position in seen]
        if all(one == other for one, other in pairs):
            return ""
        return ", ".join(f"{one} = {other}" for one, other in pairs)

    def _letters(self) -> list[str]:
        count = len(self.judgment.ranks)
        shown = dict(zip(self.judgment.order or range(1, count + 1), LETTERS, strict=False))
        return [shown[position] for position in range(1, count + 1)]


def place_of(verdict, position: int) -> str:
    """The place of a response in a verdict, in a word."""
    if verdict.unacceptable[position - 1]:
        return _("unacceptable")
    rank = verdict.ranks[position - 1]
    return _("not ranked") if rank is None else str(rank)


def told_by(feedback: Iterable[Feedback]) -> dict[int, Told]:
    """{feedback: what it tells} for those that tell of a decision. One statement."""
    telling = {row.adjudication_id: row for row in feedback if row.adjudication_id}
    current = set(
        Adjudication.objects.filter(pk__in=telling).current().values_list("pk", flat=True)
    )
    return {
        row.pk: Told(row.judgment, row.adjudication, row.adjudication_id in current)
        for row in feedback
        if row.adjudication_id
    }
