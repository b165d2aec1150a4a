"""Taking back the last submit or skip, while it is fresh.

Nothing is deleted: a judgment is taken back by a further revision that says so, and the item comes
back to the labeler as it was left.
"""

import uuid
from datetime import timedelta

from django.db import IntegrityError, OperationalError, transaction
from django.db.models import F
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext as _

from annotation.core import audit
from annotation.core.database import is_retryable
from annotation.core.errors import Conflict
from annotation.labeling.final import refuse_final
from annotation.labeling.forms.entered import entered_from
from annotation.labeling.inserting import insert_judgment
from annotation.labeling.models import ON_THE_LADDER, Assignment, Item, Judgment
from annotation.labeling.queue import give_back
from annotation.labeling.services import assignment_of, refuse_the_suspended
from annotation.labeling.workload import hindrance_of

UNDO_WITHIN = timedelta(seconds=60)
GRACE = timedelta(seconds=10)  # for the way there: the page stops offering it earlier

State = Assignment.State


def undo_last(*, assignment_id, labeler) -> Assignment:
    """Give the item of the last submit or skip back to its labeler, with all that was entered.

    The item lent since goes back into the queue, its draft kept. Undone twice is undone once.
    Conflict says why it cannot be undone.
    """
    for _attempt in range(3):
        try:
            with transaction.atomic():
                return _undo(assignment_of(labeler, assignment_id, lock=True), labeler)
        except (IntegrityError, OperationalError) as error:
            # Another tab was lent an item in between: look again.
            if not is_retryable(error):
                raise
    raise Conflict(_("Too much happened at once. Nothing was lost: send it again."))


def is_undoable(assignment) -> bool:
    """May the page offer to take this back?"""
    is_over = assignment.state in (State.SUBMITTED, State.SKIPPED)
    if assignment.purpose in ON_THE_LADDER:
        return False
    return is_over and assignment.over_at > timezone.now() - UNDO_WITHIN


def _undo(assignment: Assignment, labeler) -> Assignment:
    if assignment.state == State.LIVE:
        return assignment
    _refuse_what_cannot_be_undone(assignment, labeler)
    # The next item waits in the queue again, with what was entered for it.
    give_back(Assignment.objects.filter(project=assignment.project_id, labeler=labeler))
    if assignment.state == State.SUBMITTED:
        draft = _retract(assignment)
    else:
        draft = assignment.draft
        _take_place_again(assignment)
    lease = timedelta(minutes=assignment.project.lease_minutes)
    Assignment.objects.filter(pk=assignment.pk).update(
        state=State.LIVE,
        token=F("token") + 1,
        key=uuid.uuid4(),
        lease_until=Now() + lease,
        over_at=None,
        skip_reason="",
        draft=draft,
        draft_at=Now(),
    )
    return assignment


def _refuse_what_cannot_be_undone(assignment, labeler) -> None:
    if assignment.purpose in ON_THE_LADDER:
        raise Conflict(_("What is answered in the training or in the test stands."))
    refuse_the_suspended(assignment)
    _refuse_what_would_not_be_lent(assignment, labeler)
    if assignment.state == State.SURPLUS:
        raise Conflict(_("This came late, as surplus: it can be changed in your history."))
    if assignment.state not in (State.SUBMITTED, State.SKIPPED):
        raise Conflict(_("There is nothing to undo here."))
    if assignment.over_at < timezone.now() - UNDO_WITHIN - GRACE:
        raise Conflict(
            _("More than a minute has passed. In your history it can still be changed.")
        )
    if assignment.item.state == Item.State.WITHDRAWN:
        raise Conflict(_("The item was withdrawn meanwhile."))
    later = Assignment.objects.filter(
        project=assignment.project_id, labeler=labeler, over_at__gt=assignment.over_at
    )
    if later.exclude(state=State.EXPIRED).exists():
        raise Conflict(_("You have gone on since: only the last one can be undone."))


def _refuse_what_would_not_be_lent(assignment, labeler) -> None:
    """What is undone is on the desk again, as if it were lent now. What was judged counts against
    the quota and the cap already; what was skipped did not."""
    is_judged = assignment.state == State.SUBMITTED
    hindrance = hindrance_of(labeler, assignment.project, only_pause=is_judged)
    if hindrance is not None:
        raise Conflict(f"{hindrance.title}: {hindrance.text}")


def _retract(assignment) -> dict[str, str]:
    """A further revision takes the judgment back. Returns what was entered."""
    last = Judgment.objects.of_line(assignment).latest("revision")
    if last.assignment_id != assignment.pk or last.is_retraction:
        raise Conflict(_("This judgment was changed since: see your history."))
    refuse_final(last)
    copied = {
        field.attname: getattr(last, field.attname)
        for field in Judgment._meta.concrete_fields
        if not (field.primary_key or field.generated)
    }
    copied |= {
        "revision": last.revision + 1,
        "is_retraction": True,
        "key": None,
        "submitted_at": timezone.now(),
    }
    retraction = Judgment(**copied)
    retraction.project, retraction.labeler = assignment.project, assignment.labeler
    insert_judgment(retraction, event="judgment.retracted")
    return entered_from(last, assignment.order)


def _take_place_again(assignment) -> None:
    places = assignment.places
    room = Item.objects.filter(pk=assignment.item_id, taken__lte=F("overlap") - places)
    if not room.update(taken=F("taken") + places):
        raise Conflict(_("Others have judged the item by now: it needs no further judgment."))
    audit.record(
        "assignment.skip_undone",
        actor=assignment.labeler,
        project=assignment.project,
        target=f"assignment:{assignment.pk}",
        item=assignment.item_id,
    )
