"""The form for a known answer: the desk's own fields, and how near is near enough.

Responses are shown in the order of their positions, so that the letter a is position 1.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from uuid import uuid4

from django.utils.translation import gettext as _

from annotation.labeling.bench.choice import Choice
from annotation.labeling.bench.ranks import Ranks
from annotation.labeling.bench.ratings import Rating
from annotation.labeling.desk import LETTERS
from annotation.labeling.forms import JudgmentForm, Problem
from annotation.labeling.gold import rule
from annotation.labeling.gold.making import Known
from annotation.labeling.models import Assignment, GoldItem
from annotation.labeling.verdict import VerdictError
from annotation.labeling.verdict.rules import asks_scale

KEPT = ("rank_", "rating_", "tolerance", "max_inversions", "explanation")
MAX_NUMBER = 32_767


@dataclass
class AnswerForm:
    """Reads one answer, and shows it again field by field."""

    item: object
    rubric: object | None
    data: Mapping[str, str]
    problems: list[Problem] = field(default_factory=list)

    @property
    def entered(self) -> dict[str, str]:
        return {name: value for name, value in self.data.items() if name.startswith(KEPT)}

    def known(self) -> Known:
        """What was entered; VerdictError where it cannot be read, with `problems`."""
        form = JudgmentForm(self.entered | {"key": str(uuid4())}, self.problems)
        tolerance = self.data.get("tolerance", rule.EXACT)
        most = self._number("max_inversions", _("Pairs are counted in whole numbers."))
        slack = self._number("rating_slack", _("Points are counted in whole numbers."))
        verdict = form.verdict(assignment_of(self.item), self.rubric)
        return Known(
            verdict=verdict,
            tolerance=tolerance,
            max_inversions=most if tolerance == rule.INVERSIONS else None,
            rating_slack=1 if slack is None else slack,
            explanation=self.data.get("explanation", "").replace("\r\n", "\n"),
        )

    def _number(self, name: str, otherwise: str) -> int | None:
        value = self.data.get(name, "").strip()
        if not value:
            return None
        if value.isascii() and value.isdigit() and int(value[:9]) <= MAX_NUMBER:
            return int(value[:9])
        self.problems.append(Problem(otherwise, name))
        return None

    def blame(self, error: Exception) -> None:
        """What a service refused becomes a problem beside its field."""
        if self.problems:
            return
        name = error.field if isinstance(error, VerdictError) else ""
        self.problems.append(Problem(str(error), self._target(name)))

    def _target(self, name: str) -> str:
        """The element on the page that a field of an answer stands for."""
        if name in ("ranking", "unacceptable") or not name:
            return "response-a"
        return f"{name.replace('ratings.', 'rating_')}_a" if name.startswith("ratings.") else name

    # What the template shows.

    @property
    def has_ranks(self) -> bool:
        return self.item.project.ordering != "none"

    @property
    def ranks(self) -> list[Ranks]:
        project, count = self.item.project, self.item.response_count
        has_floor = project.has_floor or (asks_scale(project, count) and project.has_both)
        return [
            Ranks(letter, count, has_floor, self.data.get(f"rank_{letter}", ""))
            for letter in LETTERS.lower()[:count]
        ]

    @property
    def criteria(self) -> list[tuple[str, list[Rating]]]:
        """(the criterion's words, its rating of each response)."""
        letters = LETTERS.lower()[: self.item.response_count]
        return [
            (
                criterion.label,
                [
                    Rating(criterion, one, self.data.get(f"rating_{criterion.key}_{one}", ""))
                    for one in letters
                ],
            )
            for criterion in (self.rubric.criteria_list if self.rubric else [])
        ]

    @property
    def tolerances(self) -> list[Choice]:
        chosen = self.data.get("tolerance") or rule.EXACT
        fitting = GoldItem.Tolerance.choices if self.has_ranks else []
        return [Choice(value, label, "", value == chosen) for value, label in fitting]

    @property
    def max_inversions(self) -> str:
        return self.data.get("max_inversions", "")

    @property
    def rating_slack(self) -> str:
        return self.data.get("rating_slack", "1")

    @property
    def explanation(self) -> str:
        return self.data.get("explanation", "")

    @property
    def wrong(self) -> frozenset[str]:
        return frozenset(problem.target for problem in self.problems)


def assignment_of(item) -> Assignment:
    """One that is never saved: the item with its responses by position, as forms read it."""
    places = list(range(1, item.response_count + 1))
    return Assignment(item=item, project=item.project, order=places)


def entered_from(said, *, of_gold=None) -> dict[str, str]:
    """The form's fields for an answer; `of_gold` has the rest where it is one already."""
    entered: dict[str, str] = {}
    for letter, rank, bad in zip(LETTERS.lower(), said.ranks, said.unacceptable, strict=False):
        if bad or rank is not None:
            entered[f"rank_{letter}"] = "x" if bad else str(rank)
    for key, values in said.ratings.items():
        for letter, value in zip(LETTERS.lower(), values, strict=False):
            if value is not None:
                entered[f"rating_{key}_{letter}"] = str(value)
    if of_gold is not None:
        most = of_gold.max_inversions
        entered |= {
            "tolerance": of_gold.tolerance,
            "max_inversions": "" if most is None else str(most),
            "rating_slack": str(of_gold.rating_slack),
            "explanation": of_gold.explanation,
        }
    return entered
