"""The queue as its page shows it."""

from dataclasses import dataclass
from functools import cached_property

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from annotation.core.numbers import grouped, localised
from annotation.labeling.models import ItemReview
from annotation.labeling.review.queue import STATES, UNACCEPTABLE, WAITING, WHY, ReviewQueue
from annotation.projects.services import current_rubric


@dataclass(frozen=True)
class Entry:
    """One item of the list. Neither its id in files nor its batch: both can name a generator."""

    review: ItemReview
    spread: float | None
    comparison_count: int

    @property
    def percent(self) -> str:
        return "" if self.spread is None else localised(f"{100 * self.spread:.0f}")

    @property
    def share(self) -> str:
        """For a <meter>: machines read the English way."""
        return f"{self.spread or 0:.3f}"

    @property
    def prompt(self) -> str:
        return self.review.item.prompt.last_message

    @property
    def reasons(self) -> list[str]:
        words = [str(ItemReview.Why(why).label) for why in self.review.why]
        return words + ([_("Reported")] if self.review.is_reported else [])

    @property
    def comparisons(self) -> str:
        count = self.comparison_count
        text = ngettext("%(count)s comparison", "%(count)s comparisons", count)
        return text % {"count": grouped(count)}


@dataclass
class ReviewList:
    queue: ReviewQueue
    page: object

    @property
    def chosen(self):
        return self.queue.chosen

    @property
    def entries(self) -> list[Entry]:
        return [self._entry(review) for review in self.page]

    @cached_property
    def counts(self) -> dict[str, int]:
        return self.queue.counts()

    @property
    def headline(self) -> str:
        count = self.counts[WAITING]
        if not count:
            return _("No disagreement waits for you")
        text = ngettext("%(count)s item waits", "%(count)s items wait", count)
        return text % {"count": grouped(count)}

    @property
    def coming(self) -> str:
        """Why items that waited for reviewers do so no more; nothing where there are none."""
        count = self.queue.coming_count()
        if not count:
            return ""
        text = ngettext(
            "%(count)s item waits for a further judgment first, and comes here once it has it.",
            "%(count)s items wait for a further judgment first, and come here once they have it.",
            count,
        )
        return text % {"count": grouped(count)}

    @property
    def states(self) -> list[tuple[str, str, str]]:
        return [(state, label, grouped(self.counts[state])) for state, label in STATES.items()]

    @property
    def reasons(self) -> list[tuple[str, str]]:
        return list(WHY.items())

    @cached_property
    def rubric(self):
        return current_rubric(self.queue.project)

    @property
    def criteria(self) -> list[tuple[str, str]]:
        criteria = self.rubric.criteria_list if self.rubric else []
        return [(criterion.key, criterion.label) for criterion in criteria]

    @property
    def flags(self) -> list[tuple[str, str]]:
        flags = self.rubric.flags if self.rubric else []
        return [
            (UNACCEPTABLE, _("Somebody said unacceptable")),
            *((flag["key"], flag["label"]) for flag in flags),
        ]

    @cached_property
    def left_out(self) -> int:
        return self.queue.left_out()

    @property
    def measure(self) -> str:
        """What the list is sorted by."""
        labels = dict(self.criteria)
        if self.chosen.criterion:
            return labels.get(self.chosen.criterion, self.chosen.criterion)
        return _("Order")

    @property
    def decided(self) -> int:
        return sum(count for state, count in self.counts.items() if state not in (WAITING, "all"))

    def _entry(self, review) -> Entry:
        if self.chosen.criterion:
            value, count = review.rating_spreads.get(self.chosen.criterion, (None, 0))
            return Entry(review, value, count)
        return Entry(review, review.spread, review.comparison_count)
