"""The criteria of the rubric for each response, point by point."""

from dataclasses import dataclass

from django.utils.translation import gettext as _

from annotation.labeling.bench.choice import Choice
from annotation.labeling.verdict.model import NOT_APPLICABLE

FEW_POINTS = 5  # fit beside the label
MOST_PLACES = 11  # judge.css shows the words of one point of so many


@dataclass(frozen=True)
class Rating:
    """One criterion for one response."""

    criterion: object
    letter: str
    value: str
    is_missing: bool = False

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
    def css(self) -> str:
        """Where the points go, and how their words are shown."""
        count = len(self.criterion.points)
        marks = {
            "broad": not self.criterion.is_yes_no and count > FEW_POINTS,
            "long": count > MOST_PLACES,
            "missing": self.is_missing,
        }
        return "".join(f" {name}" for name, holds in marks.items() if holds)

    @property
    def points(self) -> list[Choice]:
        if self.criterion.is_yes_no:
            return [self._point(1, _("Yes")), self._point(0, _("No"))]
        return [self._point(point, str(point)) for point in self.criterion.points]

    def _point(self, point: int, face: str) -> Choice:
        """`words` is what a screen reader says: the point, and what it stands for."""
        words = (
            face
            if self.criterion.is_yes_no
            else _("%(point)d of %(last)d") % {"point": point, "last": self.criterion.scale_max}
        )
        if anchor := self.criterion.anchors.get(str(point)):
            words = f"{words}. {anchor}"
        return Choice(str(point), words, face, str(point) == self.value)

    @property
    def not_applicable(self) -> Choice | None:
        if not self.criterion.allows_na:
            return None
        is_chosen = self.value == NOT_APPLICABLE
        return Choice(NOT_APPLICABLE, _("Not applicable"), _("n/a"), is_chosen)

    @property
    def anchors(self) -> list[tuple[int, str]]:
        """The words of each point that has some, by its place from the left."""
        places = enumerate(self.points, start=1)
        words = self.criterion.anchors
        return [
            (place, f"{point.short}: {words[point.value]}")
            for place, point in places
            if words.get(point.value)
        ]

    @property
    def ends(self) -> str:
        """The scale in one line, until a value is chosen."""
        words = self.criterion.anchors
        low, high = str(self.criterion.scale_min), str(self.criterion.scale_max)
        if low in words and high in words and not self.criterion.is_yes_no:
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
