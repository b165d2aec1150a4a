"""Lending items: the overlap holds under any race, and nothing here grows with the project."""

import uuid
from datetime import timedelta

from django.db import IntegrityError, connection, transaction
from django.db.models.functions import Now

from annotation.core.harms import known_harms
from annotation.core.prepared import Prepared
from annotation.labeling.models import Assignment

WINDOW = 200
MAX_LOCKED = 16

UNTOUCHED = """NOT EXISTS (
       SELECT 1 FROM labeling_assignment a
        WHERE a.item_id = i.id AND a.labeler_id = %(labeler)s AND a.state <> 'expired')
     AND NOT EXISTS (
       SELECT 1 FROM labeling_judgment j
        WHERE j.item_id = i.id AND j.labeler_id = %(labeler)s)
     AND NOT (i.warnings && %(avoids)s::varchar[])"""
# One shuffle per item, turned by one place for each labeler: over an item's labelers every
# response is shown in every place equally often.
ORDER = """(
  SELECT coalesce(
           array_agg(place.position ORDER BY (place.n + lent.taken) %% lent.response_count), '{}')
    FROM (SELECT g AS position, row_number() OVER (ORDER BY md5(lent.id || ':' || g)) AS n
            FROM generate_series(1, lent.response_count) AS g) AS place)"""

# One statement: find, count and lend. The counter on the locked row keeps the overlap.
# The window bounds how many begun items a labeler who has done them all walks over; `mine` stops
# at the first few for this labeler, some of which others may have locked. `near` reads them by
# their ids, for a join with the window made the planner read every open item. `fresh` finds an
# item nobody has begun at once; `rest` is for the end of a project, when both have nothing.
LEND = Prepared(
    """
WITH mine AS MATERIALIZED (
  SELECT i.id FROM (
    SELECT id, priority, taken, warnings FROM labeling_item
     WHERE project_id = %(project)s AND state = 'open' AND taken < overlap
     ORDER BY priority DESC, taken DESC, id LIMIT <window>
  ) AS i
   WHERE <untouched> ORDER BY i.priority DESC, i.taken DESC, i.id LIMIT <locked>
), near AS (
  SELECT i.id FROM labeling_item i
   WHERE i.id = ANY (ARRAY(SELECT id FROM mine)) AND i.state = 'open' AND i.taken < i.overlap
   ORDER BY i.priority DESC, i.taken DESC, i.id LIMIT 1
     FOR UPDATE OF i SKIP LOCKED
), fresh AS (
  SELECT i.id FROM labeling_item i
   WHERE NOT EXISTS (SELECT 1 FROM near)
     AND i.project_id = %(project)s AND i.state = 'open' AND i.taken = 0 AND <untouched>
   ORDER BY i.priority DESC, i.id LIMIT 1
     FOR UPDATE OF i SKIP LOCKED
), rest AS (
  SELECT i.id FROM labeling_item i
   WHERE NOT EXISTS (SELECT 1 FROM near) AND NOT EXISTS (SELECT 1 FROM fresh)
     AND i.project_id = %(project)s AND i.state = 'open' AND i.taken < i.overlap AND <untouched>
   ORDER BY i.priority DESC, i.taken DESC, i.id LIMIT 1
     FOR UPDATE OF i SKIP LOCKED
), pick AS (
  SELECT id FROM near UNION ALL SELECT id FROM fresh UNION ALL SELECT id FROM rest LIMIT 1
), lent AS (
  UPDATE labeling_item i SET taken = i.taken + 1 FROM pick WHERE i.id = pick.id
  RETURNING i.id, i.project_id, i.taken, i.response_count
), held AS (
INSERT INTO labeling_assignment
  (project_id, item_id, labeler_id, state, "order", token, key, lease_until, skip_reason, draft,
   created_at)
SELECT project_id, id, %(labeler)s, 'live', <order>, 1, %(key)s::uuid,
       clock_timestamp() + %(lease)s::interval, '', '{}', clock_timestamp()
  FROM lent
ON CONFLICT (item_id, labeler_id) DO UPDATE
   SET state = 'live', token = labeling_assignment.token + 1, key = EXCLUDED.key,
       lease_until = EXCLUDED.lease_until, over_at = NULL
 WHERE labeling_assignment.state = 'expired'
RETURNING id
)
SELECT (SELECT id FROM held), (SELECT id FROM lent)
""".replace("<untouched>", UNTOUCHED)
    .replace("<order>", ORDER)
    .replace("<window>", str(WINDOW))
    .replace("<locked>", str(MAX_LOCKED))
)


