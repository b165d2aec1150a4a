"""Turning adaptive work on and off, looking at the judgments, and granting more of them."""

from collections.abc import Callable
from datetime import timedelta

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from annotation.core import audit, jobs
from annotation.core.errors import Conflict, DomainError, NotFound
from annotation.core.models import Job
from annotation.labeling.overlap import change_overlap, raise_overlaps
from annotation.projects.models import Project
from annotation.projects.services import MAX_OVERLAP
from annotation.quality import tasks
from annotation.quality.adaptive.letting_go import let_go, take_from
from annotation.quality.adaptive.rule import Look, look_at
from annotation.quality.models import AdaptiveWork, Refill, judgment_state

LEAST_SURE, MOST_SURE = 60, 99
MOST_BUDGET = 1_000_000
# Up to so many judgments a look takes about a second, less than a visit to the queue.
SMALL = 5_000
# Never so closely that a large project computes all day: so many times as long as it took.
LOOK_AGAIN_AFTER = timedelta(seconds=30)
LOOK_COST = 10

State = Refill.State


def work_of(project) -> AdaptiveWork:
    """The project's settings, those of the house where nobody has said anything."""
    return AdaptiveWork.objects.filter(project=project).first() or AdaptiveWork(
        project=project, fixed_overlap=project.overlap
    )


def configure(
    *, project, actor, is_on: bool, sure_percent: int, least: int, most: int
) -> AdaptiveWork:
    """From now on. Items that still wait for labelers begin with `least` of them when it is turned
    on, and get the fixed overlap again when it is turned off, also those that the rule raised;
    what was stopped stays stopped."""
    _check(project, is_on, sure_percent, least, most)
    said = {"is_on": is_on, "sure_percent": sure_percent, "least": least, "most": most}
    with transaction.atomic():
        project = Project.objects.select_for_update(no_key=True).get(pk=project.pk)
        work = work_of(project)
        before = {name: getattr(work, name) for name in said}
        if said == before and not work._state.adding:
            return work
        if is_on and not before["is_on"]:
            work.fixed_overlap = project.overlap
        for name, value in said.items():
            setattr(work, name, value)
        work.save()
        wanted = least if is_on else (work.fixed_overlap or project.overlap)
        old = project.overlap
        if (is_on or before["is_on"]) and wanted != old:
            project.overlap = wanted
            project.save(update_fields=["overlap"])
        told = audit.record(
            "adaptive.changed", actor=actor, project=project, before=before, **said
        )
        if is_on or before["is_on"]:
            change = [old, wanted] if old != wanted else None
            turned_off = None if is_on else told.pk
            request_look(project=project, actor=actor, change=change, turned_off=turned_off)
    return work


def _check(project, is_on, sure_percent, least, most) -> None:
    if not LEAST_SURE <= sure_percent <= MOST_SURE:
        raise DomainError(
            _("An answer is sure from %(least)d to %(most)d %%.")
            % {"least": LEAST_SURE, "most": MOST_SURE}
        )
    if not 1 <= least <= most <= MAX_OVERLAP:
        raise DomainError(
            _("At least 1 labeler, at most %(most)d, and no fewer at most than at least.")
            % {"most": MAX_OVERLAP}
        )
    if is_on and project.ordering == Project.Ordering.NONE:
        raise DomainError(_("Here nothing is put in order: no answer could become sure."))


def request_look(
    *, project, actor=None, change: list[int] | None = None, turned_off: int | None = None
) -> Job:
    """Queue a look at the judgments. `change`: the overlap of items that wait was the one number
    and is to be the other; see `_follow`. `turned_off`: the event that says so. It has a job of
    its own, for a look under way may be past what is done then."""
    target = f"adaptive:{project.pk}" + (f":{change[0]}:{change[1]}" if change else "")
    target += f":off:{turned_off}" if turned_off else ""
    job, _created = jobs.enqueue(
        kind=tasks.LOOK,
        project=project,
        actor=actor,
        target=target,
        payload={"change": change} if change else {},
    )
    return job


def look_in_job(claim: jobs.Claim) -> dict:
    """Change overlaps where that was asked for, then raise those of unsure items, or take back
    what was raised where adaptive work is off."""
    project = claim.job.project
    change = claim.job.payload.get("change")
    changed = _follow(project, change[0]) if change else 0
    budget = claim.job.payload.get("budget")
    if budget is not None:
        refill = propose(
            project=project, actor=claim.job.created_by, budget=budget, alive=claim.alive
        )
        return {"refill": refill.pk, "items": len(refill.item_ids)}
    changed += let_go(project, claim.job.created_by, claim.alive)
    raised = apply_rule(project=project, alive=claim.alive)
    return {"changed": changed, "raised": raised}


def _follow(project, before: int) -> int:
    """Items that wait with the overlap `before` get the one that the project has by now, whatever
    it was when this was asked for: turned on and off in quick succession there are two of these,
    which may run in either order or at once, and the last word holds. Returns how many changed."""
    changed = 0
    while True:
        now = Project.objects.values_list("overlap", flat=True).get(pk=project.pk)
        if now == before:
            return changed
        changed += change_overlap(project, before=before, now=now)
        before = now


