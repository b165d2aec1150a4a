"""The statement that finds an item for a labeler, counts it and lends it: one, whatever is lent.

Who may be lent what is decided in it, from the rows as they are at that moment: the stage, the
pause, the quota and the daily cap of the membership, the slices of the labeler's pools, an open
calibration round, the next item of the ladder, gold and repeats by their shares. So a change
takes effect with the next item, and an item of one kind costs what every other costs.
"""

from annotation.core.prepared import Prepared
from annotation.labeling.models import COUNTED

WINDOW = 200
MAX_LOCKED = 16

TOUCHED = """SELECT 1 FROM labeling_assignment a
        WHERE a.item_id = i.id AND a.labeler_id = %(labeler)s AND a.state <> 'expired'"""
JUDGED_BEFORE = """SELECT 1 FROM labeling_judgment j
        WHERE j.item_id = i.id AND j.labeler_id = %(labeler)s"""
WANTED = "NOT (i.warnings && %(avoids)s::varchar[])"
UNTOUCHED = f"NOT EXISTS ({TOUCHED}) AND NOT EXISTS ({JUDGED_BEFORE}) AND {WANTED}"
# The same, asked of one item after the other: OFFSET 0 keeps the planner from making a join of it.
# Where a few items are enough, the join read all that the labeler had ever done, once per item,
# whenever the statistics were of a time when that was nothing; and planning it took twice as long.
ASKED = f"NOT EXISTS ({TOUCHED} OFFSET 0) AND NOT EXISTS ({JUDGED_BEFORE} OFFSET 0) AND {WANTED}"

# What `Judgment.objects.counted()` finds of this labeler here.
JUDGED = """SELECT 1 FROM labeling_judgment j
              WHERE j.labeler_id = %(labeler)s AND j.project_id = %(project)s AND j.revision = 1
                AND j.purpose IN (<counted>)""".replace(
    "<counted>", ", ".join(f"'{purpose}'" for purpose in COUNTED)
)

# Held while an item is found for it: whoever sets a quota or pauses somebody either sees what was
# lent, or is seen. A labeler without a membership is the site's admin: they may do everything.
ME = """member AS MATERIALIZED (
  SELECT m.id, m.is_active, m.stage, m.paused_at, m.paused_until, m.quota, m.daily_cap
    FROM projects_membership m
   WHERE m.project_id = %(project)s AND m.user_id = %(labeler)s
     <hold>
), me AS MATERIALIZED (
  SELECT m.id AS membership, coalesce(m.stage, 'full') AS stage,
         CASE WHEN m.stage = 'probation' THEN greatest(p.gold_percent, p.probation_gold_percent)
              ELSE p.gold_percent END AS gold_percent,
         p.repeat_percent, p.repeat_after_items,
         make_interval(hours => p.repeat_after_hours) AS repeat_after
    FROM projects_project p
    LEFT JOIN member m ON true
   WHERE p.id = %(project)s
     AND (m.id IS NULL OR m.is_active)
     AND (m.paused_at IS NULL OR m.paused_until <= clock_timestamp())
     AND (m.quota IS NULL OR
          (SELECT count(*) FROM (<judged> LIMIT m.quota) AS done) < m.quota)
     AND (m.daily_cap IS NULL OR
          (SELECT count(*) FROM (<judged> AND j.submitted_at >= %(midnight)s::timestamptz
                                  LIMIT m.daily_cap) AS today) < m.daily_cap)
)""".replace("<judged>", JUDGED)

# Lane 0 holds what no slice takes.
LANES = """lanes AS MATERIALIZED (
  SELECT 0::bigint AS lane FROM me WHERE me.stage IN ('probation', 'full')
  UNION
  SELECT s.id FROM me
    JOIN projects_slice s ON s.project_id = %(project)s AND me.stage IN ('probation', 'full')
    JOIN projects_slice_pools sp ON sp.slice_id = s.id
    JOIN projects_poolmember pm ON pm.pool_id = sp.pool_id AND pm.user_id = %(labeler)s
)"""

