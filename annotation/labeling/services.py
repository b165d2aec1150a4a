"""What a labeler does to an assignment: judge it, save a draft, keep it, skip it.

An acknowledged judgment is never lost and never doubled: one transaction, the assignment's row
locked, the form's key on the judgment. Late work is kept: in its place while that is free, as
surplus otherwise.
"""

from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

from django.db import IntegrityError, OperationalError, transaction
from django.db.models import F, Max
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext as _

from annotation.core import audit
from annotation.core.database import is_retryable
from annotation.core.errors import Conflict, DomainError, NotFound
from annotation.core.numbers import grouped
from annotation.core.strict_json import canonical
from annotation.core.text import clean
from annotation.labeling import queue, workload
from annotation.labeling.ladder.answers import after_answer
from annotation.labeling.models import ON_THE_LADDER, Assignment, Item, Judgment
from annotation.labeling.reading import read_assignment
from annotation.labeling.record import record_judgment, texts_for, without_unchanged
from annotation.labeling.verdict import Verdict, check, check_seconds
from annotation.projects.models import Membership, RubricVersion
from annotation.projects.services import rubric_by_id

lend_next_item = queue.lend_next_item
expire_leases = queue.expire_leases

MAX_DRAFT_BYTES = 1_500_000  # long responses, corrected, and what was written beside them


class AlreadyJudged(Conflict):
    """Another tab, or a program, was first. `judgment` is what holds, or None."""

    def __init__(self, judgment: Judgment | None, message: str):
        super().__init__(message)
        self.judgment = judgment


class ItemWithdrawn(Conflict):
    """The item is not to be judged any more; the labeler decides what becomes of their work."""


class Left(NotFound):
    """Their own assignment, in a project that they were removed from: no judgment any more."""


class Suspended(Conflict):
    """Somebody suspended meanwhile: what they sent is no judgment, and goes into their draft."""


def assignment_of(labeler, assignment_id, *, lock=False) -> Assignment:
    """The labeler's own assignment in a project the labeler is still in, with item, project and
    `.rubric_id`; else NotFound. One statement."""
    assignment = read_assignment(labeler, assignment_id, lock=lock)
    if assignment is None:
        if Assignment.objects.held_by(labeler).filter(pk=assignment_id).exists():
            raise Left(_("You are not in this project any more: nothing you send here counts."))
        raise NotFound(_("There is no such assignment."))
    return assignment


def rubric_of(assignment, shown_id: int | None = None):
    """The rubric version for an assignment from `assignment_of`, or None: the one its page showed,
    else the one in force. A version published in between does not change what was judged by."""
    if shown_id and shown_id != assignment.rubric_id:
        versions = RubricVersion.objects.published().filter(project=assignment.project_id)
        if versions.filter(pk=shown_id).exists():
            return rubric_by_id(shown_id)
    return rubric_by_id(assignment.rubric_id) if assignment.rubric_id else None


def submit_judgment(**submitted) -> tuple[Judgment, int | None]:
    """Record a verdict and lend the next item, in one transaction.

    Takes `assignment_id`, `labeler`, `verdict`, `key`, and if wanted `seconds`, `origin`,
    `is_complete` (everything asked for must be there), `lend_next`, `rubric_id` (the version that
    the page showed), `keeps_withdrawn` (of an item that was withdrawn meanwhile, as
    surplus). Returns the judgment and the next
    assignment's id (None: nothing left). The same key again returns the same judgment; another
    verdict under that key, or on an item already judged, is a Conflict. VerdictError says what
    is missing or wrong. `verdict` may be a function of the assignment and its rubric that reads
    one: who has only a form saves a statement.
    """
    revision = 1
    for _attempt in range(3):
        try:
            return _submit(revision=revision, **submitted)
        except (queue.LostRace, IntegrityError, OperationalError) as error:
            # A parallel request of the same labeler was lent the next item first, or two
            # transactions met head-on: nothing was written, so the whole may run again.
            if not isinstance(error, queue.LostRace) and not is_retryable(error):
                raise
            # Or a file brought a judgment of this labeler while the item was lent to them.
            revision = _next_revision(submitted["assignment_id"])
    others = Judgment.objects.filter(key=submitted["key"])
    if others.exclude(assignment=submitted["assignment_id"]).exists():
        raise Conflict(_("This key belongs to another judgment: every judgment needs its own."))
    raise Conflict(_("Too much happened at once. Nothing was lost: send it again."))