def apply_rule(*, project, alive: Callable[[], None] = lambda: None) -> int:
    """One labeler more for every item that is complete and unsure, if adaptive work is on. Safe
    at any time and twice at once: an item is raised only from the overlap that is taken whole.
    Returns how many were raised."""
    work = work_of(project)
    if work._state.adding:
        return 0
    look = look_at(project, work, alive)
    with transaction.atomic():
        # Read again under the lock: turned off while it looked, it raises nothing any more.
        is_on = AdaptiveWork.objects.select_for_update().get(pk=work.pk).is_on
        items = look.worthiest(len(look.item_ids)) if is_on else []
        raised = raise_overlaps((int(pk) for pk in look.item_ids[items]), most=work.most)
        if raised:
            made = _keep(project, None, look, raised, budget=len(raised), state=State.GRANTED)
            audit.record(
                "adaptive.raised", project=project, target=f"refill:{made.pk}", items=len(raised)
            )
        count, last = look.state
        AdaptiveWork.objects.filter(pk=work.pk).update(
            standing=look.standing,
            looked_at=timezone.now(),
            judgment_count=count,
            last_judgment=last,
        )
    return len(raised)


def _keep(project, actor, look: Look, raised, *, budget: int, state: str) -> Refill:
    gains = dict(zip(look.item_ids.tolist(), look.gain.tolist(), strict=True))
    return Refill.objects.create(
        project=project,
        actor=actor,
        state=state,
        budget=budget,
        item_ids=[item for item, _overlap in raised],
        overlaps=[overlap for _item, overlap in raised],
        gain=sum(gains[item] for item, _overlap in raised),
        unsure_count=int(look.may_be_raised.sum()),
    )


def request_proposal(*, project, actor, budget: int) -> Job | Refill:
    """What so many further judgments would be spent on: the proposal where that is quick, else
    the job that makes it."""
    _check_budget(budget)
    if judgment_state(project)[0] <= SMALL:
        return propose(project=project, actor=actor, budget=budget)
    job, _created = jobs.enqueue(
        kind=tasks.LOOK,
        project=project,
        actor=actor,
        target=f"adaptive-budget:{project.pk}",
        payload={"budget": budget},
    )
    return job


def propose(*, project, actor, budget: int, alive: Callable[[], None] = lambda: None) -> Refill:
    """One judgment more for each of the worthiest unsure items, at most `budget`: only written
    down, in the place of a proposal that nobody has granted. Nothing is raised by it."""
    _check_budget(budget)
    look = look_at(project, work_of(project), alive)
    items = look.worthiest(budget)
    would = [(int(look.item_ids[i]), int(look.overlap[i]) + 1) for i in items]
    try:
        with transaction.atomic():
            open_ones = project.refills.filter(state=State.PROPOSED)
            open_ones.update(state=State.DROPPED, ended_at=timezone.now())
            return _keep(project, actor, look, would, budget=budget, state=State.PROPOSED)
    except IntegrityError as error:
        raise Conflict(_("Somebody else is granting judgments just now.")) from error


def _check_budget(budget: int) -> None:
    if not 1 <= budget <= MOST_BUDGET:
        raise DomainError(_("A budget is from 1 to %(most)d judgments.") % {"most": MOST_BUDGET})


def grant(*, refill_id: int, project, actor) -> Refill:
    """Raise what was proposed, as far as it still holds: an item that somebody was lent or judged
    since, or that was raised by the rule, is left alone. Granted twice is granted once."""
    with transaction.atomic():
        refill = _locked(project, refill_id)
        if refill.state == State.GRANTED:
            return refill
        if refill.state != State.PROPOSED:
            raise Conflict(_("This proposal does not hold any more: make another one."))
        raised = dict(raise_overlaps(refill.item_ids, most=work_of(project).most))
        held = [(item, raised[item]) for item in refill.item_ids if item in raised]
        refill.item_ids = [item for item, _overlap in held]
        refill.overlaps = [overlap for _item, overlap in held]
        refill.actor, refill.state, refill.ended_at = actor, State.GRANTED, timezone.now()
        refill.save()
        audit.record(
            "adaptive.granted",
            actor=actor,
            project=project,
            target=f"refill:{refill.pk}",
            budget=refill.budget,
            items=len(held),
        )
    return refill


def drop(*, refill_id: int, project, actor) -> None:
    """Grant nothing of it."""
    with transaction.atomic():
        refill = _locked(project, refill_id)
        if refill.state == State.PROPOSED:
            refill.state, refill.ended_at = State.DROPPED, timezone.now()
            refill.save()


def take_refill_back(*, refill_id: int, project, actor) -> int:
    """Where nobody has begun on it. What was begun stays, for it is somebody's work. What the rule
    granted only while it is off: else it would grant that again. Returns how many items it was
    taken back from; Conflict where everything was begun."""
    with transaction.atomic():
        work = AdaptiveWork.objects.select_for_update().filter(project=project).first()
        refill = _locked(project, refill_id)
        if refill.state == State.TAKEN_BACK:
            return 0
        if refill.state != State.GRANTED:
            raise Conflict(_("Only judgments that were granted can be taken back."))
        if refill.actor_id is None and work is not None and work.is_on:
            raise Conflict(_("The rule would grant these again: turn it off first."))
        freed = take_from(refill, actor=actor)
        if not freed:
            raise Conflict(_("Every one of these judgments was begun: nothing can be taken back."))
    return len(freed)


def _locked(project, refill_id) -> Refill:
    refill = project.refills.select_for_update().filter(pk=refill_id).first()
    if refill is None:
        raise NotFound(_("There is no such proposal."))
    return refill


def last_look(project) -> Job | None:
    """The newest look at a project's judgments, over or not."""
    return project.jobs.filter(kind=tasks.LOOK).order_by("-pk").first()


def look_again() -> int:
    """Queue a look at every project in which adaptive work is on and judgments came in."""
    queued = 0
    for work in AdaptiveWork.objects.filter(is_on=True).select_related("project"):
        if judgment_state(work.project) == (work.judgment_count, work.last_judgment):
            continue
        last = last_look(work.project)
        if last is None or not (last.is_active or last.rests(LOOK_AGAIN_AFTER, cost=LOOK_COST)):
            request_look(project=work.project)
            queued += 1
    return queued
