"""Which frozen datasets hold a person's judgments, and which models learned from them.

A dataset's own file says so: `rankings.jsonl` names the labeler of each judgment it counted.
"""

import json
from dataclasses import dataclass

from annotation.datasets.models import Dataset, DatasetPerson
from annotation.projects.personal import handles_of
from annotation.runs.models import ModelVersion

RANKINGS = "rankings.jsonl"


@dataclass(frozen=True)
class Held:
    """`judgments`: how many of the person's are in it; None where its files cannot be read."""

    dataset: Dataset
    judgments: int | None


def datasets_with(user) -> list[Held]:
    """Newest first. Reads the datasets of the projects in which the person judged."""
    handles = handles_of(user)
    judged = user.judgments.order_by().values("project").distinct()
    theirs = Dataset.objects.filter(project__in=judged) | Dataset.objects.filter(people__user=user)
    names = dict(DatasetPerson.objects.filter(user=user).values_list("dataset", "name"))
    found = []
    for dataset in theirs.distinct().select_related("project").order_by("-pk"):
        is_of_several = "projects" in dataset.counts  # where labelers have other names
        handle = names.get(dataset.pk) if is_of_several else handles.get(dataset.project_id)
        count = _count(dataset, handle) if handle else 0
        if count != 0:
            found.append(Held(dataset, count))
    return found


def model_versions_from(datasets: list[Dataset]) -> list[ModelVersion]:
    """Trained from these, and tuned further from such a model."""
    found = set(ModelVersion.objects.filter(dataset__in=datasets).values_list("pk", flat=True))
    newest = found
    while newest:
        tuned = ModelVersion.objects.filter(run__base__in=newest)
        newest = set(tuned.values_list("pk", flat=True)) - found
        found |= newest
    listed = ModelVersion.objects.filter(pk__in=found).select_related("project", "dataset")
    return list(listed.order_by("-pk"))


def _count(dataset: Dataset, handle: str) -> int | None:
    # Few lines are this person's: the others are passed over without being read as JSON.
    needle = json.dumps(handle, ensure_ascii=False).encode()
    try:
        with (dataset.folder / RANKINGS).open("rb") as file:
            mine = (json.loads(line) for line in file if needle in line)
            return sum(row["labeler"] == handle for row in mine)
    except (OSError, ValueError):
        return None
