"""What rankings.jsonl tells a card, read once: it is the largest file of a dataset."""

from collections import Counter
from dataclasses import dataclass, field

from annotation.datasets.finding import place_of
from annotation.datasets.formats.frozen import RANKINGS, Frozen
from annotation.datasets.models import Dataset
from annotation.datasets.opinions import SOURCE as AI_JUDGE
from annotation.projects.models import Project


@dataclass
class Voices:
    """`given`: judgments by labeler, of people alone; `versions`: of the rubric, by project. Of a
    machine: the revisions that its opinions name, and the principles it judged by."""

    given: Counter[str] = field(default_factory=Counter)
    versions: dict[Project, set[int]] = field(default_factory=dict)
    revisions: set[int] = field(default_factory=set)
    principles: set[str] = field(default_factory=set)


def read_voices(dataset: Dataset) -> Voices:
    found = Voices()
    for line in Frozen(dataset.folder).lines(RANKINGS):
        row = line.row
        if row.get("source") == AI_JUDGE:
            found.revisions.add(row["revision"])
            if row.get("principle"):
                found.principles.add(row["principle"])
        else:
            found.given[row["labeler"]] += 1
        if row["rubric_version"] is not None:
            project, _external_id = place_of(dataset, row["item"])
            if project is not None:
                found.versions.setdefault(project, set()).add(row["rubric_version"])
    return found
