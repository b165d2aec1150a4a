"""The lines of a frozen dataset's folder, read as whoever exports them needs them. Pure.

Every file is in the order of `prompt_sha256` (docs/formats.md), so what belongs to one prompt is
gathered from all of them in one pass; only one prompt's lines are in memory at a time.
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from heapq import merge
from itertools import groupby
from pathlib import Path
from typing import Any, NamedTuple

from annotation.core.errors import DomainError

SPLITS = ("train", "dev", "test")
RANKINGS = "rankings"
EVEN = 0.5  # a share of the votes that decides nothing

Row = dict[str, Any]


class Line(NamedTuple):
    """A line of the file `name` (without its ending), counted from 1."""

    name: str
    number: int
    row: Row

    @property
    def id(self) -> str:
        """What the line is called wherever it goes: the file and the number, both of which never
        change in a dataset."""
        return f"{self.name}/{self.number}"

    @property
    def is_even(self) -> bool:
        """A soft tie: it stands among the comparisons, and neither side is the better one."""
        return self.row.get("p_chosen") == EVEN


@dataclass
class ItemLines:
    """All that a dataset says of one item; of what was written to no item, `item` is None."""

    item: str | None
    prompt_sha256: str
    split: str
    comparisons: list[Line] = field(default_factory=list)
    ties: list[Line] = field(default_factory=list)
    sft: list[Line] = field(default_factory=list)
    rankings: list[Line] = field(default_factory=list)

    @property
    def prompt(self) -> list[dict[str, str]] | None:
        """None where the item has judgments and nothing that was learnt from them."""
        for line in (*self.comparisons, *self.ties, *self.sft):
            return line.row["prompt"]
        return None

    @property
    def keys(self) -> list[str]:
        """The ids of the item's responses, as far as anything names them; what labelers wrote is
        none of them."""
        found = {key for line in self.rankings for key in named_in(line.row)}
        for lines, sides in ((self.comparisons, CHOSEN), (self.ties, FIRST)):
            for line in lines:
                if line.row.get("source") != "correction":
                    found |= {line.row[f"{side}_id"] for side in sides}
        return sorted(found)

    @property
    def texts(self) -> dict[str, str]:
        """The responses that stand in any line, by their ids. Judgments name more."""
        found: dict[str, str] = {}
        for lines, sides in ((self.comparisons, CHOSEN), (self.ties, FIRST)):
            for line in lines:
                for side in sides:
                    found[line.row[f"{side}_id"]] = line.row[side][0]["content"]
        for line in self.sft:
            found[line.row["response_id"]] = line.row["completion"][0]["content"]
        return found


CHOSEN = ("chosen", "rejected")
FIRST = ("first", "second")


def named_in(said: Row) -> set[str]:
    """The responses that a judgment names. Its order is that of the desk: what came by a file
    has none."""
    ranked = (key for tier in said["ranking"] for key in tier)
    return {*said["order"], *ranked, *said["unacceptable"]}


Heard = Callable[[str], None]


def nobody(prompt_sha256: str) -> None:
    """Listens to what is read where nobody waits for it."""


@dataclass(frozen=True)
class Frozen:
    """A folder to read. `name_labeler` says what labelers are called in what goes out, `heard` is
    told of each line that is read, by its prompt."""

    folder: Path
    name_labeler: Callable[[str], str] = str
    heard: Heard = nobody

    def lines(self, kind: str, split: str = "") -> Iterator[Line]:
        """preferences, ties and sft of a split; rankings of all, or of one."""
        name = kind if kind == RANKINGS else f"{kind}.{split}"
        with (self.folder / f"{name}.jsonl").open("rb") as file:
            for number, data in enumerate(file, start=1):
                row = json.loads(data)
                self.heard(row["prompt_sha256"])
                if kind != RANKINGS:
                    yield Line(name, number, row)
                elif not split or row["split"] == split:
                    row["labeler"] = self.name_labeler(row["labeler"])
                    yield Line(name, number, row)

    def items(self, split: str) -> Iterator[ItemLines]:
        """Each item of a split with all its lines, prompt by prompt; the examples that were
        written elsewhere come last of their prompt."""
        files = (self.lines(kind, split) for kind in ("preferences", "ties", "sft", RANKINGS))
        for sha256, lines in groupby(
            merge(*(_in_order(file) for file in files), key=_prompt), key=_prompt
        ):
            found: dict[str | None, ItemLines] = {}
            for line in lines:
                item = line.row["item"]
                record = found.setdefault(item, ItemLines(item, sha256, split))
                _PLACES[line.name.partition(".")[0]](record).append(line)
            loose = found.pop(None, None)
            yield from found.values()
            if loose is not None:
                yield loose


_PLACES: dict[str, Callable[[ItemLines], list[Line]]] = {
    "preferences": lambda item: item.comparisons,
    "ties": lambda item: item.ties,
    "sft": lambda item: item.sft,
    RANKINGS: lambda item: item.rankings,
}


def _prompt(line: Line) -> str:
    return line.row["prompt_sha256"]


def _in_order(lines: Iterator[Line]) -> Iterator[Line]:
    """The lines; a file in another order would come out in pieces, and nobody would notice."""
    last = ""
    for line in lines:
        if _prompt(line) < last:
            raise DomainError(
                f"{line.name}.jsonl, line {line.number}: not in the order of prompts."
            )
        last = _prompt(line)
        yield line
