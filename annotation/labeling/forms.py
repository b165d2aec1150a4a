"""What the judging page's form says, as a verdict. The names in the form go by the letters that
are shown (`rank_a`), never by the item's own order: that could tell who wrote what."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field

from annotation.labeling.desk import LETTERS
from annotation.labeling.verdict import Verdict, VerdictError, check_seconds, verdict_from_choices

# What a draft keeps: what was entered, not the form's machinery.
KEPT = ("rank_", "strength_", "rating_", "rationale", "seconds", "on")
MAX_VALUE = 20_000


@dataclass(frozen=True)
class Problem:
    """What is missing or wrong, and the element that it is about."""

    text: str
    target: str = ""


@dataclass
class JudgmentForm:
    """Parses one submit. `entered` gives every field back as it was typed."""

    data: Mapping[str, str]
    problems: list[Problem] = field(default_factory=list)

    @property
    def entered(self) -> dict[str, str]:
        return entered_in(self.data)

    @property
    def key(self) -> uuid.UUID | None:
        try:
            return uuid.UUID(self.data.get("key", ""))
        except ValueError:
            return None

    @property
    def seconds(self) -> float | None:
        """Nobody loses a judgment over a stopwatch: what is not a time counts as unknown."""
        try:
            return check_seconds(float(self.data.get("seconds") or "nan"))
        except (ValueError, VerdictError):
            return None

    def verdict(self, assignment, rubric) -> Verdict:
        """What was decided; VerdictError where a field says what it cannot, with `problems`."""
        count = len(assignment.order)
        criteria = rubric.criteria_list if rubric else []
        choices, ratings = {}, {criterion.key: {} for criterion in criteria}
        for position, letter in zip(assignment.order, LETTERS.lower(), strict=False):
            choices[position] = self._rank(letter, count)
            for criterion in criteria:
                ratings[criterion.key][position] = self._rating(criterion, letter)
        strength = [self._strength(step) for step in range(1, count)]
        if self.key is None:
            self.problems.append(Problem("This page is broken. Reload it and submit again."))
        if self.problems:
            raise VerdictError(self.problems[0].text, field="form")
        return verdict_from_choices(
            choices,
            response_count=count,
            strength=strength,
            ratings=ratings,
            rationale=self.data.get("rationale", "").replace("\r\n", "\n"),
        )

    def _rank(self, letter, count):
        value = self.data.get(f"rank_{letter}", "")
        if value in ("", "x"):
            return value or None
        if value in [str(rank) for rank in range(1, count + 1)]:
            return int(value)
        text = f"Response {letter.upper()} has a rank that is not one of 1 to {count}."
        self.problems.append(Problem(text, f"response-{letter}"))
        return None

    def _strength(self, step):
        value = self.data.get(f"strength_{step}", "")
        if value in ("", "1", "2", "3"):
            return int(value) if value else None
        self.problems.append(Problem("A strength is slightly, clearly or far."))
        return None

    def _rating(self, criterion, letter):
        name = f"rating_{criterion.key}_{letter}"
        value = self.data.get(name, "")
        if not value:
            return None
        if value in {str(point) for point in criterion.points}:
            return int(value)
        text = f"“{criterion.label}” of response {letter.upper()} is not on the scale."
        self.problems.append(Problem(text, name))
        return None


def entered_in(data: Mapping[str, str]) -> dict[str, str]:
    """The part of a form that a draft keeps, bounded."""
    return {
        name: str(value)[:MAX_VALUE]
        for name, value in data.items()
        if name.startswith(KEPT) and len(name) <= 100
    }
