"""What choosing reads: the comparisons of generators so far, the items that may be chosen, and
those that were chosen and wait. Queries in, arrays out."""

import hashlib
from dataclasses import dataclass

import numpy as np

from annotation.core.database import consistent_reads, rows_of
from annotation.quality.snapshot import MOST_RESPONSES
from annotation.quality.snapshot.order import top_of
from annotation.quality.snapshot.rows import read_judgments
from annotation.quality.stats.bradley_terry import fit_abilities
from annotation.quality.stats.comparisons import floor_unacceptable
from annotation.quality.stats.estimate import FloatArray, IntArray
from annotation.quality.stats.outcomes import GeneratorComparisons, compare_generators
from annotation.quality.stats.rankings import Rankings, response_pairs

# Half a win and half a loss for everybody: nobody's ability is unknown without bound.
PRIOR = 0.5

WRITTEN_BY = """
SELECT place.item_id, place.position, response.generator_id
  FROM labeling_item item
  JOIN labeling_itemresponse place ON place.item_id = item.id
  JOIN prompts_response response ON response.id = place.response_id
 WHERE item.project_id = %(project)s AND response.generator_id IS NOT NULL
   AND EXISTS (SELECT 1 FROM labeling_judgment WHERE item_id = item.id)
"""
# A lift is not the priority that people gave an item.
LEVEL = "coalesce(lift.before, item.priority)"
# Nobody has begun on them, and they were not chosen yet.
MAY_BE_CHOSEN = f"""
  FROM labeling_item item LEFT JOIN quality_lift lift ON lift.item_id = item.id
 WHERE item.project_id = %(project)s AND item.state = 'open' AND item.taken = 0
   AND item.overlap > 0 AND item.response_count >= 2 AND {LEVEL} < 32767
   AND NOT EXISTS (SELECT 1 FROM quality_choice c
                    WHERE c.item_id = item.id AND c.put_back_at IS NULL)
"""  # noqa: S608  expressions of ours, here and below
GENERATORS = """(
  SELECT array_agg(response.generator_id ORDER BY place.position)
    FROM labeling_itemresponse place JOIN prompts_response response
      ON response.id = place.response_id WHERE place.item_id = item.id)"""
# What people gave the highest priority comes first, and is chosen from first.
CANDIDATES = f"""
SELECT id, lane, level, overlap, {GENERATORS.replace("item.id", "top.id")} FROM (
  SELECT item.id, item.lane, item.overlap, {LEVEL} AS level,
         max({LEVEL}) OVER (PARTITION BY item.lane) AS highest {MAY_BE_CHOSEN}) AS top
 WHERE level = highest ORDER BY id
"""  # noqa: S608
LEVELS = f"SELECT item.lane, max({LEVEL}) {MAY_BE_CHOSEN} GROUP BY item.lane"
WAITING = f"""
SELECT item.id, item.lane, item.priority, item.overlap - item.taken, item.taken, {GENERATORS}
  FROM quality_choice c JOIN labeling_item item ON item.id = c.item_id
 WHERE c.project_id = %(project)s AND c.put_back_at IS NULL
   AND item.state = 'open' AND item.taken < item.overlap
"""  # noqa: S608


@dataclass(frozen=True)
class Fit:
    """Abilities of generators by now; place {generator's id: its index}; sha256 of the
    comparisons behind it."""

    ability: FloatArray
    covariance: FloatArray
    place: dict[int, int]
    sha256: str

    def places_of(self, generator_ids: list[list[int | None] | None]) -> IntArray:
        """(items, 9) indices, -1 where nothing is known of it or nothing is there."""
        table = np.full((len(generator_ids), MOST_RESPONSES), -1, dtype=np.int64)
        for row, ids in enumerate(generator_ids):
            for column, pk in enumerate(ids or ()):
                table[row, column] = -1 if pk is None else self.place.get(pk, -1)
        return table


@dataclass(frozen=True)
class Candidates:
    """Of one lane: item_ids, how many places each has, by whom its responses are (lists of ids),
    and the priority they all have."""

    lane: int
    level: int
    item_ids: IntArray
    places: IntArray
    generator_ids: list[list[int | None] | None]


@dataclass(frozen=True)
class Waiting:
    """A chosen item with free places, in its lane and with its priority."""

    item_id: int
    lane: int
    priority: int
    places: int
    is_begun: bool
    generator_ids: list[int | None] | None


def fit_now(project) -> Fit:
    """Bradley-Terry over every current judgment, whatever made its item be judged."""
    with consistent_reads():
        ids = list(project.generators.order_by("pk").values_list("pk", flat=True))
        place = {pk: index for index, pk in enumerate(ids)}
        games = _games(project, place)
    digest = hashlib.sha256(np.array(ids, dtype=np.int64).tobytes())
    for array in (games.first, games.second, games.outcome, games.item):
        digest.update(np.ascontiguousarray(array).tobytes())
    if not ids:
        return Fit(np.zeros(0), np.zeros((0, 0)), place, digest.hexdigest())
    fit = fit_abilities(games, prior_strength=PRIOR, robust=False)
    return Fit(fit.ability, fit.covariance, place, digest.hexdigest())


def _games(project, place: dict[int, int]) -> GeneratorComparisons:
    rows = read_judgments(project, {})
    item_ids, item = np.unique(rows.item, return_inverse=True)
    written = np.array(rows_of(WRITTEN_BY, {"project": project.pk}), dtype=np.int64).reshape(-1, 3)
    written = written[np.isin(written[:, 0], item_ids)]
    generator = np.full((len(item_ids), MOST_RESPONSES), -1, dtype=np.int64)
    by = np.array([place.get(int(pk), -1) for pk in written[:, 2]], dtype=np.int64)
    generator[np.searchsorted(item_ids, written[:, 0]), written[:, 1] - 1] = by
    ranks = floor_unacceptable(rows.ranks, rows.unacceptable)
    top = top_of(rows)
    said = (np.isfinite(ranks) | np.isfinite(top)).any(axis=0)
    width = int(np.flatnonzero(said).max(initial=-1)) + 1  # nine would be 36 pairs a judgment
    _, labeler = np.unique(rows.labeler, return_inverse=True)
    signs = Rankings(item, labeler, ranks[:, :width], top[:, :width]).signs
    row, pair = np.nonzero(np.isfinite(signs))
    lower, higher = response_pairs(width)
    first = generator[item[row], lower[pair]]
    second = generator[item[row], higher[pair]]
    keep = (first >= 0) & (second >= 0) & (first != second)
    return compare_generators(
        first[keep],
        second[keep],
        signs[row, pair][keep].astype(np.int64) + 1,
        len(place),
        item=item[row][keep],
    )


def candidates_of(project) -> list[Candidates]:
    """By lane, those of the highest priority there."""
    lanes: dict[int, list[tuple]] = {}
    for row in rows_of(CANDIDATES, {"project": project.pk}):
        lanes.setdefault(row[1], []).append(row)
    return [
        Candidates(
            lane,
            rows[0][2],
            np.array([row[0] for row in rows], dtype=np.int64),
            np.array([row[3] for row in rows], dtype=np.int64),
            [row[4] for row in rows],
        )
        for lane, rows in sorted(lanes.items())
    ]


def levels_of(project) -> dict[int, int]:
    """By lane the priority of its candidates, where it has some."""
    return dict(rows_of(LEVELS, {"project": project.pk}))


def waiting_of(project) -> list[Waiting]:
    return [
        Waiting(pk, lane, priority, places, taken > 0, generators)
        for pk, lane, priority, places, taken, generators in rows_of(
            WAITING, {"project": project.pk}
        )
    ]
