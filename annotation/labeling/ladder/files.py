"""Known answers of the training and the test from a file: all of it, or nothing."""

from django.db import transaction
from django.utils.translation import gettext as _

from annotation.core.errors import DomainError
from annotation.core.strict_json import JSONProblem, loads
from annotation.labeling.gold.making import Known
from annotation.labeling.ladder import items
from annotation.labeling.models import Item
from annotation.labeling.verdict import VerdictError, verdict_from_ranking

MAX_BYTES = 2_000_000
MAX_LINES = 1_000
NAMES = {
    "item",
    "use",
    "section",
    "ranking",
    "unacceptable",
    "ratings",
    "rest_below",
    "tolerance",
    "max_inversions",
    "rating_slack",
    "explanation",
}


class FileRefused(DomainError):
    """`problems`: (line, sentence), as many as there are."""

    def __init__(self, problems: list[tuple[int, str]]):
        super().__init__(_("Nothing was added: the file has problems."))
        self.problems = problems


def add_from_file(*, project, actor, data: bytes) -> int:
    """One JSON object a line. Returns how many were added; FileRefused names each bad line."""
    if len(data) > MAX_BYTES:
        raise DomainError(_("The file is too long: at most %(most)d MB.") % {"most": 2})
    lines = [line for line in enumerate(data.splitlines(), start=1) if line[1].strip()]
    if not lines or len(lines) > MAX_LINES:
        raise DomainError(_("A file has 1 to %(most)d lines.") % {"most": MAX_LINES})
    problems: list[tuple[int, str]] = []
    with transaction.atomic():
        for number, line in lines:
            try:
                with transaction.atomic():
                    _add(project, actor, line)
            except (DomainError, JSONProblem) as error:
                problems.append((number, str(error)))
        if problems:
            raise FileRefused(problems)
    return len(lines)


def _add(project, actor, line: bytes) -> None:
    row = loads(line)
    if not isinstance(row, dict):
        raise DomainError(_("A line is a JSON object."))
    if unknown := set(row) - NAMES:
        raise DomainError(_("There is no field “%(name)s”.") % {"name": min(unknown)})
    item = Item.objects.filter(project=project, external_id=str(row.get("item", ""))).first()
    if item is None:
        raise DomainError(_("The project has no item with this id."))
    item.project = project
    use, section = _place(project, actor, row)
    items.add_item(item=item, actor=actor, known=_known(item, row), use=use, section=section)


def _place(project, actor, row):
    if row.get("use") == "training":
        return "training", None
    name = row.get("section")
    if row.get("use") != "test" or not isinstance(name, str):
        raise DomainError(_("“use” is “training”, or “test” with a “section”."))
    section = project.test_sections.filter(name=name.strip()).first()
    if section is None:
        section = items.save_section(project=project, actor=actor, name=name, pass_percent=80)
    return "test", section


def _known(item, row) -> Known:
    positions = dict(item.item_responses.values_list("key", "position"))
    try:
        verdict = verdict_from_ranking(
            positions=positions,
            ranking=row.get("ranking", []),
            unacceptable=row.get("unacceptable", []),
            ratings=row.get("ratings", {}),
            rest_below=bool(row.get("rest_below", False)),
        )
    except VerdictError:
        raise
    except (TypeError, AttributeError, ValueError) as error:
        raise DomainError(_("The answer cannot be read.")) from error
    explanation, tolerance = row.get("explanation", ""), row.get("tolerance", "exact")
    numbers = [row.get("max_inversions"), row.get("rating_slack", 1)]
    if not all(isinstance(one, str) for one in (explanation, tolerance)) or not all(
        one is None or (isinstance(one, int) and 0 <= one <= 99) for one in numbers
    ):
        raise DomainError(_("The answer cannot be read."))
    return Known(
        verdict=verdict,
        tolerance=tolerance,
        max_inversions=numbers[0],
        rating_slack=1 if numbers[1] is None else numbers[1],
        explanation=explanation,
    )
