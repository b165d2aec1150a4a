"""An item of a revealed round: the responses, and what each person said of them, side by side.

The letters are the same for everybody here, in an order that says nothing. Each person judged
under letters of their own, so their words come with what those letters stand for.
"""

import hashlib
from dataclasses import dataclass
from functools import cached_property
from statistics import mean

from django.utils.translation import gettext as _

from annotation.core.charts.heat_maps import HeatMap, heat_map
from annotation.core.charts.scales import plain
from annotation.core.harms import labels_of
from annotation.labeling.bench.cards import ShownTurn
from annotation.labeling.calibration.people import People, Person
from annotation.labeling.desk import LETTERS, desk_for
from annotation.labeling.exports.reading import read_written
from annotation.labeling.exports.rows import JudgedItem
from annotation.labeling.item_views import order_line
from annotation.labeling.models import CalibrationItem, Judgment
from annotation.labeling.said import Said, said_beside
from annotation.labeling.verdict.model import NOT_APPLICABLE
from annotation.projects.models import Criterion


@dataclass(frozen=True)
class SharedDesk:
    """What drawing a desk and reading its form need, as an Assignment has it, without a lease."""

    item: object
    project: object
    order: list[int]

    @property
    def item_id(self) -> int:
        return self.item.pk

    @property
    def letters(self) -> list[str]:
        """The letter of each position, the first position first."""
        shown = dict(zip(self.order, LETTERS, strict=False))
        return [shown[position] for position in sorted(shown)]


def shared_desk(found: CalibrationItem) -> SharedDesk:
    item = found.item
    positions = range(1, item.response_count + 1)
    order = sorted(positions, key=lambda place: _shuffled(item.pk, place))
    return SharedDesk(item, item.project, order)


def _shuffled(item_id: int, position: int) -> bytes:
    return hashlib.sha256(f"calibration:{item_id}:{position}".encode()).digest()


def judgments_of(found: CalibrationItem) -> list[Judgment]:
    """As they were when the round was revealed."""
    rows = Judgment.objects.filter(pk__in=found.round.judgment_ids, item=found.item)
    return list(rows.select_related("item", "rubric_version").order_by("pk"))


@dataclass(frozen=True)
class Column:
    """One person's judgment."""

    person: Person
    judgment: Judgment
    order: str
    translation: str
    said: Said


@dataclass(frozen=True)
class RatingRow:
    letter: str
    values: list[str]
    mean: str
    spread: str


@dataclass(frozen=True)
class CriterionTable:
    label: str
    rows: list[RatingRow]


class ShownItem:
    """Everything the page says of one item's judgments."""

    def __init__(self, found: CalibrationItem, people: People):
        self.found, self.people = found, people
        self.item = found.item
        self.seat = shared_desk(found)
        self.letters = self.seat.letters
        self.desk = desk_for(self.seat)
        self.turns = [ShownTurn(turn) for turn in self.desk.turns]
        self.warnings = labels_of(self.item.warnings)
        by_labeler = {one.labeler_id: one for one in judgments_of(found)}
        shown = [pk for pk in people.in_order() if pk in by_labeler]
        self.judgments = [by_labeler[pk] for pk in shown]
        self.without = [people[pk] for pk in people.in_order() if pk not in by_labeler]

    @cached_property
    def columns(self) -> list[Column]:
        written = read_written(judgment.pk for judgment in self.judgments)
        texts = {card.position: card.text for card in self.desk.cards}
        judged = JudgedItem("", self.letters, texts)
        return [
            Column(
                person=self.people[judgment.labeler_id],
                judgment=judgment,
                order=order_line(judgment, self.letters),
                translation=self._translation(judgment),
                said=said_beside(judgment, judged, written.get(judgment.pk, [])),
            )
            for judgment in self.judgments
        ]

    def _translation(self, judgment) -> str:
        """Which response this person's letters stood for."""
        pairs = zip(LETTERS, judgment.order, strict=False)
        return ", ".join(
            _("%(theirs)s is %(here)s") % {"theirs": theirs, "here": self.letters[position - 1]}
            for theirs, position in pairs
        )

    @cached_property
    def distribution(self) -> HeatMap | None:
        """How many put each response where; None where nobody put them in order."""
        places = list(range(1, self._lowest_place + 1))
        if not places and not any(any(one.unacceptable) for one in self.judgments):
            return None
        columns = [*map(str, places), _("bad"), _("none")]
        rows = []
        for card in self.desk.cards:
            at = card.position - 1
            ranks = [None if one.unacceptable[at] else one.ranks[at] for one in self.judgments]
            bad = sum(one.unacceptable[at] for one in self.judgments)
            counts = [*(ranks.count(place) for place in places), bad, ranks.count(None) - bad]
            rows.append((card.letter, [float(count) or None for count in counts]))
        share = len(self.judgments) / 6
        return heat_map(
            label=_("How many put each response in which place"),
            columns=columns,
            rows=rows,
            steps=[share * step for step in (1, 2, 3, 4, 5)],
            low_needs_attention=False,
            missing="0",
            number=plain,
        )

    @property
    def _lowest_place(self) -> int:
        ranks = [rank for one in self.judgments for rank in one.ranks if rank]
        return max(ranks, default=0)

    @cached_property
    def criteria(self) -> list[CriterionTable]:
        keys = list(dict.fromkeys(key for one in self.judgments for key in one.ratings))
        labels = dict(
            Criterion.objects.filter(rubric_version__project=self.item.project, key__in=keys)
            .order_by("rubric_version__number")
            .values_list("key", "label")
        )
        return [
            CriterionTable(
                labels.get(key, key), [self._rating_row(key, card) for card in self.desk.cards]
            )
            for key in keys
        ]

    def _rating_row(self, key: str, card) -> RatingRow:
        values = [(one.ratings.get(key) or {}) for one in self.judgments]
        said = [value[card.position - 1] if value else None for value in values]
        numbers = [value for value in said if isinstance(value, int)]
        return RatingRow(
            letter=card.letter,
            values=[_words(value) for value in said],
            mean=plain(round(mean(numbers), 2)) if numbers else "–",
            spread=_("%(low)s to %(high)s") % {"low": min(numbers), "high": max(numbers)}
            if numbers
            else "–",
        )


def _words(value) -> str:
    if value is None:
        return "–"
    return _("n/a") if value == NOT_APPLICABLE else str(value)
