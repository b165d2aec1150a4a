"""What rankings.jsonl tells a card, read once: it is the largest file of a dataset."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from annotation.datasets.finding import place_of
from annotation.datasets.formats.frozen import RANKINGS, Frozen
from annotation.datasets.formats.judged import has_ratings
from annotation.datasets.models import Dataset
from annotation.datasets.opinions import SOURCE as AI_JUDGE
from annotation.datasets.sources import SEPARATOR
from annotation.projects.models import Project

MOST = 64  # datasets that a process remembers


@dataclass(frozen=True)
class Voices:
    """`given`: how many judgments each labeler gave, of people alone and without their names;
    `versions`: of the rubric, by project. Of a machine: the revisions that its opinions name, and
    the principles it judged by. `is_rated`: somebody rated a response by a criterion."""

    given: tuple[int, ...]
    versions: Mapping[Project, frozenset[int]]
    revisions: frozenset[int]
    principles: frozenset[str]
    is_rated: bool


def read_voices(dataset: Dataset) -> Voices:
    given, used, revisions, principles, is_rated = _counted(
        dataset.folder, "projects" in dataset.counts
    )
    versions: dict[Project, frozenset[int]] = {}
    for item, numbers in used:
        project, _external_id = place_of(dataset, item)
        if project is not None:
            versions[project] = numbers
    return Voices(given, versions, revisions, principles, is_rated)


# The folder is named by the hash of all that is in it: what was read of it once holds for good.
@lru_cache(maxsize=MOST)
def _counted(folder: Path, are_several: bool):
    """`used`: an item of each project, and the rubric's versions in it."""
    given: Counter[str] = Counter()
    used: dict[str, tuple[str, set[int]]] = {}
    revisions, principles = set(), set()
    is_rated = False
    for line in Frozen(folder).lines(RANKINGS):
        row = line.row
        is_rated = is_rated or has_ratings(row)
        if row.get("source") == AI_JUDGE:
            revisions.add(row["revision"])
            if row.get("principle"):
                principles.add(row["principle"])
        else:
            given[row["labeler"]] += 1
        if row["rubric_version"] is not None:
            slug = row["item"].partition(SEPARATOR)[0] if are_several else ""
            used.setdefault(slug, (row["item"], set()))[1].add(row["rubric_version"])
    return (
        tuple(sorted(given.values())),
        [(item, frozenset(numbers)) for item, numbers in used.values()],
        frozenset(revisions),
        frozenset(principles),
        is_rated,
    )