def _next_revision(assignment_id) -> int:
    judged = Judgment.objects.of_line(Assignment.objects.get(pk=assignment_id))
    return (judged.aggregate(last=Max("revision"))["last"] or 0) + 1


def _submit(
    *,
    assignment_id: int,
    labeler,
    verdict: Verdict | Callable[[Assignment, RubricVersion | None], Verdict],
    key: UUID,
    seconds: float | None = None,
    origin: str = Judgment.Origin.DESK,
    is_complete: bool = True,
    lend_next: bool = True,
    rubric_id: int | None = None,
    keeps_withdrawn: bool = False,
    revision: int,
) -> tuple[Judgment, int | None]:
    seconds = check_seconds(seconds)
    with transaction.atomic():
        assignment = assignment_of(labeler, assignment_id, lock=True)
        rubric = rubric_of(assignment, rubric_id)
        if callable(verdict):
            verdict = verdict(assignment, rubric)
        texts = texts_for(verdict, assignment.item)
        verdict = without_unchanged(verdict, texts)
        if judgment := _already_submitted(assignment, key, verdict):
            return judgment, _next(assignment, labeler, lend_next)
        refuse_the_suspended(assignment)
        if assignment.item.state == Item.State.WITHDRAWN and not keeps_withdrawn:
            raise ItemWithdrawn(_("This item was withdrawn while you were judging it."))
        check(
            verdict,
            response_count=assignment.item.response_count,
            rubric=rubric,
            project=assignment.project,
            texts=texts,
            is_complete=is_complete,
        )
        is_surplus = not _has_place(assignment)
        judgment = record_judgment(
            item=assignment.item,
            labeler=labeler,
            verdict=verdict,
            assignment=assignment,
            revision=revision,
            rubric_version=rubric,
            origin=origin,
            purpose=assignment.purpose,
            key=key,
            order=assignment.order,
            seconds=seconds,
            is_surplus=is_surplus,
            ended_as=Assignment.State.SURPLUS if is_surplus else Assignment.State.SUBMITTED,
        )
        if assignment.purpose in ON_THE_LADDER:
            after_answer(assignment)
        return judgment, _next(assignment, labeler, lend_next)


def _already_submitted(assignment, key, verdict):
    if assignment.state not in (Assignment.State.SUBMITTED, Assignment.State.SURPLUS):
        return None
    judgment = assignment.judgments.order_by("revision").last()
    if judgment is not None and judgment.key == key:
        if judgment.content_sha256 == verdict.sha256:
            return judgment
        raise AlreadyJudged(
            judgment, _("This page was submitted already, with another verdict. The first counts.")
        )
    raise AlreadyJudged(
        judgment, _("You have judged this item already. Your first judgment counts.")
    )


def refuse_the_suspended(assignment) -> None:
    """`assignment` was read with its locks, which hold the membership: the stage is of now."""
    if assignment.stage == Membership.Stage.SUSPENDED:
        raise Suspended(_("You are suspended in this project: this does not count as a judgment."))


def _has_place(assignment) -> bool:
    """A live assignment has its place; a late one takes it again while the item has room and its
    labeler's quota is not used. What is judged of a withdrawn item has none. What is no
    work needs none."""
    is_live = assignment.state == Assignment.State.LIVE
    if assignment.item.state == Item.State.WITHDRAWN:
        if is_live:
            give_place_back(assignment)
        return False
    if is_live:
        return True
    if workload.is_over_quota(assignment):
        return False
    room = Item.objects.filter(pk=assignment.item_id, state=Item.State.OPEN)
    has_room = room.filter(taken__lt=F("overlap")).update(taken=F("taken") + assignment.places)
    return bool(has_room) or not assignment.places


def give_place_back(assignment) -> None:
    Item.objects.filter(pk=assignment.item_id).update(taken=F("taken") - assignment.places)


def _next(assignment, labeler, lend_next) -> int | None:
    if not lend_next:
        return None
    if assignment.state != Assignment.State.LIVE and (pk := _lent_since(assignment, labeler)):
        return pk  # a replay, or late work: the item lent since is the next one
    pk = queue.lend(project=assignment.project, labeler=labeler)
    if pk is None and queue.expire_leases(project=assignment.project):
        pk = queue.lend(project=assignment.project, labeler=labeler)
    return pk


