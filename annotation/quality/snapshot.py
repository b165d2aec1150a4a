"""The judgments of a project as arrays, all from one moment."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice
from typing import Any

import numpy as np
from django.db import connection

from annotation.core.database import consistent_reads
from annotation.labeling.models import Judgment
from annotation.labeling.verdict.model import NOT_APPLICABLE
from annotation.projects.models import Criterion
from annotation.quality.models import judgment_state
from annotation.quality.stats.comparisons import floor_unacceptable
from annotation.quality.stats.estimate import BoolArray, FloatArray, IntArray
from annotation.quality.stats.rankings import Rankings

MOST_RESPONSES = 9
CHUNK = 5_000


@dataclass(frozen=True)
class Snapshot:
    """The current judgment of every labeler and item, by row; columns are response positions.

    item_ids (items,), handles (labelers,) and item, labeler (rows,), indices into them;
    version (rows,) the number of the rubric version judged by, 0 where none is known;
    ranks (rows, 9) tiers as they count, unacceptable ones below all others, NaN not ranked;
    top (rows, 9) of rankings of the best: 1 ranked, 0 left out, NaN elsewhere; ratings
    {criterion: (rows, 9)}, NaN not rated or not applicable; flags {flag: (rows, 9)} 1 set, 0 not,
    NaN not asked; criteria and flag_labels {key: label} in the order of the rubric, newest version
    first; yes_no: keys of criteria without an order; canonical (items, 9): the columns of an
    item in the order of its responses' ids; state: see `judgment_state`.
    """

    item_ids: IntArray
    handles: list[str]
    item: IntArray
    labeler: IntArray
    version: IntArray
    ranks: FloatArray
    unacceptable: BoolArray
    top: FloatArray
    ratings: dict[str, FloatArray]
    flags: dict[str, FloatArray]
    criteria: dict[str, str]
    flag_labels: dict[str, str]
    yes_no: frozenset[str]
    canonical: IntArray
    state: tuple[int, int]

    @property
    def rankings(self) -> Rankings:
        """By response id: who imports the responses in another order gets the same numbers."""
        places = self.canonical[self.item]
        ranks, top = (np.take_along_axis(of, places, axis=1) for of in (self.ranks, self.top))
        return Rankings.of(self.item, self.labeler, ranks, top)

    @property
    def sha256(self) -> str:
        """Of everything the figures depend on."""
        digest = hashlib.sha256("\0".join(self.handles).encode())
        arrays = [
            *(self.item_ids, self.item, self.labeler, self.version),
            *(self.ranks, self.unacceptable, self.top),
        ]
        for kind in (self.ratings, self.flags):
            for name in sorted(kind):
                digest.update(f"\0{name}\0{name in self.yes_no}\0".encode())
                arrays.append(kind[name])
        for array in [*arrays, self.canonical]:
            digest.update(np.ascontiguousarray(array).tobytes())
        return digest.hexdigest()


def take_snapshot(project) -> Snapshot:
    """Read a project's judgments in one repeatable-read, read-only transaction."""
    with consistent_reads():
        state = judgment_state(project)
        versions = dict(project.rubric_versions.published().values_list("pk", "flags"))
        numbers = dict(project.rubric_versions.values_list("pk", "number"))
        asked = {pk: [flag["key"] for flag in flags] for pk, flags in versions.items()}
        rows = _read_judgments(project, asked)
        turned = _items_in_other_order(project)
        handles = dict(project.memberships.values_list("user_id", "handle"))
        criteria = Criterion.objects.filter(
            rubric_version__project=project, rubric_version__published_at__isnull=False
        )
        newest_first = criteria.order_by("-rubric_version__number", "position")
        said = list(newest_first.values_list("key", "label", "is_yes_no"))
    item_ids, item = np.unique(rows.item, return_inverse=True)
    labeler_ids, labeler = np.unique(rows.labeler, return_inverse=True)
    names = [handles.get(int(pk), f"labeler {pk}") for pk in labeler_ids]
    by_name = sorted(range(len(names)), key=names.__getitem__)
    place = np.empty(len(names), dtype=np.int64)
    place[by_name] = np.arange(len(names))
    canonical = np.tile(np.arange(MOST_RESPONSES), (len(item_ids), 1))
    for pk, order in turned:
        canonical[np.searchsorted(item_ids, pk), : len(order)] = np.asarray(order) - 1
    labels = [(key, label) for key, label, _ in said]
    criteria_in_order = _first_labels([*labels, *((key, key) for key in sorted(rows.ratings))])
    flag_labels = _first_labels(
        (flag["key"], flag["label"])
        for _, flags in sorted(versions.items(), reverse=True)
        for flag in flags
    )
    is_yes_no = _first_labels((key, answers) for key, _, answers in said)
    empty = np.full(rows.ranks.shape, np.nan)
    return Snapshot(
        item_ids=item_ids,
        handles=[names[index] for index in by_name],
        item=item,
        labeler=place[labeler],
        version=np.array([numbers.get(int(pk), 0) for pk in rows.version], dtype=np.int64),
        ranks=floor_unacceptable(rows.ranks, rows.unacceptable),
        unacceptable=rows.unacceptable,
        top=_top(rows),
        ratings={key: rows.ratings.get(key, empty) for key in criteria_in_order},
        flags={key: rows.flags.get(key, empty) for key in flag_labels},
        criteria=criteria_in_order,
        flag_labels=flag_labels,
        yes_no=frozenset(key for key, answers in is_yes_no.items() if answers),
        canonical=canonical,
        state=state,
    )


