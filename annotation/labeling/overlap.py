"""How many labelers an item is for, changed while people work: the only writer of overlaps.

Each row is locked in the order of the ids, looked at as it is then, and changed only where that
still holds: so no overlap ever goes below what is taken, nor above the most that was asked for.
"""

from collections.abc import Iterable

from annotation.core.database import in_pieces, rows_of

PIECE = 1000

RAISE = """
WITH locked AS (
  SELECT id FROM labeling_item WHERE id = ANY (%(items)s) ORDER BY id FOR UPDATE
)
UPDATE labeling_item i SET overlap = i.overlap + 1 FROM locked
 WHERE i.id = locked.id AND i.state = 'open' AND i.taken = i.overlap AND i.overlap < %(most)s
RETURNING i.id, i.overlap
"""
ASK_AGAIN = """
WITH locked AS (
  SELECT id FROM labeling_item WHERE id = ANY (%(items)s) ORDER BY id FOR UPDATE
)
UPDATE labeling_item i SET overlap = i.overlap + %(extra)s FROM locked
 WHERE i.id = locked.id AND i.state = 'open' AND i.overlap + %(extra)s <= %(most)s
RETURNING i.id
"""
# What was raised to just that, and nobody was lent since. With a floor, what lies below is lifted
# to it, and what lies on it stays.
TAKE_BACK = """
WITH raised AS (
  SELECT * FROM unnest(%(items)s::bigint[], %(overlaps)s::int[]) AS r(id, overlap)
), locked AS (
  SELECT id FROM labeling_item WHERE id = ANY (%(items)s) ORDER BY id FOR UPDATE
)
UPDATE labeling_item i SET overlap = greatest(i.overlap - 1, %(floor)s) FROM raised, locked
 WHERE i.id = locked.id AND i.id = raised.id AND i.overlap = raised.overlap
   AND i.state = 'open' AND i.taken < i.overlap AND i.overlap <> %(floor)s
RETURNING i.id
"""
# Items of one overlap get another, never less than is taken. Asked again on purpose, by a new
# rubric version, is asked again: those stay.
CHANGE = """
WITH locked AS (
  SELECT id FROM labeling_item
   WHERE project_id = %(project)s AND state = 'open' AND overlap = %(before)s
     AND taken < overlap AND id > %(after)s
     AND id NOT IN (SELECT unnest(r.item_ids) FROM labeling_reask r
                      JOIN projects_rubricversion v ON v.id = r.rubric_version_id
                     WHERE v.project_id = %(project)s)
   ORDER BY id LIMIT %(piece)s FOR UPDATE
), changed AS (
  UPDATE labeling_item i SET overlap = greatest(%(now)s, i.taken) FROM locked
   WHERE i.id = locked.id AND i.state = 'open' AND i.overlap = %(before)s
  RETURNING i.id
)
SELECT (SELECT max(id) FROM locked), (SELECT count(*) FROM changed)
"""


def raise_overlaps(items: Iterable[int], *, most: int) -> list[tuple[int, int]]:
    """One labeler more for each of these items whose places are all taken, never above `most`.
    Inside a transaction. Returns (item, its overlap now) of those that were raised."""
    raised: list[tuple[int, int]] = []
    for piece in in_pieces(sorted(items), PIECE):
        raised += rows_of(RAISE, {"items": piece, "most": most})
    return sorted(raised)


def ask_again(items: Iterable[int], *, extra: int, most: int) -> list[int]:
    """`extra` labelers more for each of these items, complete or not; those that would have more
    than `most` are left. Inside a transaction. Returns the others."""
    asked: list[int] = []
    for piece in in_pieces(sorted(items), PIECE):
        values = {"items": piece, "extra": extra, "most": most}
        asked += [item for (item,) in rows_of(ASK_AGAIN, values)]
    return sorted(asked)


def take_back(raised: Iterable[tuple[int, int]], *, floor: int | None = None) -> list[int]:
    """The place that was added last, where nobody has begun on it; no item is for fewer than
    `floor` afterwards. Returns the items."""
    freed: list[int] = []
    for piece in in_pieces(sorted(raised), PIECE):
        items, overlaps = zip(*piece, strict=True)
        values = {"items": list(items), "overlaps": list(overlaps), "floor": floor or 0}
        freed += [item for (item,) in rows_of(TAKE_BACK, values)]
    return sorted(freed)


def change_overlap(project, *, before: int, now: int) -> int:
    """All open items for `before` labelers that still wait for some of them are for `now`, or for
    as many as have begun. A piece at a time, each for itself. Returns how many."""
    after, changed = 0, 0
    values = {"project": project.pk, "before": before, "now": now, "piece": PIECE}
    while after is not None:
        ((after, count),) = rows_of(CHANGE, values | {"after": after})
        changed += count
    return changed
