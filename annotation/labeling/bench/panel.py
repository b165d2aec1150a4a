"""The panel beside the answers: ratings, the rationale, the guideline."""

from dataclasses import dataclass, field
from functools import lru_cache

from django.template.loader import render_to_string

from annotation.labeling.desk import LETTERS
from annotation.projects.services import rubric_by_id

PANEL = "labeling/_rubric.html"


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
