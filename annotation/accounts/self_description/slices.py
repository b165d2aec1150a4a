"""Figures by groups of people, for statistics: the only way to read descriptions of others."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from annotation.accounts.models import SelfDescription
from annotation.accounts.self_description.answers import FIELDS
from annotation.accounts.self_description.seal import names_of, opened

FEWEST = 5
Found = TypeVar("Found")


@dataclass(frozen=True)
class Slice:
    """People who gave the same answer: how many, and the mean of their figures."""

    answer: str
    people: int
    mean: float


def slices(figures: Mapping[int, float]) -> dict[str, list[Slice]]:
    """{"country": [Slice, …], …} of a figure per person, {user id: figure}; largest first.

    A group of fewer than FEWEST people is left out. So is the smallest of the others where only
    one to four people would be left beside those shown: the figure of all, less what is shown,
    would be theirs.
    """
    said = _descriptions(figures)
    return {field: _shown(_grouped(field, said, figures), len(figures)) for field in FIELDS}


def compare_groups(
    people: Sequence[int], compare: Callable[[dict[str, list[str | None]]], Found]
) -> Found:
    """compare(answers): the answers by question, one or None for each of people (user ids), in
    their order. It must return figures of groups of FEWEST or more, coarse enough to keep, and
    neither keep, log nor hand on an answer: this is the one place where answers meet ids."""
    said = _descriptions(people)
    return compare({field: [said.get(one, {}).get(field) for one in people] for field in FIELDS})


def _descriptions(people) -> dict[int, dict]:
    name_of = {name: user_id for user_id in people for name in names_of(user_id)}
    rows = SelfDescription.objects.filter(name__in=list(name_of))
    found = ((name_of[row.name], opened(row.envelope, name=row.name)) for row in rows)
    return {user_id: said for user_id, said in found if said}


def _grouped(field, said, figures) -> list[Slice]:
    groups = defaultdict(list)
    for user_id, answers in said.items():
        if answer := answers.get(field):
            groups[answer].append(figures[user_id])
    made = [Slice(answer, len(found), sum(found) / len(found)) for answer, found in groups.items()]
    return sorted(made, key=lambda one: (-one.people, one.answer))


def _shown(groups: list[Slice], everybody: int) -> list[Slice]:
    shown = [group for group in groups if group.people >= FEWEST]
    while shown and 0 < everybody - sum(group.people for group in shown) < FEWEST:
        shown.pop()
    return shown
