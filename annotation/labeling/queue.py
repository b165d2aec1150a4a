"""Lending items: the overlap holds under any race, and nothing here grows with the project."""

import uuid
from datetime import timedelta

from django.db import IntegrityError, connection, transaction
from django.db.models import Exists, OuterRef
from django.db.models.functions import Now
from django.utils.crypto import salted_hmac

from annotation.core.clock import last_midnight
from annotation.core.harms import known_harms
from annotation.labeling.lending import LEND, WAITING
from annotation.labeling.models import Assignment
from annotation.projects.models import Membership


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
    values = _values(project, labeler) | {
        "secret": _secret(project, labeler),
        "key": uuid.uuid4(),
        "lease": timedelta(minutes=project.lease_minutes),
    }
    assignment_id, item_id = LEND.row(values)
    if item_id is not None and assignment_id is None:
        raise LostRace
    return assignment_id


def waiting_for(*, project, labeler) -> str:
    """What would be lent to this labeler next, by its purpose; empty where there is nothing. For
    pages beside the judging path: it changes nothing."""
    found = WAITING.row(_values(project, labeler) | {"secret": None})
    return found[0] if found else ""


def _secret(project, labeler) -> str:
    """What nobody outside knows, for the draw of gold: another one for each labeler."""
    return salted_hmac("labeling.gold", f"{project.pk}:{labeler.pk}").hexdigest()


def _values(project, labeler) -> dict:
    return {
        "project": project.pk,
        "labeler": labeler.pk,
        "avoids": avoided_by(labeler),
        "midnight": last_midnight(),
    }


def _renew_held(project, labeler):
    mine = Membership.objects.filter(project=OuterRef("project"), user=OuterRef("labeler"))
    held = Assignment.objects.live().filter(project=project, labeler=labeler)
    held = held.exclude(Exists(mine.paused())).exclude(
        Exists(mine.filter(stage=Membership.Stage.SUSPENDED))
    )
    held = held.first()
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
    FROM over WHERE a.id = over.id RETURNING a.item_id, a.purpose
), freed AS (
  SELECT item_id, count(*) AS n FROM ended WHERE purpose = 'work' GROUP BY item_id
), locked AS (
  SELECT i.id, freed.n FROM labeling_item i JOIN freed ON freed.item_id = i.id
   ORDER BY i.id FOR UPDATE OF i
), given_back AS (
  UPDATE labeling_item i SET taken = i.taken - locked.n FROM locked WHERE i.id = locked.id
)
SELECT count(*) FROM ended
"""


def expire_leases(*, project=None) -> int:
    """End leases that ran out and give their places back. Drafts stay. Returns how many."""
    in_project = "AND a.project_id = %(project)s" if project is not None else ""
    with connection.cursor() as cursor:
        cursor.execute(
            EXPIRE.format(in_project=in_project), {"project": project.pk if project else None}
        )
        return cursor.fetchone()[0]