# The window bounds how many begun items a labeler who has done them all walks over; `mine` stops
# at the first few for this labeler, some of which others may have locked. `near` reads them by
# their ids, for a join with the window made the planner read every open item. `fresh` finds an
# item nobody has begun at once; `rest` is for the end of a project, when both have nothing.
WORK = """mine AS MATERIALIZED (
  SELECT of_lane.id FROM lanes CROSS JOIN LATERAL (
    SELECT i.id FROM (
      SELECT id, priority, taken, warnings FROM labeling_item
       WHERE project_id = %(project)s AND lane = lanes.lane AND state = 'open'
         AND taken < overlap
       ORDER BY priority DESC, taken DESC, id LIMIT <window>
    ) AS i
     WHERE <asked> ORDER BY i.priority DESC, i.taken DESC, i.id LIMIT <locked>
  ) AS of_lane
), near AS (
  SELECT i.id FROM labeling_item i
   WHERE i.id = ANY (ARRAY(SELECT id FROM mine)) AND i.state = 'open' AND i.taken < i.overlap
   ORDER BY i.priority DESC, i.taken DESC, i.id LIMIT 1
     <lock>
), first AS MATERIALIZED (
  SELECT of_lane.id FROM lanes CROSS JOIN LATERAL (
    SELECT i.id, i.priority FROM labeling_item i
     WHERE NOT EXISTS (SELECT 1 FROM near)
       AND i.project_id = %(project)s AND i.lane = lanes.lane AND i.state = 'open'
       AND i.taken = 0 AND <asked>
     ORDER BY i.priority DESC, i.id LIMIT 1
       <lock>
  ) AS of_lane ORDER BY of_lane.priority DESC, of_lane.id LIMIT 1
), rest AS (
  SELECT i.id FROM labeling_item i
   WHERE NOT EXISTS (SELECT 1 FROM near) AND NOT EXISTS (SELECT 1 FROM first)
     AND i.project_id = %(project)s AND i.lane = ANY (ARRAY(SELECT lane FROM lanes))
     AND i.state = 'open' AND i.taken < i.overlap AND <untouched>
   ORDER BY i.priority DESC, i.taken DESC, i.id LIMIT 1
     <lock>
), work AS (
  SELECT id FROM near UNION ALL SELECT id FROM first UNION ALL SELECT id FROM rest LIMIT 1
)"""

CALIBRATION = """calibration AS (
  SELECT i.id FROM me
    JOIN labeling_calibrationmember cm
      ON cm.labeler_id = %(labeler)s AND me.stage IN ('probation', 'full')
    JOIN labeling_calibrationround r
      ON r.id = cm.round_id AND r.project_id = %(project)s AND r.state = 'open'
    JOIN labeling_calibrationitem c ON c.round_id = r.id
    JOIN labeling_item i ON i.id = c.item_id AND i.state <> 'withdrawn'
   WHERE <asked>
   ORDER BY r.id, c.position LIMIT 1
)"""

# What somebody judged there before may come again, in a repeated training or another attempt at
# the test: whoever begins one puts the assignments of the last back to "expired". What was judged
# as work never comes: its judgment would give way to the new one.
ASKED_HERE = f"""NOT EXISTS ({TOUCHED} OFFSET 0)
     AND NOT EXISTS ({JUDGED_BEFORE} AND j.purpose NOT IN ('training', 'test') OFFSET 0)
     AND {WANTED}"""

# Nothing of the test without an attempt that runs; each one but the first in an order of its own.
LADDER = """ladder AS (
  SELECT i.id, me.stage FROM me
    JOIN labeling_golditem g
      ON g.project_id = %(project)s AND g.use = me.stage AND g.is_active
    JOIN labeling_item i ON i.id = g.item_id AND i.state <> 'withdrawn'
    LEFT JOIN labeling_testsection s ON s.id = g.section_id
    LEFT JOIN labeling_testattempt t
      ON me.stage = 'test' AND t.membership_id = me.membership AND t.ended_at IS NULL
   WHERE (me.stage = 'training' OR t.id IS NOT NULL) AND <asked here>
   ORDER BY s.position NULLS FIRST,
            CASE WHEN t.number > 1 THEN md5(g.id || ':' || t.number || ':' || %(labeler)s) END,
            g.position, g.id LIMIT 1
)""".replace("<asked here>", ASKED_HERE)

# The draw hangs on what this labeler ended last, and on a secret: whoever gives an item back and
# comes again, or undoes and submits again, gets the same answer. A new draw each time would tell
# gold from work by which of them comes again. Without a secret nothing is drawn.
DIE = (
    """('x' || substr(md5(%(secret)s::text || ':' || <last>), 1, 7))::bit(28)::int / 268435456.0"""
)

DRAW = """draw AS MATERIALIZED (
  SELECT <die> AS die, md5(%(secret)s::text || ':place:' || ended.id) AS place FROM (
    SELECT coalesce((
      SELECT a.id FROM labeling_assignment a
       WHERE a.labeler_id = %(labeler)s AND a.project_id = %(project)s
         AND a.state IN ('submitted', 'surplus', 'skipped')
       ORDER BY a.id DESC LIMIT 1), 0) AS id) AS ended
)""".replace("<die>", DIE.replace("<last>", "ended.id"))

