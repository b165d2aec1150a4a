"""What the page of exports shows of those that were ordered."""

from dataclasses import dataclass

from annotation.datasets.exports.kept import is_ready
from annotation.datasets.exports.wanted import Wanted, wanted_of
from annotation.datasets.models import Dataset, Export


@dataclass(frozen=True)
class Shown:
    export: Export
    wanted: Wanted
    is_ready: bool
    name: str


@dataclass(frozen=True)
class Made:
    """The newest order first; `is_any_under_way`: whether to ask again soon."""

    rows: list[Shown]

    @property
    def is_any_under_way(self) -> bool:
        return any(one.export.is_under_way for one in self.rows)


def shown_exports(dataset: Dataset) -> Made:
    """Those that are under way, ready, or came to nothing: not what is no longer kept."""
    found = []
    for export in dataset.exports.select_related("job").order_by("-ordered_at"):
        ready = not export.is_under_way and is_ready(export)
        has_ended = export.job is not None and export.job.state in ("failed", "cancelled")
        if ready or has_ended or export.is_under_way:
            wanted = wanted_of(export)
            found.append(Shown(export, wanted, ready, wanted.name_for(dataset)))
    return Made(found)
