"""What differs between two frozen datasets: row by row, with the reason. Pure.

Both are read prompt by prompt, in the order that they share, so memory does not grow with them.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from heapq import merge
from itertools import groupby
from typing import Any, NamedTuple

from annotation.datasets.formats.frozen import (
    CHOSEN,
    FIRST,
    SPLITS,
    Frozen,
    ItemLines,
    Line,
)

MOST = 50  # changes of a kind that are told one by one
CAME, WENT, OUTCOME, FIGURES, SPLIT = "came", "went", "outcome", "figures", "split"
EXAMPLE_CAME, EXAMPLE_WENT = "example_came", "example_went"
KINDS = (CAME, WENT, OUTCOME, FIGURES, SPLIT, EXAMPLE_CAME, EXAMPLE_WENT)

NEW_ITEM, ITEM_GONE, JUDGMENTS, POLICY = "new_item", "item_gone", "judgments", "policy"


class Pair(NamedTuple):
    """A comparison or a tie, however it came out. `better` is empty for a tie."""

    line: Line
    split: str
    better: str
    worse: str
    figures: tuple[Any, ...]


@dataclass(frozen=True)
class Change:
    """`then` and `now` are None on the side that has no such row."""

    kind: str
    item: str | None
    ids: tuple[str, ...]
    reason: str
    then: Pair | Line | None = None
    now: Pair | Line | None = None
    # Judgments that count in one of the two only, as labeler/revision.
    judgments_came: tuple[str, ...] = ()
    judgments_went: tuple[str, ...] = ()


@dataclass
class Difference:
    """How many of each kind, and the first of them."""

    counts: Counter = field(default_factory=Counter)
    same: int = 0
    changes: dict[str, list[Change]] = field(default_factory=dict)

    @property
    def is_none(self) -> bool:
        return not self.counts

    def add(self, change: Change) -> None:
        self.counts[change.kind] += 1
        told = self.changes.setdefault(change.kind, [])
        if len(told) < MOST:
            told.append(change)


def compare(then: Frozen, now: Frozen) -> Difference:
    found = Difference()
    for old, new in _side_by_side(then, now):
        for item in sorted(old.keys() | new.keys(), key=lambda name: name or ""):
            _compare_item(found, old.get(item), new.get(item))
    return found


Items = dict[str | None, ItemLines]


def _side_by_side(then: Frozen, now: Frozen) -> Iterator[tuple[Items, Items]]:
    """Per prompt of either: its items there and here."""
    sides = (((sha, 0, items) for sha, items in _prompts(then)),
             ((sha, 1, items) for sha, items in _prompts(now)))  # fmt: skip
    merged = merge(*sides, key=lambda entry: entry[:2])
    for _sha, entries in groupby(merged, key=lambda entry: entry[0]):
        found: dict[int, Items] = {side: items for _, side, items in entries}
        yield found.get(0, {}), found.get(1, {})


def _prompts(frozen: Frozen) -> Iterator[tuple[str, Items]]:
    def prompt(item: ItemLines) -> str:
        return item.prompt_sha256

    every = merge(*(frozen.items(split) for split in SPLITS), key=prompt)
    for sha, items in groupby(every, key=prompt):
        yield sha, {item.item: item for item in items}


def _compare_item(found: Difference, old: ItemLines | None, new: ItemLines | None) -> None:
    before, after = _judgments(old), _judgments(new)
    judged = {
        "judgments_came": tuple(sorted(after - before)),
        "judgments_went": tuple(sorted(before - after)),
    }
    name = (old or new).item  # type: ignore[union-attr]
    pairs, others = _pairs(old), _pairs(new)
    for ids in sorted(pairs.keys() | others.keys()):
        then, now = pairs.get(ids), others.get(ids)
        kind = _kind(then, now)
        if kind is None:
            found.same += 1
            continue
        reason = _reason(old, new, before, after)
        found.add(Change(kind, name, ids, reason, then, now, **judged))
    examples, other_examples = _examples(old), _examples(new)
    for ids in sorted(examples.keys() ^ other_examples.keys()):
        kind = EXAMPLE_WENT if ids in examples else EXAMPLE_CAME
        then, now = examples.get(ids), other_examples.get(ids)
        reason = _reason(old, new, before, after)
        found.add(Change(kind, name, ids, reason, then, now, **judged))


def _kind(then: Pair | None, now: Pair | None) -> str | None:
    """The weightiest of what changed."""
    if then is None:
        return CAME
    if now is None:
        return WENT
    if then.better != now.better:
        return OUTCOME
    if then.split != now.split:
        return SPLIT
    return FIGURES if then.figures != now.figures else None


def _reason(old: ItemLines | None, new: ItemLines | None, before: set, after: set) -> str:
    """Why, as far as the two can tell: what was judged, or else how it was turned into rows."""
    if old is None:
        return NEW_ITEM
    if new is None:
        return ITEM_GONE
    return JUDGMENTS if before != after else POLICY


def _judgments(item: ItemLines | None) -> set[str]:
    lines = item.rankings if item else []
    return {f"{line.row['labeler']}/{line.row['revision']}" for line in lines}


def _pairs(item: ItemLines | None) -> dict[tuple[str, ...], Pair]:
    if item is None:
        return {}
    found = {}
    for lines, (one, other), is_tie in (
        (item.comparisons, CHOSEN, False),
        (item.ties, FIRST, True),
    ):
        for line in lines:
            row = line.row
            better, worse = row[f"{one}_id"], row[f"{other}_id"]
            figures = (row[f"p_{one}"], row["margin"], row["weight"], row["n_votes"])
            ids = tuple(sorted((better, worse)))
            found[ids] = Pair(line, item.split, "" if is_tie else better, worse, figures)
    return found


def _examples(item: ItemLines | None) -> dict[tuple[str, ...], Line]:
    lines = item.sft if item else []
    return {(line.row["source"], line.row["response_id"]): line for line in lines}