# Looked for whether the die asks for it or not, or the time of an answer would tell. The walk
# begins at another place after each item, and at the same one until then: no two labelers meet
# known answers in one order, and whoever comes again gets the same. An index holds the circle.
GOLD = """gold AS MATERIALIZED (
  SELECT next.id FROM me CROSS JOIN draw CROSS JOIN LATERAL (
    <from here> UNION ALL <round> LIMIT 1) AS next
   WHERE me.gold_percent > 0
)"""
CIRCLE = """(
      SELECT i.id FROM (
        SELECT g.item_id, md5(g.id::text) AS place FROM labeling_golditem g
         WHERE g.project_id = %(project)s AND g.use = 'queue' AND g.is_active
           AND md5(g.id::text) <side> draw.place
         ORDER BY md5(g.id::text) LIMIT <window>
      ) AS g JOIN labeling_item i ON i.id = g.item_id
       WHERE i.state <> 'withdrawn' AND i.lane = ANY (ARRAY(SELECT lane FROM lanes)) AND <asked>
       ORDER BY g.place LIMIT 1)"""
GOLD = GOLD.replace("<from here>", CIRCLE.replace("<side>", ">="))
GOLD = GOLD.replace("<round>", CIRCLE.replace("<side>", "<"))

# Of what this labeler judged as work: long enough ago in items and in hours, and asked again once.
# Ids stand for time in where the walk begins; what counts is when each was judged.
REPEAT = """since AS MATERIALIZED (
  SELECT me.repeat_after, draw.place,
         (SELECT min(newest.over_at) FROM (
            SELECT a.over_at <of this labeler> AND a.state IN ('submitted', 'surplus')
             ORDER BY a.id DESC LIMIT me.repeat_after_items) AS newest) AS before,
         (SELECT a.id <of this labeler> AND a.state IN ('submitted', 'surplus')
           ORDER BY a.id LIMIT 1) AS first,
         (SELECT a.id <of this labeler> AND a.state IN ('submitted', 'surplus')
           ORDER BY a.id DESC LIMIT 1) AS last
    FROM me CROSS JOIN draw WHERE me.repeat_percent > 0
), start AS MATERIALIZED (
  SELECT since.*, first + floor((last - first) * ('x' || substr(place, 1, 7))::bit(28)::int
                                / 268435456.0)::bigint AS id FROM since
), repeat AS MATERIALIZED (
  SELECT next.id, next."order" FROM start CROSS JOIN LATERAL (
    <from here> UNION ALL <round> LIMIT 1) AS next
)""".replace(
    "<of this labeler>",
    """FROM labeling_assignment a
             WHERE a.labeler_id = %(labeler)s AND a.project_id = %(project)s""",
)
JUDGED_LONG_AGO = """(
      SELECT i.id, judged."order" FROM (
        SELECT a.id, a.item_id, a."order" FROM labeling_assignment a
         WHERE a.labeler_id = %(labeler)s AND a.project_id = %(project)s AND a.id <side> start.id
           AND a.purpose = 'work' AND a.state = 'submitted' AND a.over_at < start.before
           AND a.over_at <= clock_timestamp() - start.repeat_after
         ORDER BY a.id LIMIT <window>
      ) AS judged JOIN labeling_item i ON i.id = judged.item_id
       WHERE i.state = 'open' AND i.lane = ANY (ARRAY(SELECT lane FROM lanes)) AND <wanted>
         AND NOT EXISTS (SELECT 1 FROM labeling_assignment again
                          WHERE again.item_id = i.id AND again.labeler_id = %(labeler)s
                            AND again.is_repeat AND again.state <> 'expired' OFFSET 0)
         AND NOT EXISTS (SELECT 1 FROM labeling_finaljudgment said
                          WHERE said.item_id = i.id AND said.labeler_id = %(labeler)s OFFSET 0)
       ORDER BY judged.id LIMIT 1)""".replace("<wanted>", WANTED)
REPEAT = REPEAT.replace("<from here>", JUDGED_LONG_AGO.replace("<side>", ">="))
REPEAT = REPEAT.replace("<round>", JUDGED_LONG_AGO.replace("<side>", "<"))

