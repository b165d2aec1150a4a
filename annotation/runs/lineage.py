"""From a row of a dataset back to its judgments, and on to every model that saw it."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from annotation.datasets.access import datasets_in
from annotation.datasets.finding import items_named, lines_of_item, name_in, place_of
from annotation.datasets.formats.frozen import CHOSEN, FIRST, RANKINGS, Line
from annotation.datasets.models import Dataset
from annotation.datasets.opinions import judge_of, name_of, run_of
from annotation.datasets.policy import Policy
from annotation.labeling.models import Item, Judgment
from annotation.runs.models import ModelVersion, TrainingRun

# Which files a kind of training reads; one that is not here reads the comparisons.
READS = {"sft": ("sft",), "rl": ("preferences", "ties", "sft")}
COMPARISONS = ("preferences", "ties")
HOW = {
    "train": gettext_lazy("trained on it"),
    "dev": gettext_lazy("watched while it was trained"),
    "test": gettext_lazy("measured by it"),
}
ONLY_PROMPT = gettext_lazy("answered its prompt while it was trained")


@dataclass(frozen=True)
class Source:
    """A judgment behind a row. `is_kept` is False where it cannot be found any more; `labeler`
    is empty for whoever may not know it."""

    name: str
    labeler: str
    revision: int
    is_kept: bool
    is_current: bool = False
    is_judge: bool = False
    when: object = None


@dataclass(frozen=True)
class Use:
    run: TrainingRun
    how: str
    version: ModelVersion | None
    heirs: list[ModelVersion] = field(default_factory=list)


def item_of(dataset: Dataset, line: Line) -> Item | None:
    """None for what was written to no item, and where it is not in the project any more."""
    if line.row["item"] is None:
        return None
    return items_named(dataset, [line.row["item"]]).get(line.row["item"])


def sources_of(dataset: Dataset, line: Line, *, with_names: bool) -> list[Source]:
    """The judgments that made the row, in its own order; for an example those of its item."""
    names = _judgment_names(dataset, line)
    item = line.row["item"]
    project, external_id = (None, "") if item is None else place_of(dataset, item)
    if project is None:
        return []
    rows = Judgment.objects.filter(project=project, item__external_id=external_id)
    people = _people(dataset)
    found = {(row.labeler_id, row.revision): row for row in rows.filter(is_repeat=False)}
    newest = {labeler: max(r for who, r in found if who == labeler) for labeler, _r in found}
    judge = judge_of(project, Policy.from_json(dataset.policy))
    machine = judge and name_of(judge)
    sources = []
    for handle, revision in names:
        if handle == machine:
            sources.append(_of_judge(judge, item, handle, revision))
            continue
        user = people.get(handle)
        row = found.get((user, revision))
        shown = handle if with_names else ""
        sources.append(
            Source(
                name=f"{item}/{shown}/{revision}",
                labeler=shown,
                revision=revision,
                is_kept=row is not None,
                is_current=row is not None and newest[user] == revision,
                when=row and row.submitted_at,
            )
        )
    return sources


def _of_judge(judge, item: str, name: str, revision: int) -> Source:
    """An opinion of an AI judge, which is nobody's to hide."""
    run = run_of(judge, revision)
    return Source(
        name=f"{item}/{name}/{revision}",
        labeler=name,
        revision=revision,
        is_kept=run is not None,
        is_current=run is not None,
        is_judge=True,
        when=run and run.created_at,
    )


def _people(dataset: Dataset) -> dict[str, int]:
    """The user's id by the name that the dataset calls them."""
    if "projects" in dataset.counts:
        return dict(dataset.people.values_list("name", "user_id"))
    return dict(dataset.project.memberships.values_list("handle", "user_id"))


