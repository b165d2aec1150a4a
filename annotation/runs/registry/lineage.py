"""What a model version comes from, and what came of it."""

from dataclasses import dataclass

from annotation.datasets.models import Dataset
from annotation.runs.models import ModelVersion, TrainingRun


@dataclass(frozen=True)
class Ancestor:
    """A version that this one was made from, or the reward model that it was to please."""

    version: ModelVersion
    is_reward: bool
    depth: int


def ancestors(version: ModelVersion) -> list[Ancestor]:
    """Everything it was made from, nearest first, each once. Runs only look back: no circle."""
    found: dict[int, Ancestor] = {}
    waiting = [(version, 0)]
    while waiting:
        one, depth = waiting.pop(0)
        for parent, is_reward in ((one.run.base_id, False), (one.run.reward_id, True)):
            if parent is not None and parent not in found:
                made = ModelVersion.objects.select_related("run", "dataset").get(pk=parent)
                found[parent] = Ancestor(made, is_reward, depth + 1)
                waiting.append((made, depth + 1))
    return list(found.values())


def datasets_behind(version: ModelVersion) -> list[Dataset]:
    """Every dataset that it or what it was made from was trained on."""
    behind = [version.dataset, *(ancestor.version.dataset for ancestor in ancestors(version))]
    return list({dataset.pk: dataset for dataset in behind}.values())


def children(version: ModelVersion) -> list[TrainingRun]:
    """Trainings that started from it or were to please it."""
    runs = version.tuned_by.all() | version.pleased_by.all()
    return list(runs.distinct().select_related("job", "model_version").order_by("pk"))


def judgments_behind(dataset: Dataset) -> int | None:
    """How many judgments the dataset counted: a line each in rankings.jsonl."""
    files = dataset.manifest.get("counts", {}).get("files", {})
    return files.get("rankings.jsonl", {}).get("rows")