# Gold and repeats come only in the place of work that is there: what comes after the work has run
# out would tell. Beside each other on one die, so that neither share takes from the other.
PICK = """found AS MATERIALIZED (
  SELECT (SELECT id FROM work) AS work, (SELECT id FROM gold) AS gold,
         (SELECT id FROM repeat) AS repeat, (SELECT "order" FROM repeat) AS before
), pick AS (
  SELECT id, 'calibration' AS purpose, NULL::smallint[] AS before, NULL::bigint AS place
    FROM calibration
  UNION ALL SELECT id, stage, NULL, NULL FROM ladder
  UNION ALL SELECT gold, 'gold', NULL, work FROM found CROSS JOIN me CROSS JOIN draw
   WHERE work IS NOT NULL AND gold IS NOT NULL AND die * 100 < gold_percent
  UNION ALL SELECT repeat, 'repeat', before, work FROM found CROSS JOIN me CROSS JOIN draw
   WHERE work IS NOT NULL AND repeat IS NOT NULL AND die * 100 >= gold_percent
     AND die * 100 < gold_percent + repeat_percent
  UNION ALL SELECT work, 'work', NULL, work FROM found WHERE work IS NOT NULL
  LIMIT 1
)"""

# One shuffle per item, turned by one place for each labeler: over an item's labelers every
# response is shown in every place equally often.
ORDER = """(
  SELECT coalesce(
           array_agg(place.position ORDER BY (place.n + lent.turn) %% lent.response_count), '{}')
    FROM (SELECT g AS position, row_number() OVER (ORDER BY md5(lent.id || ':' || g)) AS n
            FROM generate_series(1, lent.response_count) AS g) AS place)"""
# A repeat comes the other way round: whoever always takes the first one contradicts themselves.
TURNED = """(
  SELECT coalesce(array_agg(place.position ORDER BY place.n DESC), '{}')
    FROM unnest(lent.before) WITH ORDINALITY AS place(position, n))"""

# The place of work is written to whatever is lent instead of it; only work takes it.
HOLD = """counted AS (
  UPDATE labeling_item i SET taken = i.taken + (pick.purpose = 'work')::int FROM pick
   WHERE i.id = pick.place
  RETURNING i.id, i.taken
), lent AS (
  SELECT i.id, i.response_count, pick.purpose, pick.before,
         CASE WHEN pick.purpose = 'work' THEN counted.taken::int
              ELSE ('x' || substr(md5(i.id || '/' || %(labeler)s), 1, 7))::bit(28)::int END AS turn
    FROM pick JOIN labeling_item i ON i.id = pick.id LEFT JOIN counted ON counted.id = pick.place
   WHERE pick.purpose <> 'work' OR counted.id IS NOT NULL
), held AS (
INSERT INTO labeling_assignment
  (project_id, item_id, labeler_id, state, purpose, "order", token, key, lease_until,
   skip_reason, draft, created_at)
SELECT %(project)s, id, %(labeler)s, 'live', purpose,
       CASE WHEN lent.before IS NULL THEN <order> ELSE <turned> END, 1, %(key)s::uuid,
       clock_timestamp() + %(lease)s::interval, '', '{}', clock_timestamp()
  FROM lent
ON CONFLICT (item_id, labeler_id, is_repeat) DO UPDATE
   SET state = 'live', purpose = EXCLUDED.purpose, token = labeling_assignment.token + 1,
       key = EXCLUDED.key, lease_until = EXCLUDED.lease_until, over_at = NULL
 WHERE labeling_assignment.state = 'expired'
RETURNING id
)"""


FIND = (ME, LANES, WORK, CALIBRATION, LADDER, DRAW, GOLD, REPEAT, PICK)


def prepared(*more: str, select: str, lock: str = "", hold: str = "") -> Prepared:
    """A statement that finds the next item, and does more with it."""
    return Prepared(
        f"WITH {', '.join(FIND + more)} SELECT {select}".replace("<untouched>", UNTOUCHED)
        .replace("<asked>", ASKED)
        .replace("<order>", ORDER)
        .replace("<turned>", TURNED)
        .replace("<window>", str(WINDOW))
        .replace("<locked>", str(MAX_LOCKED))
        .replace("<lock>", lock)
        .replace("<hold>", hold)
    )


LENT = "(SELECT id FROM held), (SELECT id FROM lent)"
LOCK = "FOR UPDATE OF i SKIP LOCKED"
# The counter on the locked row keeps the overlap.
LEND = prepared(HOLD, select=LENT, lock=LOCK, hold="FOR NO KEY UPDATE")
# Is there anything for this labeler, and what? Nothing is locked, nothing changes.
WAITING = prepared(select="purpose FROM pick")
