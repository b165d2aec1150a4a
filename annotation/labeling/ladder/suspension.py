"""Suspending somebody: a person does it, in words, with the evidence; it may be appealed once."""

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from annotation.core import audit
from annotation.core.errors import Conflict
from annotation.labeling.ladder import stages
from annotation.labeling.ladder.evidence import evidence_of
from annotation.labeling.ladder.stages import Rule, Stage
from annotation.labeling.models import Appeal, Assignment, StageChange
from annotation.labeling.queue import give_back


def suspend(*, membership, actor, reason: str) -> StageChange:
    """From now on nothing is lent to them here, and nothing they send counts. What is on their
    desk goes back into the queue; what they have typed stays in its draft."""
    reason = stages.in_words(reason)
    if membership.user_id == actor.pk:
        raise Conflict(_("Nobody suspends themselves: ask another lead."))
    evidence = evidence_of(membership)
    with transaction.atomic():
        mine = stages.locked(membership.pk)
        if mine.stage == Stage.SUSPENDED:
            raise Conflict(_("%(handle)s is suspended already.") % {"handle": mine.handle})
        give_back(Assignment.objects.of(mine))
        stages.abandon_attempt(mine)
        return stages.step(
            membership=mine,
            to=Stage.SUSPENDED,
            rule=Rule.SUSPENDED,
            actor=actor,
            reason=reason,
            evidence=evidence,
        )


def lift(*, membership, actor, reason: str) -> StageChange:
    """Back to the stage of before."""
    reason = stages.in_words(reason)
    with transaction.atomic():
        mine = stages.locked(membership.pk)
        suspension = _suspension(mine)
        waiting = Appeal.objects.filter(suspension=suspension, answered_at=None)
        _answer(waiting, actor, reason, is_lifted=True)
        return _lift(mine, suspension, actor, reason)


def _lift(membership, suspension, actor, reason) -> StageChange:
    return stages.step(
        membership=membership,
        to=suspension.from_stage,
        rule=Rule.LIFTED,
        actor=actor,
        reason=reason,
    )


def suspension_of(membership) -> StageChange | None:
    """Why somebody is suspended now, or None."""
    if membership.stage != Stage.SUSPENDED:
        return None
    changes = membership.stage_changes.filter(rule=Rule.SUSPENDED)
    return changes.select_related("changed_by", "appeal").first()


def _suspension(membership) -> StageChange:
    found = suspension_of(membership)
    if found is None:
        raise Conflict(_("%(handle)s is not suspended.") % {"handle": membership.handle})
    return found


def appeal(*, membership, text: str) -> Appeal:
    """The labeler's own words against their suspension. Once for each."""
    text = stages.in_words(text)
    try:
        with transaction.atomic():
            mine = stages.locked(membership.pk)
            suspension = suspension_of(mine)
            if suspension is None:
                raise Conflict(_("You are not suspended here."))
            made = Appeal.objects.create(suspension=suspension, text=text, made_at=timezone.now())
            _record("suspension.appealed", mine, mine.user, suspension)
            return made
    except IntegrityError as error:
        raise Conflict(_("You have appealed already. The answer appears here.")) from error


def answer_appeal(*, membership, actor, is_lifted: bool, answer: str) -> Appeal:
    """A lead lifts the suspension or upholds it, and says why."""
    answer = stages.in_words(answer)
    with transaction.atomic():
        mine = stages.locked(membership.pk)
        suspension = _suspension(mine)
        waiting = Appeal.objects.filter(suspension=suspension, answered_at=None)
        if not _answer(waiting, actor, answer, is_lifted=is_lifted):
            raise Conflict(_("There is no appeal that waits for an answer."))
        if is_lifted:
            _lift(mine, suspension, actor, answer)
        else:
            _record("suspension.upheld", mine, actor, suspension)
        return Appeal.objects.get(suspension=suspension)


def _answer(waiting, actor, answer, *, is_lifted) -> int:
    return waiting.update(
        answer=answer, is_lifted=is_lifted, answered_by=actor, answered_at=timezone.now()
    )


def _record(kind, membership, actor, suspension) -> None:
    audit.record(
        kind,
        actor=actor,
        project=membership.project,
        target=f"user:{membership.user_id}",
        stage_change=suspension.pk,
    )
