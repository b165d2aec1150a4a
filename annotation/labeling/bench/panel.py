"""The panel beside the answers: ratings, confidence, the rationale, the guideline."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache

from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from annotation.labeling.bench.choice import Choice
from annotation.labeling.bench.ratings import Rated, Rating
from annotation.labeling.desk import LETTERS
from annotation.labeling.forms.marks import SHA256
from annotation.projects.services import rubric_by_id
from annotation.prompts.attachments.guideline import guideline_of

PANEL = "labeling/_rubric.html"
CONFIDENCES = {
    "1": gettext_lazy("a guess"),
    "2": gettext_lazy("rather unsure"),
    "3": gettext_lazy("fairly sure"),
    "4": gettext_lazy("sure"),
    "5": gettext_lazy("certain"),
}


@dataclass(frozen=True)
class RubricPanel:
    """The panel beside the answers: ratings, confidence, the rationale, the guideline."""

    rubric: object | None
    count: int
    rationale_rule: str
    confidence_rule: str = "off"
    has_order: bool = True
    entered: Mapping[str, str] = field(default_factory=dict)
    missing: frozenset[str] = frozenset()  # ids of what must still be answered
    allows_recording: bool = False
    slug: str = ""  # of the project

    @property
    def title(self) -> str:
        if self.has_criteria:
            return _("Rate")
        if self.asks_rationale:
            return _("Why")
        return _("Confidence") if self.asks_confidence else _("Guideline")

    @property
    def has_criteria(self) -> bool:
        return bool(self.rubric and self.rubric.criteria_list and self.count)

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
    def rationale_label(self) -> str:
        return _("Why this order") if self.has_order else _("Why")

    @property
    def rationale_is_missing(self) -> bool:
        return "rationale" in self.missing

    @property
    def asks_recording(self) -> bool:
        return self.asks_rationale and (self.allows_recording or bool(self.recording))

    @property
    def recording(self) -> str:
        """The sha256 of what was spoken, where that is one: a draft may hold anything."""
        value = self.entered.get("recording", "")
        return value if SHA256.fullmatch(value) else ""

    @property
    def recording_url(self) -> str:
        return reverse("prompts:show-attachment", args=[self.slug, self.recording])

    @property
    def asks_confidence(self) -> bool:
        return self.confidence_rule != "off"

    @property
    def needs_ratings(self) -> bool:
        criteria = self.rubric.criteria_list if self.rubric else ()
        return any(criterion.is_required for criterion in criteria)

    @property
    def needs_confidence(self) -> bool:
        return self.confidence_rule == "required"

    @property
    def confidence_is_missing(self) -> bool:
        return "confidence" in self.missing

    @property
    def confidences(self) -> list[Choice]:
        chosen = self.entered.get("confidence", "")
        return [
            Choice(value, str(words), value, value == chosen)
            for value, words in CONFIDENCES.items()
        ]

    @property
    def priorities(self) -> str:
        """Which criterion wins where they conflict, by their labels."""
        return self.rubric.priority_labels if self.has_criteria else ""

    @property
    def guideline_html(self) -> str:
        return guideline_of(self.rubric) if self.rubric and self.rubric.guideline else ""

    @property
    def examples(self) -> list[tuple[str, list[str]]]:
        """(criterion, its examples) of those that have some."""
        criteria = self.rubric.criteria_list if self.rubric else []
        return [
            (criterion.label, [one["text"] for one in criterion.example_list])
            for criterion in criteria
            if criterion.example_list
        ]

    @property
    def is_bare(self) -> bool:
        guideline = self.rubric.guideline if self.rubric else ""
        return not (self.has_criteria or self.asks_rationale or self.asks_confidence or guideline)

    @property
    def on(self) -> str:
        """The response whose ratings are open: with something missing, the first that lacks it."""
        lacking = [name for name in self.missing if name.startswith("rating_")]
        return min((name[-1] for name in lacking), default=self.entered.get("on", "a"))

    @property
    def responses(self) -> list[Rated]:
        criteria = self.rubric.criteria_list if self.rubric else []
        return [
            Rated(letter, [self._rating(criterion, letter) for criterion in criteria])
            for letter in LETTERS.lower()[: self.count]
        ]

    def _rating(self, criterion, letter) -> Rating:
        name = f"rating_{criterion.key}_{letter}"
        return Rating(criterion, letter, self.entered.get(name, ""), name in self.missing)

    @property
    def html(self) -> str:
        """Half of the page's work, and the same for every fresh item: kept for those."""
        if self.rubric and not self.entered and not self.missing:
            rules = {
                "rationale_rule": self.rationale_rule,
                "confidence_rule": self.confidence_rule,
                "has_order": self.has_order,
                "allows_recording": self.allows_recording,
            }
            return _fresh_panel(self.rubric.pk, self.count, tuple(rules.items()), get_language())
        return render_to_string(PANEL, {"panel": self})


@lru_cache(maxsize=256)
def _fresh_panel(rubric_id, count, rules, language):
    panel = RubricPanel(rubric_by_id(rubric_id), count, **dict(rules))
    return render_to_string(PANEL, {"panel": panel})
