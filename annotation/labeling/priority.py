"""Which items are lent first, changed while people work. Each row is locked in the order of the
ids; who is lent one at that moment keeps it, and lending goes past what is locked."""

from collections.abc import Iterable

from annotation.core.database import in_pieces, rows_of

PIECE = 1000

LIFT = """
WITH locked AS (
  SELECT id, priority FROM labeling_item
   WHERE id = ANY (%(items)s) AND priority < %(to)s ORDER BY id FOR NO KEY UPDATE
)
UPDATE labeling_item i SET priority = %(to)s FROM locked WHERE i.id = locked.id
RETURNING i.id, locked.priority
"""
# Whatever somebody set otherwise since stays as they set it.
PUT_BACK = """
WITH lifted AS (
  SELECT * FROM unnest(%(items)s::bigint[], %(now)s::int[], %(before)s::int[])
    AS l(id, now, before)
), locked AS (
  SELECT id FROM labeling_item WHERE id = ANY (%(items)s) ORDER BY id FOR NO KEY UPDATE
)
UPDATE labeling_item i SET priority = lifted.before FROM lifted, locked
 WHERE i.id = locked.id AND i.id = lifted.id AND i.priority = lifted.now
RETURNING i.id
"""


def lift_items(items: Iterable[int], *, to: int) -> list[tuple[int, int]]:
    """These items have the priority `to`, where theirs was lower. Inside a transaction. Returns
    (item, its priority before) of those that were lifted."""
    lifted: list[tuple[int, int]] = []
    for piece in in_pieces(sorted(items), PIECE):
        lifted += rows_of(LIFT, {"items": piece, "to": to})
    return sorted(lifted)


def put_items_back(lifted: Iterable[tuple[int, int, int]]) -> int:
    """(item, the priority it was lifted to, the one it had before). Inside a transaction. Returns
    how many have the one before again."""
    count = 0
    for piece in in_pieces(sorted(lifted), PIECE):
        items, now, before = (list(column) for column in zip(*piece, strict=True))
        count += len(rows_of(PUT_BACK, {"items": items, "now": now, "before": before}))
    return count
