"""Finding lines in a frozen dataset: by their name, and by what they are about.

The files are in the order of `prompt_sha256`, so a prompt is found by halving, without an index
and without reading the file.
"""

import json
import os
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path

from annotation.core.errors import NotFound
from annotation.datasets import store
from annotation.datasets.formats.frozen import Line
from annotation.datasets.models import Dataset
from annotation.datasets.sources import SEPARATOR, named_in
from annotation.labeling.models import Item
from annotation.projects.models import Project


def line_named(dataset: Dataset, name: str) -> Line:
    """Such as preferences.train/17. NotFound for whatever is no line of it."""
    file_name, _, number = name.rpartition("/")
    listed = dataset.manifest["counts"]["files"].get(f"{file_name}.jsonl")
    if listed is None or not number.isdecimal() or not 1 <= int(number) <= listed["rows"]:
        raise NotFound(f"This dataset has no line “{name}”.")
    with store.open_file(dataset.folder, dataset.manifest, f"{file_name}.jsonl") as file:
        data = next(islice(file, int(number) - 1, None), b"")
    if not data:
        raise NotFound(f"The line “{name}” is missing: the dataset is damaged.")
    return Line(file_name, int(number), json.loads(data))


def place_of(dataset: Dataset, name: str) -> tuple[Project | None, str]:
    """The project of an item that a dataset calls so, and its id there."""
    if "projects" not in dataset.counts:
        return dataset.project, name
    slug, _separator, external_id = name.partition(SEPARATOR)
    by_slug = {project.slug: project for project in dataset.projects}
    return by_slug.get(slug), external_id


def items_named(dataset: Dataset, names: Iterable[str]) -> dict[str, Item]:
    """The items behind those names, as far as they are there."""
    by_project: dict[Project, dict[str, str]] = {}
    for name in names:
        project, external_id = place_of(dataset, name)
        if project is not None:
            by_project.setdefault(project, {})[external_id] = name
    return {
        wanted[item.external_id]: item
        for project, wanted in by_project.items()
        for item in Item.objects.filter(project=project, external_id__in=wanted).select_related(
            "project"
        )
    }


def name_in(dataset: Dataset, item: Item) -> str:
    """What the dataset calls an item, whether or not it has it."""
    if "projects" not in dataset.counts:
        return item.external_id
    return named_in(item.project, item.external_id)


def lines_of_item(dataset: Dataset, prompt_sha256: str, item: str) -> list[Line]:
    """Every line of the dataset that is about an item, in the order of its files. Their numbers
    are 0: counting them would mean to read all before them."""
    return [
        Line(name.removesuffix(".jsonl"), 0, row)
        for name, entry in store.listed_files(dataset.manifest).items()
        if entry["rows"]
        for row in _rows_of_prompt(dataset.folder / name, prompt_sha256)
        if row["item"] == item
    ]


def numbered(dataset: Dataset, line: Line) -> Line:
    """The same line with its number."""
    with (dataset.folder / f"{line.name}.jsonl").open("rb") as file:
        for number, data in enumerate(file, start=1):
            if json.loads(data) == line.row:
                return line._replace(number=number)
    raise NotFound("The line is missing: the dataset is damaged.")


def _rows_of_prompt(path: Path, wanted: str) -> Iterator[dict]:
    try:
        size = path.stat().st_size
    except FileNotFoundError:
        return
    with path.open("rb") as file:
        low, high = 0, size  # the first line of the prompt begins between them
        while low < high:
            middle = (low + high) // 2
            row = _row_after(file, middle)
            if row is not None and row["prompt_sha256"] < wanted:
                low = middle + 1
            else:
                high = middle
        _to_line_after(file, low)
        for data in file:
            row = json.loads(data)
            if row["prompt_sha256"] != wanted:
                return
            yield row


def _row_after(file, place: int) -> dict | None:
    """The first line that begins at `place` or later."""
    _to_line_after(file, place)
    data = file.readline()
    return json.loads(data) if data else None


def _to_line_after(file, place: int) -> None:
    if place == 0:
        file.seek(0, os.SEEK_SET)
        return
    file.seek(place - 1)
    file.readline()
