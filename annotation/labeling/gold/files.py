"""Known answers from a file: a JSON Lines row for each item, all of them or none."""

from collections.abc import Iterator, Mapping
from typing import IO, Any

from django.db import transaction

from annotation.core.errors import DomainError
from annotation.core.strict_json import LineReader
from annotation.labeling.gold import rule
from annotation.labeling.gold.making import Known, checked, make_gold
from annotation.labeling.imports.fields import list_of, object_of, text_of, whole_of, yes_no_of
from annotation.labeling.imports.item_import import read_lines
from annotation.labeling.imports.problems import Problems, RowRefused, name_of_type
from annotation.labeling.models import GoldItem, Item
from annotation.labeling.verdict import VerdictError, verdict_from_ranking
from annotation.projects.models import RubricVersion
from annotation.projects.services import current_rubric

KEYS = frozenset(
    {
        "item",
        "ranking",
        "unacceptable",
        "rest_below",
        "ratings",
        "tolerance",
        "max_inversions",
        "rating_slack",
        "explanation",
    }
)


class FileRefused(DomainError):
    """What is wrong with it, by line and field, is in `problems`."""

    def __init__(self, problems: Problems):
        super().__init__("The file was refused.")
        self.problems = problems


def import_gold(*, project, stream: IO[bytes], actor) -> int:
    """Make gold of items that are there. Returns of how many; FileRefused, and nothing is made,
    where any line is wrong."""
    problems, found, rubric = Problems(), {}, current_rubric(project)

    def read(line: int, value: Any) -> None:
        item, known = _read(project, rubric, value)
        if item.pk in found:
            raise RowRefused(("item", f"is on line {found[item.pk][0]} already"))
        found[item.pk] = (line, item, known)

    read_lines(LineReader(stream), read, problems, lambda done: None)
    if problems:
        raise FileRefused(problems)
    with transaction.atomic():
        for line, item, known in found.values():
            try:
                make_gold(item=item, actor=actor, known=known)
            except DomainError as error:
                problems.add(line, "item", str(error))
        if problems:
            raise FileRefused(problems)
    return len(found)


def _read(project, rubric: RubricVersion | None, value: Any) -> tuple[Item, Known]:
    if not isinstance(value, dict):
        raise RowRefused(("", f"must be an object, is {name_of_type(value)}"))
    if unknown := sorted(value.keys() - KEYS):
        raise RowRefused(*((key, "is no field of this format") for key in unknown))
    name = text_of(value.get("item"), "item")
    item = Item.objects.filter(project=project, external_id=name).first()
    if item is None:
        raise RowRefused(("item", f"there is no item “{name[:200]}” in this project"))
    if GoldItem.objects.filter(item=item).exists():
        raise RowRefused(("item", "has a known answer already"))
    item.project = project
    positions = dict(item.item_responses.values_list("key", "position"))
    try:
        return item, checked(known_answer(value, positions), item=item, rubric=rubric)
    except VerdictError as error:
        raise RowRefused((error.field, str(error))) from None


def known_answer(value: dict[str, Any], positions: Mapping[str, int]) -> Known:
    """A line's answer; `positions` says where each response's id stands in the item. RowRefused
    and VerdictError name the field."""
    slack = whole_of(value.get("rating_slack"), "rating_slack")
    verdict = verdict_from_ranking(
        positions=positions,
        ranking=list(_tiers(value)),
        unacceptable=_names(value.get("unacceptable"), "unacceptable"),
        rest_below=yes_no_of(value.get("rest_below"), "rest_below"),
        ratings={
            criterion: object_of(given, f"ratings.{criterion}")
            for criterion, given in object_of(value.get("ratings"), "ratings").items()
        },
    )
    return Known(
        verdict=verdict,
        tolerance=text_of(value.get("tolerance"), "tolerance") or rule.EXACT,
        max_inversions=whole_of(value.get("max_inversions"), "max_inversions"),
        rating_slack=1 if slack is None else slack,
        explanation=text_of(value.get("explanation"), "explanation"),
    )


def _tiers(value: dict[str, Any]) -> Iterator[list[str]]:
    for place, tier in enumerate(list_of(value.get("ranking"), "ranking")):
        yield _names(tier, f"ranking[{place}]")


def _names(value: Any, field: str) -> list[str]:
    names = list_of(value, field)
    for place, name in enumerate(names):
        if not isinstance(name, str):
            reason = f"must be the id of a response, is {name_of_type(name)}"
            raise RowRefused((f"{field}[{place}]", reason))
    return names
