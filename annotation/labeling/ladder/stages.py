"""Steps on the ladder. Every change of a stage goes through `step`, and leaves a row.

Rows are locked in one order, the membership before the assignments, as a submit does it: two who
meet here wait for each other and never for ever.
"""

from django.db import transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext as _

from annotation.core import audit
from annotation.core.errors import Conflict, DomainError
from annotation.core.text import clean
from annotation.labeling.models import Assignment, GoldItem, Item, Purpose, StageChange, StageNote
from annotation.labeling.queue import give_back
from annotation.projects.models import LadderSettings, Membership

Stage = Membership.Stage
Rule = StageChange.Rule


def settings_of(project) -> LadderSettings:
    """The project's rules, or those of a project without a ladder."""
    found = LadderSettings.objects.filter(project=project).first()
    return found or LadderSettings(project=project)


def locked(membership_id: int) -> Membership:
    """The membership as it is now, held until the transaction ends."""
    rows = Membership.objects.select_for_update(no_key=True, of=("self",))
    return rows.select_related("project", "user").get(pk=membership_id)


def ladder_items(project, use: str):
    """The items of the training or of the test, in their order."""
    items = GoldItem.objects.active().filter(project=project, use=use)
    items = items.exclude(item__state=Item.State.WITHDRAWN)
    return items.order_by(F("section__position").asc(nulls_first=True), "position", "pk")


def stage_after_training(project) -> str:
    if ladder_items(project, GoldItem.Use.TEST).exists():
        return Stage.TEST
    return stage_after_test(project)


def stage_after_test(project) -> str:
    return Stage.PROBATION if settings_of(project).probation_items else Stage.FULL


def step(
    *, membership: Membership, to: str, rule: str, actor=None, reason="", evidence=None
) -> StageChange:
    """Write a step down. Inside a transaction that holds the membership (`locked`); what waited
    for a decision is settled by it."""
    now = timezone.now()
    change = StageChange.objects.create(
        membership=membership,
        from_stage=membership.stage,
        to_stage=to,
        rule=rule,
        changed_by=actor,
        reason=reason,
        evidence=evidence or {},
        at=now,
    )
    Membership.objects.filter(pk=membership.pk).update(stage=to)
    StageNote.objects.open().filter(membership=membership).update(settled_at=now)
    audit.record(
        "member.stage_changed",
        actor=actor,
        project=membership.project,
        target=f"user:{membership.user_id}",
        from_stage=membership.stage,
        to_stage=to,
        rule=rule,
    )
    membership.stage = to
    return change


def set_stage(*, membership, to: str, actor, reason: str) -> StageChange:
    """A lead puts somebody on a stage. Suspending and lifting have rules of their own."""
    reason = in_words(reason)
    if to not in Stage.values or to == Stage.SUSPENDED:
        raise DomainError(_("Choose a stage."))
    with transaction.atomic():
        mine = locked(membership.pk)
        if mine.stage == Stage.SUSPENDED:
            raise Conflict(
                _("%(handle)s is suspended: lift that first.") % {"handle": mine.handle}
            )
        if mine.stage == to:
            raise Conflict(_("%(handle)s is on this stage already.") % {"handle": mine.handle})
        give_back(Assignment.objects.of(mine))
        abandon_attempt(mine)
        if to == Stage.TRAINING:
            make_lendable_again(mine, Purpose.TRAINING)
        return step(membership=mine, to=to, rule=Rule.DECIDED, actor=actor, reason=reason)


def in_words(text: str, most: int = 4000) -> str:
    """A reason that says something, or a DomainError."""
    text = clean(text, field="reason").strip()
    if not text:
        raise DomainError(_("Say why, in words that the labeler can read."))
    if len(text) > most:
        raise DomainError(_("Say it in at most %(most)d characters.") % {"most": most})
    return text


def make_lendable_again(membership, purpose: str) -> None:
    """What was answered of the training or the test may come again, as what expired may."""
    done = Assignment.objects.filter(
        project=membership.project_id, labeler=membership.user_id, purpose=purpose
    )
    over = [Assignment.State.SUBMITTED, Assignment.State.SURPLUS, Assignment.State.SKIPPED]
    done.filter(state__in=over).update(state=Assignment.State.EXPIRED, skip_reason="", draft={})


def abandon_attempt(membership) -> None:
    """An attempt at the test that was not ended counts as not passed, with nothing marked."""
    running = membership.test_attempts.filter(ended_at=None)
    running.update(ended_at=timezone.now(), is_passed=False)