def _first_labels(labels: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    """A criterion is called what the newest rubric version that has it calls it."""
    found: dict[str, Any] = {}
    for key, label in labels:
        found.setdefault(key, label)
    return found


@dataclass
class _Rows:
    item: IntArray
    labeler: IntArray
    version: IntArray  # ids of rubric versions, 0 for none
    ranks: FloatArray
    unacceptable: BoolArray
    rest_below: BoolArray
    exists: BoolArray  # (rows, 9): the item has a response there
    ratings: dict[str, FloatArray]
    flags: dict[str, FloatArray]


def _top(rows: _Rows) -> FloatArray:
    """See `Snapshot.top`. An unacceptable response is neither in the top nor merely left out."""
    is_open = rows.rest_below[:, None] & rows.exists & ~rows.unacceptable
    top: FloatArray = np.where(is_open, np.isfinite(rows.ranks).astype(np.float64), np.nan)
    return top


def _read_judgments(project, asked: dict[int, list[str]]) -> _Rows:
    """A server-side cursor hands out chunks, and each becomes arrays at once: a judgment costs
    its numbers, not its Python objects."""
    rows = (
        Judgment.objects.filter(project=project)
        .work()
        .current()
        .order_by("item_id", "labeler_id")
        .values_list(
            *("item_id", "labeler_id", "ranks", "unacceptable", "ratings"),
            *("rest_below", "flags", "rubric_version_id"),
        )
        .iterator(chunk_size=CHUNK)
    )
    chunks = [_as_arrays([], asked)]
    while chunk := list(islice(rows, CHUNK)):
        chunks.append(_as_arrays(chunk, asked))
    return _Rows(
        item=np.concatenate([chunk.item for chunk in chunks]),
        labeler=np.concatenate([chunk.labeler for chunk in chunks]),
        version=np.concatenate([chunk.version for chunk in chunks]),
        ranks=np.concatenate([chunk.ranks for chunk in chunks]),
        unacceptable=np.concatenate([chunk.unacceptable for chunk in chunks]),
        rest_below=np.concatenate([chunk.rest_below for chunk in chunks]),
        exists=np.concatenate([chunk.exists for chunk in chunks]),
        ratings=_joined([chunk.ratings for chunk in chunks], chunks),
        flags=_joined([chunk.flags for chunk in chunks], chunks),
    )


def _joined(parts: list[dict[str, FloatArray]], chunks: list[_Rows]) -> dict[str, FloatArray]:
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


def _as_arrays(rows: list[tuple], asked: dict[int, list[str]]) -> _Rows:
    """Columns as `_read_judgments` names them. A flag was asked for where the rubric version has
    it; nothing is kept of one that is set for no response."""
    keys = {key for row in rows for key in row[4]}
    asked_of = [asked.get(row[7], ()) for row in rows]
    return _Rows(
        item=np.array([row[0] for row in rows], dtype=np.int64),
        labeler=np.array([row[1] for row in rows], dtype=np.int64),
        version=np.array([row[7] or 0 for row in rows], dtype=np.int64),
        ranks=_padded((row[2] for row in rows), len(rows), np.nan).astype(np.float64),
        unacceptable=_padded((row[3] for row in rows), len(rows), 0.0) == 1.0,
        rest_below=np.array([row[5] for row in rows], dtype=bool),
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


def _items_in_other_order(project) -> list[tuple[int, list[int]]]:
    """(item, positions by response id) of items whose responses were not imported in the order
    of their ids: usually none."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT item.id, array_agg(place.position ORDER BY place.key COLLATE "C")
              FROM labeling_item item
              JOIN labeling_itemresponse place ON place.item_id = item.id
             WHERE item.project_id = %s
               AND EXISTS (SELECT 1 FROM labeling_judgment WHERE item_id = item.id)
             GROUP BY item.id
            HAVING array_agg(place.position ORDER BY place.key COLLATE "C")
                <> array_agg(place.position ORDER BY place.position)
            """,
            [project.pk],
        )
        return cursor.fetchall()
