"""Taking a frozen dataset away: all of a format in a folder, or in a ZIP."""

import shutil
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

from django.utils.translation import gettext as _

from annotation.core import audit
from annotation.core.errors import DomainError
from annotation.core.hashing import sha256_of_file
from annotation.core.strict_json import canonical, loads
from annotation.datasets import store
from annotation.datasets.card import card_of
from annotation.datasets.formats.catalogue import Document, Format
from annotation.datasets.formats.frozen import RANKINGS, Frozen, Heard, nobody
from annotation.datasets.formats.writing import FORMAT, RECORD, Written, write
from annotation.datasets.models import Dataset
from annotation.datasets.voices import Voices
from annotation.projects.services import current_rubric

CARD = "README.md"
PIECE = 1 << 18


def export_as(
    *,
    dataset: Dataset,
    form: Format | Document,
    target: Path,
    as_parquet: bool = False,
    pseudonymous: bool = False,
    force: bool = False,
) -> dict:
    """Write all of the export into `target`, or nothing. Returns what export.json says."""
    check_target(target, force=force)
    target.parent.mkdir(parents=True, exist_ok=True)
    with written(dataset, form, as_parquet=as_parquet, pseudonymous=pseudonymous,
                 beside=target.parent) as (folder, record):  # fmt: skip
        _clear(target)
        for path in _files(folder):
            place = target / path.relative_to(folder)
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.move(path, place)
    return record


def _clear(target: Path) -> None:
    """Take away what an export before this one lists, and nothing that somebody else put there:
    files of two exports side by side would look like one."""
    try:
        listed = loads((target / RECORD).read_bytes())["files"]
    except (OSError, DomainError, KeyError, TypeError):
        return
    root = target.resolve()
    for name in (*listed, RECORD):
        path = (target / name).resolve()
        if path.is_relative_to(root) and path.is_file():
            path.unlink()


def check_target(target: Path, *, force: bool) -> None:
    if target.exists() and not target.is_dir():
        raise DomainError(f"{target} is a file, not a folder.")
    if not force and target.is_dir() and any(target.iterdir()):
        raise DomainError(f"{target} is not empty. Name another folder, or add --force.")


@contextmanager
def written(
    dataset: Dataset,
    form: Format | Document,
    *,
    as_parquet: bool = False,
    pseudonymous: bool = False,
    beside: Path | None = None,
    heard: Heard = nobody,
    voices: Voices | None = None,
) -> Iterator[tuple[Path, dict]]:
    """The export in a folder that is gone afterwards, and its record. `heard` is told of each
    line that is read, by its prompt; `voices` are for the card, where they were read already."""
    check_whole(dataset)
    frozen = reader(dataset, pseudonymous=pseudonymous, heard=heard)
    with tempfile.TemporaryDirectory(prefix=store.PART, dir=beside) as name:
        folder = Path(name)
        found = write(
            frozen,
            form,
            folder,
            as_parquet=as_parquet,
            title=str(dataset),
            guidelines=guidelines_of(dataset),
        )
        if not any(found.rows.values()):
            raise NoRows()
        card = card_of(dataset, form, found, voices=voices)
        (folder / CARD).write_text(card, encoding="utf-8")
        found.others.append(CARD)
        record = _record(dataset, form, folder, found)
        (folder / RECORD).write_bytes(canonical(record) + b"\n")
        yield folder, record


class NoRows(DomainError):
    """Nothing of a dataset, or of its split, has a place in the form that was asked for. Without
    figures or names: a job keeps the sentence, and a page of another language translates it."""

    def __init__(self, *, is_split: bool = False):
        if is_split:
            super().__init__(_("This split has no rows in this form."))
        else:
            super().__init__(_("This dataset has no rows in this form."))


def check_whole(dataset: Dataset) -> None:
    """An export of a changed file would carry the dataset's name, and be something else."""
    if found := store.problems(dataset.folder, dataset.manifest):
        raise DomainError(f"This dataset is damaged: {' '.join(found)}")


def reader(dataset: Dataset, *, pseudonymous: bool = False, heard: Heard = nobody) -> Frozen:
    frozen = Frozen(dataset.folder, heard=heard)
    # One of several projects has pseudonyms of its own, and other names would say less, not more.
    if not pseudonymous or dataset.sources.exists():
        return frozen
    handles = sorted({line.row["labeler"] for line in frozen.lines(RANKINGS)})
    names = {handle: f"labeler-{place}" for place, handle in enumerate(handles, start=1)}
    return Frozen(dataset.folder, names.__getitem__, heard)


def zipped(folder: Path, into: BinaryIO, *, at: datetime, alive: Callable[[], None]) -> None:
    """The folder's files as a ZIP, compressed quickly: texts shrink to a third. All of them have
    the time `at`, so that the same files give the same bytes whenever they are packed."""
    with zipfile.ZipFile(into, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for path in _files(folder):
            info = zipfile.ZipInfo(str(path.relative_to(folder)), at.timetuple()[:6])
            info.compress_type, info.external_attr = zipfile.ZIP_DEFLATED, 0o644 << 16
            info.file_size = path.stat().st_size
            with path.open("rb") as file, archive.open(info, "w") as packed:
                while piece := file.read(PIECE):
                    packed.write(piece)
                    alive()


def record_export(*, dataset: Dataset, form, actor, how: str) -> None:
    audit.record(
        "dataset.exported",
        actor=actor,
        project=dataset.project,
        target=f"dataset:{dataset.pk}",
        format=form.key,
        how=how,
    )


def _record(dataset: Dataset, form, folder: Path, found: Written) -> dict:
    return {
        "format": FORMAT,
        "dataset": dataset.hash,
        "as": form.key,
        "files": {
            name: {
                "bytes": (folder / name).stat().st_size,
                "sha256": sha256_of_file(folder / name),
                **({"rows": found.rows[name]} if name in found.rows else {}),
            }
            for name in found.names
        },
    }


def guidelines_of(dataset: Dataset) -> str:
    versions = (current_rubric(project) for project in dataset.projects)
    return "\n\n".join(one.guideline for one in versions if one is not None and one.guideline)


def _files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())