def _judgment_names(dataset: Dataset, line: Line) -> list[tuple[str, int]]:
    row = line.row
    if line.name == RANKINGS:
        return [(row["labeler"], row["revision"])]
    if "judgments" in row:
        parts = (name.rsplit("/", 2) for name in row["judgments"])
        return [(handle, int(revision)) for _item, handle, revision in parts]
    if row["item"] is None:
        return []
    return [
        (one.row["labeler"], one.row["revision"])
        for one in lines_of_item(dataset, row["prompt_sha256"], row["item"])
        if one.name == RANKINGS
    ]


def uses_of(dataset: Dataset, lines: Iterable[Line]) -> list[Use]:
    """Every run on the dataset that read one of the lines, with its model and what came of it."""
    seen = {tuple(line.name.split(".")) for line in lines if line.name != RANKINGS}
    heirs = _Heirs(dataset.project)
    found = []
    for run in dataset.runs.select_related("job", "model_version").order_by("-pk"):
        read = READS.get(run.kind, COMPARISONS)
        splits = [split for kind, split in seen if kind in read]
        if not splits:
            continue
        split = min(splits, key=list(HOW).index)
        how = ONLY_PROMPT if run.kind == "rl" and split == "train" else HOW[split]
        version = getattr(run, "model_version", None)
        found.append(Use(run, str(how), version, heirs.of(version) if version else []))
    return found


class _Heirs:
    """Which models were made of which, by base or by a reward model's taste."""

    def __init__(self, project):
        runs = TrainingRun.objects.filter(Q(base__isnull=False) | Q(reward__isnull=False))
        self.children: dict[int, list[ModelVersion]] = {}
        versions = ModelVersion.objects.filter(project=project, run__in=runs)
        for version in versions.select_related("run").order_by("pk"):
            for parent in {version.run.base_id, version.run.reward_id} - {None}:
                self.children.setdefault(parent, []).append(version)

    def of(self, version: ModelVersion) -> list[ModelVersion]:
        found: dict[int, ModelVersion] = {}
        waiting = [version.pk]
        while waiting:
            for child in self.children.get(waiting.pop(), ()):
                if child.pk not in found:
                    found[child.pk] = child
                    waiting.append(child.pk)
        return list(found.values())


def holds_same(line: Line, other: Line) -> bool:
    """The same two responses, or the same example or judgment, whatever became of it."""
    if line.name.partition(".")[0] in COMPARISONS and other.name.partition(".")[0] in COMPARISONS:
        return _ids(line) == _ids(other)
    if line.name.partition(".")[0] != other.name.partition(".")[0]:
        return False
    keys = ("labeler", "revision") if line.name == RANKINGS else ("response_id", "source")
    return all(line.row[key] == other.row[key] for key in keys)


def _ids(line: Line) -> set[str]:
    sides = CHOSEN if "chosen" in line.row else FIRST
    return {line.row[f"{side}_id"] for side in sides}


@dataclass(frozen=True)
class Held:
    """What another dataset holds of it."""

    dataset: Dataset
    lines: list[Line]

    @property
    def words(self) -> str:
        """Such as “2 comparisons, 1 example to imitate (train)”."""
        kinds = {
            "preferences": _("comparisons"),
            "ties": _("ties"),
            "sft": _("examples to imitate"),
            RANKINGS: _("judgments"),
        }
        counts: dict[str, int] = {}
        for line in self.lines:
            name = line.name.partition(".")[0]
            counts[name] = counts.get(name, 0) + 1
        said = ", ".join(f"{count} {kinds[name]}" for name, count in counts.items())
        splits = {line.name.partition(".")[2] or line.row["split"] for line in self.lines}
        return f"{said} ({', '.join(sorted(splits))})"


def datasets_holding(project, item: Item, user, *, but: int = 0) -> list[Held]:
    """The project's datasets that the user may see with lines of the item, newest first."""
    found = []
    for dataset in datasets_in(project, user).exclude(pk=but).order_by("-pk"):
        if lines := lines_of_item(dataset, item.prompt.sha256, name_in(dataset, item)):
            found.append(Held(dataset, lines))
    return found
