"""In which order the responses of an item stand, and what a ranking of the best leaves out."""

import numpy as np
from django.db import connection

from annotation.quality.snapshot.facts import MOST_RESPONSES
from annotation.quality.snapshot.rows import Rows
from annotation.quality.stats.estimate import FloatArray, IntArray


def columns_by_id(item_ids: IntArray, turned: list[tuple[int, list[int]]]) -> IntArray:
    """(items, 9) the columns of each item in the order of its responses' ids. turned: what
    `items_in_other_order` found."""
    canonical = np.tile(np.arange(MOST_RESPONSES), (len(item_ids), 1))
    for pk, order in turned:
        where = np.searchsorted(item_ids, pk)
        if where < len(item_ids) and item_ids[where] == pk:
            canonical[where, : len(order)] = np.asarray(order) - 1
    return canonical


def top_of(rows: Rows) -> FloatArray:
    """See `Snapshot.top`. An unacceptable response is neither in the top nor merely left out."""
    is_open = rows.rest_below[:, None] & rows.exists & ~rows.unacceptable
    top: FloatArray = np.where(is_open, np.isfinite(rows.ranks).astype(np.float64), np.nan)
    return top


def items_in_other_order(project) -> list[tuple[int, list[int]]]:
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
