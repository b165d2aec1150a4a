"""Whether the queue flows: what nobody can take, what comes back again and again, what is about to
come back, what is reported."""

import json
from dataclasses import dataclass, field
from datetime import timedelta

from django.db import connection
from django.db.models import Count, Q
from django.utils import timezone

from annotation.core.harms import known_harms
from annotation.labeling.models import Assignment, Item, ItemReport
from annotation.labeling.workload import judged_by
from annotation.projects.models import PoolMember, Slice

# In the order in which items are lent: those that nobody takes gather at the head.
LOOKED_AT = 5000
NAMED = 5
# Lent so often, and given back or left lying each time, an item is no accident.
AGAIN = 3
SOON = timedelta(minutes=5)


@dataclass(frozen=True)
class Stuck:
    """An item with room that was lent `times` without a judgment."""

    item: Item
    times: int


@dataclass
class Health:
    labeler_count: int  # who could be lent work now, were there some for them
    looked_at: int = 0  # items with room, at most LOOKED_AT of each slice
    is_whole_queue: bool = True
    unassignable_count: int = 0
    unassignable: list[Item] = field(default_factory=list)  # the first of them
    stuck_count: int = 0
    stuck: list[Stuck] = field(default_factory=list)  # the worst of them
    again: int = AGAIN
    live_count: int = 0
    expiring_count: int = 0
    reported_count: int = 0


QUEUE = """
WITH able AS MATERIALIZED (
  SELECT * FROM jsonb_to_recordset(%(able)s::jsonb)
             AS m(id bigint, avoids varchar[], lanes bigint[])
), head AS MATERIALIZED (
  SELECT of_lane.* FROM unnest(%(lanes)s::bigint[]) AS l(lane) CROSS JOIN LATERAL (
    SELECT i.id, i.lane, i.warnings, i.priority, i.taken
      FROM labeling_item i
     WHERE i.project_id = %(project)s AND i.lane = l.lane AND i.state = 'open'
       AND i.taken < i.overlap
     ORDER BY i.priority DESC, i.taken DESC, i.id LIMIT %(limit)s
  ) AS of_lane
), unassignable AS MATERIALIZED (
  SELECT h.* FROM head h WHERE NOT EXISTS (
    SELECT 1 FROM able m
     WHERE h.lane = ANY (m.lanes) AND NOT (h.warnings && m.avoids)
       AND NOT EXISTS (SELECT 1 FROM labeling_assignment a
                        WHERE a.item_id = h.id AND a.labeler_id = m.id AND a.state <> 'expired')
       AND NOT EXISTS (SELECT 1 FROM labeling_judgment j
                        WHERE j.item_id = h.id AND j.labeler_id = m.id))
), stuck AS MATERIALIZED (
  -- A row for each labeler: its token counts how often the item was lent to them.
  SELECT h.id, sum(a.token - (a.state NOT IN ('skipped', 'expired'))::int) AS times
    FROM head h JOIN labeling_assignment a ON a.item_id = h.id AND a.purpose = 'work'
   GROUP BY h.id HAVING sum(a.token - (a.state NOT IN ('skipped', 'expired'))::int) >= %(again)s
)
SELECT (SELECT count(*) FROM head), (SELECT max(n) FROM (SELECT count(*) AS n FROM head
        GROUP BY lane) AS of_lanes),
       (SELECT count(*) FROM unassignable),
       ARRAY(SELECT id FROM unassignable
              ORDER BY priority DESC, taken DESC, id LIMIT %(named)s),
       (SELECT count(*) FROM stuck),
       (SELECT jsonb_agg(jsonb_build_array(id, times))
          FROM (SELECT * FROM stuck ORDER BY times DESC, id LIMIT %(named)s) AS worst)
"""


def health_of(project) -> Health:
    """A handful of statements; none walks further than a bound or an index of what it counts."""
    able = able_members(project)
    health = Health(labeler_count=len(able))
    lanes = [0, *Slice.objects.filter(project=project).values_list("pk", flat=True)]
    values = {
        "able": json.dumps(able),
        "lanes": lanes,
        "project": project.pk,
        "limit": LOOKED_AT,
        "named": NAMED,
        "again": AGAIN,
    }
    with connection.cursor() as cursor:
        cursor.execute(QUEUE, values)
        looked_at, longest, unassignable_count, first, stuck_count, worst = cursor.fetchone()
    health.looked_at, health.is_whole_queue = looked_at, (longest or 0) < LOOKED_AT
    health.unassignable_count, health.stuck_count = unassignable_count, stuck_count
    times = dict(json.loads(worst)) if worst else {}
    items = Item.objects.in_bulk([*first, *times])
    health.unassignable = [items[pk] for pk in sorted(first)]
    health.stuck = [Stuck(items[pk], count) for pk, count in times.items()]
    health.live_count, health.expiring_count = _leases(project)
    open_reports = ItemReport.objects.open().filter(item__project=project)
    health.reported_count = open_reports.aggregate(items=Count("item", distinct=True))["items"]
    return health


def able_members(project) -> list[dict]:
    """Labelers who are lent work here, a daily cap aside: that one is over tomorrow."""
    members = list(project.memberships.lendable().select_related("user"))
    lanes = _lanes(project, [member.user_id for member in members])
    return [
        {
            "id": member.user_id,
            "avoids": known_harms(member.user.preferences.get("avoids")),
            "lanes": [0, *lanes.get(member.user_id, [])],
        }
        for member in members
        if member.quota is None or _judged(project, member) < member.quota
    ]


def _lanes(project, users) -> dict[int, list[int]]:
    found: dict[int, list[int]] = {}
    rows = PoolMember.objects.filter(user__in=users, pool__slices__project=project)
    for user, lane in rows.values_list("user_id", "pool__slices").distinct():
        found.setdefault(user, []).append(lane)
    return found


def _judged(project, member) -> int:
    counted = judged_by(member.user_id, project)
    return counted.order_by()[: member.quota].count()


def _leases(project) -> tuple[int, int]:
    """How many items are with somebody, and how many of them come back soon without a sign."""
    found = (
        Assignment.objects.live()
        .filter(project=project)
        .aggregate(
            live=Count("pk"),
            expiring=Count("pk", filter=Q(lease_until__lt=timezone.now() + SOON)),
        )
    )
    return found["live"], found["expiring"]
