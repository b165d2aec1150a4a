"""What is missing, as sentences that lead to their place on the page."""

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from annotation.labeling.desk import LETTERS
from annotation.labeling.forms import Problem

HEADLINES = (
    gettext_lazy("One thing is missing."),
    gettext_lazy("Two things are missing."),
    gettext_lazy("Three things are missing."),
    gettext_lazy("Four things are missing."),
    gettext_lazy("Five things are missing."),
    gettext_lazy("Several things are missing."),
)
# Answers that stand once on the page, under an id of the same name.
PLACES = ("preference", "confidence", "rationale", "recording", "demonstration")


def headline_of(problems) -> str:
    return str(HEADLINES[min(len(problems), len(HEADLINES)) - 1]) if problems else ""


def problems_of(error, assignment, rubric) -> list[Problem]:
    """One sentence for each thing that is missing or wrong, with the id of its element."""
    problems = _problems_of(error, assignment, rubric)
    for other in getattr(error, "also", []):
        problems += _problems_of(other, assignment, rubric)
    return problems


def _problems_of(error, assignment, rubric) -> list[Problem]:
    about = getattr(error, "field", "")
    letters = letters_of(assignment, getattr(error, "positions", []))
    if about == "ranking" and letters:
        return _ranks(error, assignment, letters)
    if about.startswith("ratings.") and letters:
        return _ratings(about.removeprefix("ratings."), letters, rubric)
    if about == "corrections" and letters:
        return [Problem(str(error), f"response-{letters[0]}")]
    return [Problem(str(error), about if about in PLACES else "")]


def _ranks(error, assignment, letters) -> list[Problem]:
    if assignment.project.ordering == assignment.project.Ordering.PARTIAL:
        return [Problem(str(error), f"response-{letters[0]}")]
    return [
        Problem(_("Rank response %(letter)s.") % {"letter": letter.upper()}, f"response-{letter}")
        for letter in letters
    ]


def _ratings(key, letters, rubric) -> list[Problem]:
    label = next((c.label for c in rubric.criteria_list if c.key == key), key)
    return [
        Problem(
            _("Rate response %(letter)s on “%(label)s”.")
            % {"letter": letter.upper(), "label": label},
            f"rating_{key}_{letter}",
        )
        for letter in letters
    ]


def letters_of(assignment, positions) -> list[str]:
    """The letters under which these positions are shown to this labeler."""
    shown = dict(zip(assignment.order, LETTERS.lower(), strict=False))
    return sorted(shown[position] for position in positions)