class LostRace(Exception):
    """A parallel request of the same labeler was lent that item first: roll back, look again."""


def lend_next_item(*, project, labeler) -> Assignment | None:
    """Lend the open item nearest to completion, or None when there is nothing for this labeler.

    Somebody who holds an item already gets the same one again, with a new lease.
    """
    for _ in range(3):
        held = _renew_held(project, labeler)
        if held is not None:
            return held
        try:
            with transaction.atomic():
                assignment_id = lend(project=project, labeler=labeler)
        except (LostRace, IntegrityError):
            continue  # a parallel request of the same labeler was lent one: take that
        if assignment_id is None and expire_leases(project=project):
            continue
        return None if assignment_id is None else Assignment.objects.get(pk=assignment_id)
    return _renew_held(project, labeler)


def avoided_by(labeler) -> list[str]:
    """The kinds of harmful content that this labeler keeps away from."""
    return known_harms(labeler.preferences.get("avoids"))


def lend(*, project, labeler) -> int | None:
    """The lending statement itself: the new assignment's id, or None. Inside a transaction:
    LostRace or IntegrityError must take the counter back."""
    assignment_id, item_id = LEND.row(
        {
            "project": project.pk,
            "labeler": labeler.pk,
            "avoids": avoided_by(labeler),
            "key": uuid.uuid4(),
            "lease": timedelta(minutes=project.lease_minutes),
        }
    )
    if item_id is not None and assignment_id is None:
        raise LostRace
    return assignment_id


def _renew_held(project, labeler):
    held = Assignment.objects.live().filter(project=project, labeler=labeler).first()
    if held is None:
        return None
    renewed = Assignment.objects.live().filter(pk=held.pk)
    if not renewed.update(lease_until=Now() + timedelta(minutes=project.lease_minutes)):
        return None  # it expired between the two statements
    held.refresh_from_db(fields=["lease_until"])
    return held


# The items are locked in one order: two who sweep at the same time must not wait for each other.
EXPIRE = """
WITH over AS (
  SELECT a.id, a.item_id FROM labeling_assignment a
   WHERE a.state = 'live' AND a.lease_until < clock_timestamp() {in_project}
   ORDER BY a.item_id LIMIT 1000 FOR UPDATE OF a SKIP LOCKED
), ended AS (
  UPDATE labeling_assignment a SET state = 'expired', over_at = clock_timestamp()
    FROM over WHERE a.id = over.id RETURNING a.item_id
), freed AS (
  SELECT item_id, count(*) AS n FROM ended GROUP BY item_id
), locked AS (
  SELECT i.id, freed.n FROM labeling_item i JOIN freed ON freed.item_id = i.id
   ORDER BY i.id FOR UPDATE OF i
)
UPDATE labeling_item i SET taken = i.taken - locked.n FROM locked WHERE i.id = locked.id
RETURNING locked.n
"""


def expire_leases(*, project=None) -> int:
    """End leases that ran out and give their places back. Drafts stay. Returns how many."""
    in_project = "AND a.project_id = %(project)s" if project is not None else ""
    with connection.cursor() as cursor:
        cursor.execute(
            EXPIRE.format(in_project=in_project), {"project": project.pk if project else None}
        )
        return sum(n for (n,) in cursor.fetchall())
