"""What the page of exports shows: what may be ordered, and what was."""

from dataclasses import dataclass

from annotation.datasets.exports.kept import is_ready
from annotation.datasets.exports.wanted import Wanted, may_have_rows, wanted_of
from annotation.datasets.formats.catalogue import FORMATS, RATED, Document, Format
from annotation.datasets.formats.frozen import SPLITS
from annotation.datasets.models import Dataset, Export
from annotation.datasets.voices import read_voices


@dataclass(frozen=True)
class Offer:
    """A format, `missing` the reason where nothing of the dataset has a place in it, and its
    splits with whether they have rows."""

    form: Format | Document
    missing: str
    splits: dict[str, bool]


def offers_of(dataset: Dataset) -> list[Offer]:
    splits = [split for split in SPLITS if dataset.counts["prompts"][split]]
    found = []
    for form in FORMATS.values():
        has_rows = may_have_rows(dataset, form)
        if has_rows and form.made_of == RATED:
            has_rows = read_voices(dataset).is_rated
        missing = "" if has_rows else str(form.made_of.missing)
        held = {split: may_have_rows(dataset, form, split) for split in splits}
        found.append(Offer(form, missing, held))
    return found


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
