"""Lending items: the overlap holds under any race, and nothing here grows with the project."""

import uuid
from datetime import timedelta

from django.db import IntegrityError, OperationalError, connection, transaction
from django.db.models import Exists, OuterRef, Q
from django.db.models.functions import Now
from django.utils.crypto import salted_hmac

from annotation.core.clock import last_midnight
from annotation.core.database import is_retryable
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
        except OperationalError as error:
            if not is_retryable(error):
                raise
            continue  # two transactions met head-on
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
    barred = Q(is_active=False) | Q(stage=Membership.Stage.SUSPENDED)
    held = held.exclude(Exists(mine.paused())).exclude(Exists(mine.filter(barred)))
    held = held.first()
    if held is None:
        return None
    renewed = Assignment.objects.live().filter(pk=held.pk)
    if not renewed.update(lease_until=Now() + timedelta(minutes=project.lease_minutes)):
        return None  # it expired between the two statements
    held.refresh_from_db(fields=["lease_until"])
    return held


# However a loan ends without an answer. The items are locked in one order: two who do this at the
# same time must not wait for each other. An item without a place is written all the same, so that
# gold cannot be told by what the server does.
END = """
WITH over AS (
  {over}
), ended AS (
  UPDATE labeling_assignment a SET state = 'expired', over_at = clock_timestamp()
    FROM over WHERE a.id = over.id RETURNING a.item_id, a.purpose
), freed AS (
  SELECT item_id, count(*) FILTER (WHERE purpose = 'work') AS n FROM ended GROUP BY item_id
), locked AS (
  SELECT i.id, freed.n FROM labeling_item i JOIN freed ON freed.item_id = i.id
   ORDER BY i.id FOR UPDATE OF i
), given_back AS (
  UPDATE labeling_item i SET taken = i.taken - locked.n FROM locked WHERE i.id = locked.id
)
SELECT count(*) FROM ended
"""
# Whoever was removed from the project does not come back for what they hold.
RAN_OUT = """SELECT a.id, a.item_id FROM labeling_assignment a
   WHERE a.state = 'live' {in_project}
     AND (a.lease_until < clock_timestamp()
          OR EXISTS (SELECT 1 FROM projects_membership m
                      WHERE m.project_id = a.project_id AND m.user_id = a.labeler_id
                        AND NOT m.is_active))
   ORDER BY a.item_id LIMIT 1000 FOR UPDATE OF a SKIP LOCKED"""
# Whoever submits one of these is waited for: what they judged counts.
HELD = """SELECT a.id FROM labeling_assignment a
   WHERE a.id = ANY (%(held)s) AND a.state = 'live' ORDER BY a.id FOR UPDATE OF a"""


def expire_leases(*, project=None) -> int:
    """End leases that ran out, and those of people who were removed, and give their places back.
    Drafts stay. Returns how many."""
    in_project = "AND a.project_id = %(project)s" if project is not None else ""
    over = RAN_OUT.format(in_project=in_project)
    return _end(over, {"project": project.pk if project else None})


def give_back(held) -> int:
    """End what is live of these assignments, their drafts kept, and free their places: it goes to
    somebody else. Returns how many."""
    held = list(held.live().values_list("pk", flat=True))
    return _end(HELD, {"held": held}) if held else 0


def _end(over: str, values: dict) -> int:
    with connection.cursor() as cursor:
        cursor.execute(END.format(over=over), values)
        return cursor.fetchone()[0]
