"""One submit, field by field: what can be read becomes a verdict, what cannot a problem."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from django.utils.translation import gettext as _

from annotation.labeling.desk import LETTERS
from annotation.labeling.forms import marks
from annotation.labeling.forms.problem import Problem
from annotation.labeling.forms.quoted import read_quotes
from annotation.labeling.verdict import Verdict, VerdictError, check_seconds, verdict_from_choices
from annotation.labeling.verdict.model import NOT_APPLICABLE
from annotation.labeling.verdict.rules import asks_scale

# What a draft keeps: what was entered, not the form's machinery.
KEPT = (
    "rank_",
    "strength_",
    "preference",
    "rating_",
    "flag_",
    "highlights",
    "quote_",
    "edit_",
    "demonstration",
    "confidence",
    "rationale",
    "recording",
    "seconds",
    "on",
    "shown",
)


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
    def rubric_id(self) -> int | None:
        """The rubric version that the page showed."""
        return whole_number(self.data.get("rubric", ""))

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
        letters = dict(zip(LETTERS.lower(), assignment.order, strict=False))
        criteria = rubric.criteria_list if rubric else []
        choices = {position: self._rank(letter, count) for letter, position in letters.items()}
        ratings = {
            criterion.key: {
                position: self._rating(criterion, letter) for letter, position in letters.items()
            }
            for criterion in criteria
        }
        strength = [self._strength(step) for step in range(1, count)]
        said = marks.read_marks(self.data, letters, rubric, self.problems)
        quoted = read_quotes(self.data, letters, assignment, self.problems)
        said["highlights"] = tuple(sorted(said["highlights"] + quoted))
        said |= self._scale(assignment)
        if self.key is None:
            self.problems.append(Problem(_("This page is broken. Reload it and submit again.")))
        if self.problems:
            raise VerdictError(self.problems[0].text, field="form")
        verdict = verdict_from_choices(
            choices,
            response_count=count,
            strength=strength,
            ratings=ratings,
            rationale=text_in(self.data, "rationale"),
            **said,
        )
        return _with_rest_below(verdict, assignment.project)

    def _rank(self, letter, count):
        value = self.data.get(f"rank_{letter}", "")
        if value in ("", "x"):
            return value or None
        if value in [str(rank) for rank in range(1, count + 1)]:
            return int(value)
        text = _("Response %(letter)s has a rank that is not one of 1 to %(count)d.") % {
            "letter": letter.upper(),
            "count": count,
        }
        self.problems.append(Problem(text, f"response-{letter}"))
        return None

    def _strength(self, step):
        value = self.data.get(f"strength_{step}", "")
        if value in ("", "1", "2", "3"):
            return int(value) if value else None
        self.problems.append(Problem(_("A strength is slightly, clearly or far.")))
        return None

    def _rating(self, criterion, letter):
        name = f"rating_{criterion.key}_{letter}"
        value = self.data.get(name, "")
        if not value:
            return None
        if value == NOT_APPLICABLE and criterion.allows_na:
            return value
        if value in {str(point) for point in criterion.points}:
            return int(value)
        text = _("“%(label)s” of response %(letter)s is not on the scale.") % {
            "label": criterion.label,
            "letter": letter.upper(),
        }
        self.problems.append(Problem(text, name))
        return None

    def _scale(self, assignment) -> dict:
        """The answer on the scale: in the form below 0 is for A, in the verdict for position 1."""
        project, value = assignment.project, self.data.get("preference", "")
        if not value or not asks_scale(project, len(assignment.order)):
            return {}
        if value in ("good", "bad"):
            return {"scale": project.scale_points, "both": value}
        try:
            chosen = int(value)
        except ValueError:
            self.problems.append(Problem(_("The preference is not on the scale."), "preference"))
            return {}
        is_turned = assignment.order[0] != 1
        return {"scale": project.scale_points, "preference": -chosen if is_turned else chosen}


def _with_rest_below(verdict: Verdict, project) -> Verdict:
    """In a top-k ranking, whatever was left out lies below."""
    has_rest = any(
        rank is None and not bad
        for rank, bad in zip(verdict.ranks, verdict.unacceptable, strict=True)
    )
    is_partial = project.ordering == project.Ordering.PARTIAL
    if is_partial and project.top_k and has_rest and verdict.tier_count:
        return replace(verdict, rest_below=True)
    return verdict


def whole_number(value: str) -> int | None:
    """A positive id as a form spells it, or None."""
    return int(value) if value.isascii() and value.isdigit() and len(value) < 16 else None


def text_in(data: Mapping[str, str], name: str) -> str:
    """A text as it was typed: forms send every line end as two characters."""
    return data.get(name, "").replace("\r\n", "\n")


def entered_in(data: Mapping[str, str]) -> dict[str, str]:
    """The part of a form that a draft keeps, whole: what is too long is refused elsewhere, in
    words, and never cut."""
    return {
        name: str(value)
        for name, value in data.items()
        if name.startswith(KEPT) and len(name) <= 100
    }