def _lent_since(assignment, labeler) -> int | None:
    held = Assignment.objects.live().filter(project=assignment.project, labeler=labeler)
    return held.exclude(pk=assignment.pk).values_list("pk", flat=True).first()


def save_draft(*, assignment_id, labeler, token: int, draft: dict) -> None:
    """Keep what is on the page and renew its lease. Where the lease has run out and nobody was
    lent the place yet, the draft is kept all the same. Conflict once the page is stale."""
    for name, value in draft.items():
        clean(f"{name}{value}", field="draft")
    if len(canonical(draft)) > MAX_DRAFT_BYTES:
        raise DomainError(
            _("This is too long to be saved: at most %(most)s bytes fit.")
            % {"most": grouped(MAX_DRAFT_BYTES)}
        )
    mine = _held(assignment_id, labeler).filter(token=token)
    lease = _new_lease(assignment_id)
    if mine.live().update(draft=draft, draft_at=Now(), lease_until=lease):
        return
    if not mine.filter(state=Assignment.State.EXPIRED).update(draft=draft, draft_at=Now()):
        _explain(assignment_id, labeler)


def keep_as_draft(assignment, entered: dict[str, str]) -> None:
    """What was sent and cannot count: should the item come back, it is there again."""
    over = Assignment.objects.filter(pk=assignment.pk, state=Assignment.State.EXPIRED)
    over.update(draft=entered, draft_at=Now())


def uncover(assignment) -> None:
    """Remember in the draft that the labeler chose to see the item."""
    Assignment.objects.filter(pk=assignment.pk).update(draft=assignment.draft | {"shown": "1"})


def renew_lease(*, assignment_id, labeler, token: int) -> None:
    """The page is in use: keep the item. Conflict once somebody else may have it."""
    mine = _held(assignment_id, labeler).live().filter(token=token)
    if not mine.update(lease_until=_new_lease(assignment_id)):
        _explain(assignment_id, labeler)


def _held(assignment_id, labeler):
    """The labeler's own assignment in a project the labeler is still in: whoever was removed
    keeps no item back with a page left open."""
    rows = Assignment.objects.held_by(labeler).filter(pk=assignment_id)
    if labeler.is_superuser:
        return rows
    return rows.filter(project__memberships__user=labeler, project__memberships__is_active=True)


def _new_lease(assignment_id):
    minutes = Assignment.objects.filter(pk=assignment_id).values_list(
        "project__lease_minutes", flat=True
    )
    return Now() + timedelta(minutes=minutes.first() or 15)


def _explain(assignment_id, labeler):
    if not _held(assignment_id, labeler).exists():
        raise NotFound(_("There is no such assignment."))
    raise Conflict(_("This item is no longer lent to this page. What you wrote is kept."))


def skip(*, assignment_id, labeler, reason: str = "") -> None:
    """Give an item back for good: it goes to somebody else. Skipping twice is skipping once."""
    reason = clean(reason, field="reason").strip()[:200]
    with transaction.atomic():
        assignment = assignment_of(labeler, assignment_id, lock=True)
        if assignment.state in (Assignment.State.SUBMITTED, Assignment.State.SURPLUS):
            raise Conflict(_("You have judged this item already."))
        if assignment.state == Assignment.State.SKIPPED:
            return
        refuse_the_suspended(assignment)
        _refuse_to_skip_the_ladder(assignment)
        if assignment.state == Assignment.State.LIVE:
            give_place_back(assignment)
        Assignment.objects.filter(pk=assignment.pk).update(
            state=Assignment.State.SKIPPED, over_at=timezone.now(), skip_reason=reason
        )
        audit.record(
            "assignment.skipped",
            actor=labeler,
            project=assignment.project,
            target=f"assignment:{assignment.pk}",
            item=assignment.item_id,
        )
        if assignment.purpose in ON_THE_LADDER:
            after_answer(assignment)


def _refuse_to_skip_the_ladder(assignment) -> None:
    """But nobody has to read what is marked as hard to read, or what was withdrawn."""
    item = assignment.item
    if assignment.purpose not in ON_THE_LADDER:
        return
    if not item.warnings and item.state != Item.State.WITHDRAWN:
        raise Conflict(_("The items of the training and of the test cannot be skipped."))
