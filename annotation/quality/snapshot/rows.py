"""Reading judgments: each chunk becomes arrays at once."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice

import numpy as np
from django.utils import timezone
from numpy.typing import NDArray

from annotation.labeling.models import Judgment, Purpose
from annotation.labeling.verdict.model import NOT_APPLICABLE
from annotation.quality.snapshot.facts import MOST_RESPONSES
from annotation.quality.stats.estimate import BoolArray, FloatArray, IntArray

CHUNK = 5_000


@dataclass
class Rows:
    """Columns as in `Snapshot`, which says what they mean; item and labeler are ids here."""

    item: IntArray
    labeler: IntArray
    version: IntArray  # ids of rubric versions, 0 for none
    ranks: FloatArray
    unacceptable: BoolArray
    rest_below: BoolArray
    strength: NDArray[np.int8]
    shown: NDArray[np.int8]
    seconds: FloatArray
    day: IntArray
    at: FloatArray
    exists: BoolArray  # (rows, 9): the item has a response there
    ratings: dict[str, FloatArray]
    flags: dict[str, FloatArray]


def read_judgments(project, asked: dict[int, list[str]], *, purpose: str = Purpose.WORK) -> Rows:
    """A server-side cursor hands out chunks, and each becomes arrays at once: a judgment costs
    its numbers, not its Python objects."""
    rows = (
        Judgment.objects.filter(project=project, purpose=purpose)
        .current()
        .order_by("item_id", "labeler_id")
        .values_list(
            *("item_id", "labeler_id", "ranks", "unacceptable", "ratings"),
            *("rest_below", "flags", "rubric_version_id"),
            *("strength", "order", "seconds", "submitted_at"),
        )
        .iterator(chunk_size=CHUNK)
    )
    chunks = [_as_arrays([], asked)]
    while chunk := list(islice(rows, CHUNK)):
        chunks.append(_as_arrays(chunk, asked))
    plain = ("item", "labeler", "version", "ranks", "unacceptable", "rest_below")
    plain += ("strength", "shown", "seconds", "day", "at", "exists")
    return Rows(
        **{name: np.concatenate([getattr(chunk, name) for chunk in chunks]) for name in plain},
        ratings=_joined([chunk.ratings for chunk in chunks], chunks),
        flags=_joined([chunk.flags for chunk in chunks], chunks),
    )


def _joined(parts: list[dict[str, FloatArray]], chunks: list[Rows]) -> dict[str, FloatArray]:
    """By key over all chunks; NaN in a chunk without the key."""
    return {
        key: np.concatenate(
            [
                part.get(key, np.full(chunk.ranks.shape, np.nan))
                for part, chunk in zip(parts, chunks, strict=True)
            ]
        )
        for key in {key for part in parts for key in part}
    }


def _as_arrays(rows: list[tuple], asked: dict[int, list[str]]) -> Rows:
    """Columns as `_read_judgments` names them. A flag was asked for where the rubric version has
    it; nothing is kept of one that is set for no response."""
    keys = {key for row in rows for key in row[4]}
    asked_of = [asked.get(row[7], ()) for row in rows]
    return Rows(
        item=np.array([row[0] for row in rows], dtype=np.int64),
        labeler=np.array([row[1] for row in rows], dtype=np.int64),
        version=np.array([row[7] or 0 for row in rows], dtype=np.int64),
        ranks=_padded((row[2] for row in rows), len(rows), np.nan).astype(np.float64),
        unacceptable=_padded((row[3] for row in rows), len(rows), 0.0) == 1.0,
        rest_below=np.array([row[5] for row in rows], dtype=bool),
        strength=_small((row[8] for row in rows), len(rows), MOST_RESPONSES - 1),
        shown=_shown([row[9] for row in rows]),
        seconds=np.array([row[10] for row in rows], dtype=np.float64),
        day=np.array([timezone.localdate(row[11]).toordinal() for row in rows], dtype=np.int64),
        at=np.array([row[11].timestamp() for row in rows], dtype=np.float64),
        exists=_padded((len(row[2]) * (1.0,) for row in rows), len(rows), 0.0) == 1.0,
        ratings={
            key: _padded((_numbers(row[4].get(key) or ()) for row in rows), len(rows), np.nan)
            for key in keys
        },
        flags={
            flag: _padded(
                (
                    row[6].get(flag) or len(row[2]) * (0.0,) if flag in flags else ()
                    for row, flags in zip(rows, asked_of, strict=True)
                ),
                len(rows),
                np.nan,
            )
            for flag in {flag for flags in asked_of for flag in flags}
        },
    )


def _numbers(ratings: Iterable) -> list:
    """“Not applicable” is no point of the scale: nothing was rated."""
    return [None if rating == NOT_APPLICABLE else rating for rating in ratings]


def _padded(lists: Iterable, n_rows: int, filler: float) -> FloatArray:
    """(rows, 9) from lists of up to nine numbers or None; None becomes NaN."""
    table = np.full((n_rows, MOST_RESPONSES), filler)
    for row, values in enumerate(lists):
        table[row, : len(values)] = values  # numpy turns None into NaN
    return table


def _small(lists: Iterable, n_rows: int, width: int) -> NDArray[np.int8]:
    """(rows, width) small numbers; -1 for None and beyond the end of a list."""
    table = np.full((n_rows, width), -1, dtype=np.int8)
    for row, values in enumerate(lists):
        if values:
            table[row, : len(values)] = [-1 if value is None else value for value in values]
    return table


def _shown(orders: list[list[int]]) -> NDArray[np.int8]:
    """(rows, 9) the place of each position, from the positions in the order of their places."""
    table = np.full((len(orders), MOST_RESPONSES), -1, dtype=np.int8)
    for row, order in enumerate(orders):
        if order:
            table[row, np.asarray(order) - 1] = np.arange(len(order))
    return table
