"""The judgments of a project as arrays, all from one moment."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice

import numpy as np
from django.db import connection

from annotation.core.database import consistent_reads
from annotation.labeling.models import Judgment
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
    ranks (rows, 9) tiers as they count, unacceptable ones below all others, NaN not ranked;
    ratings {criterion: (rows, 9)}, NaN not rated; criteria {key: label} in the order of the
    rubric, newest version first; canonical (items, 9): the columns of an item
    in the order of its responses' ids; state: see `judgment_state`.
    """

    item_ids: IntArray
    handles: list[str]
    item: IntArray
    labeler: IntArray
    ranks: FloatArray
    unacceptable: BoolArray
    ratings: dict[str, FloatArray]
    criteria: dict[str, str]
    canonical: IntArray
    state: tuple[int, int]

    @property
    def rankings(self) -> Rankings:
        """By response id: who imports the responses in another order gets the same numbers."""
        ordered = np.take_along_axis(self.ranks, self.canonical[self.item], axis=1)
        return Rankings.of(self.item, self.labeler, ordered)

    @property
    def sha256(self) -> str:
        """Of everything the figures depend on."""
        digest = hashlib.sha256("\0".join(self.handles).encode())
        arrays = [self.item_ids, self.item, self.labeler, self.ranks, self.unacceptable]
        for name in sorted(self.ratings):
            digest.update(f"\0{name}\0".encode())
            arrays.append(self.ratings[name])
        for array in [*arrays, self.canonical]:
            digest.update(np.ascontiguousarray(array).tobytes())
        return digest.hexdigest()


def take_snapshot(project) -> Snapshot:
    """Read a project's judgments in one repeatable-read, read-only transaction."""
    with consistent_reads():
        state = judgment_state(project)
        rows = _read_judgments(project)
        turned = _items_in_other_order(project)
        handles = dict(project.memberships.values_list("user_id", "handle"))
        criteria = Criterion.objects.filter(
            rubric_version__project=project, rubric_version__published_at__isnull=False
        )
        newest_first = criteria.order_by("-rubric_version__number", "position")
        labels = list(newest_first.values_list("key", "label"))
    item_ids, item = np.unique(rows.item, return_inverse=True)
    labeler_ids, labeler = np.unique(rows.labeler, return_inverse=True)
    names = [handles.get(int(pk), f"labeler {pk}") for pk in labeler_ids]
    by_name = sorted(range(len(names)), key=names.__getitem__)
    place = np.empty(len(names), dtype=np.int64)
    place[by_name] = np.arange(len(names))
    canonical = np.tile(np.arange(MOST_RESPONSES), (len(item_ids), 1))
    for pk, order in turned:
        canonical[np.searchsorted(item_ids, pk), : len(order)] = np.asarray(order) - 1
    criteria_in_order = _first_labels([*labels, *((key, key) for key in sorted(rows.ratings))])
    empty = np.full(rows.ranks.shape, np.nan)
    return Snapshot(
        item_ids=item_ids,
        handles=[names[index] for index in by_name],
        item=item,
        labeler=place[labeler],
        ranks=floor_unacceptable(rows.ranks, rows.unacceptable),
        unacceptable=rows.unacceptable,
        ratings={key: rows.ratings.get(key, empty) for key in criteria_in_order},
        criteria=criteria_in_order,
        canonical=canonical,
        state=state,
    )


def _first_labels(labels: list[tuple[str, str]]) -> dict[str, str]:
    """A criterion is called what the newest rubric version that has it calls it."""
    found: dict[str, str] = {}
    for key, label in labels:
        found.setdefault(key, label)
    return found


@dataclass
class _Rows:
    item: IntArray
    labeler: IntArray
    ranks: FloatArray
    unacceptable: BoolArray
    ratings: dict[str, FloatArray]


def _read_judgments(project) -> _Rows:
    """A server-side cursor hands out chunks, and each becomes arrays at once: a judgment costs
    its numbers, not its Python objects."""
    rows = (
        Judgment.objects.filter(project=project)
        .current()
        .order_by("item_id", "labeler_id")
        .values_list("item_id", "labeler_id", "ranks", "unacceptable", "ratings")
        .iterator(chunk_size=CHUNK)
    )
    chunks = [_as_arrays([])]
    while chunk := list(islice(rows, CHUNK)):
        chunks.append(_as_arrays(chunk))
    keys = {key for chunk in chunks for key in chunk.ratings}
    return _Rows(
        item=np.concatenate([chunk.item for chunk in chunks]),
        labeler=np.concatenate([chunk.labeler for chunk in chunks]),
        ranks=np.concatenate([chunk.ranks for chunk in chunks]),
        unacceptable=np.concatenate([chunk.unacceptable for chunk in chunks]),
        ratings={
            key: np.concatenate(
                [chunk.ratings.get(key, np.full(chunk.ranks.shape, np.nan)) for chunk in chunks]
            )
            for key in keys
        },
    )


def _as_arrays(rows: list[tuple]) -> _Rows:
    keys = {key for row in rows for key in row[4]}
    return _Rows(
        item=np.array([row[0] for row in rows], dtype=np.int64),
        labeler=np.array([row[1] for row in rows], dtype=np.int64),
        ranks=_padded((row[2] for row in rows), len(rows), np.nan).astype(np.float64),
        unacceptable=_padded((row[3] for row in rows), len(rows), 0.0) == 1.0,
        ratings={
            key: _padded((row[4].get(key) or () for row in rows), len(rows), np.nan)
            for key in keys
        },
    )


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
