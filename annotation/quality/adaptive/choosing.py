"""A short stock of chosen items ahead of the labelers, drawn again whenever it runs low.

Nothing of it is on the judging path: what is chosen is lifted one priority above the rest, and
lending goes by priority as ever. In each lane the draw is among the items that nobody has begun
and that people gave the highest priority. Items that were begun are lifted with the chosen ones,
or they would wait for their last labelers until everything chosen is done. An item that somebody
is lent while the draw runs keeps its entry in the log: the draw knew nothing of it.
"""

from datetime import timedelta

import numpy as np
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from annotation.core import audit, jobs
from annotation.core.errors import DomainError
from annotation.core.models import Job
from annotation.labeling.models import Assignment, Item
from annotation.labeling.priority import lift_items, put_items_back
from annotation.projects.models import Project
from annotation.quality import tasks
from annotation.quality.adaptive.field import (
    Candidates,
    Fit,
    Waiting,
    candidates_of,
    fit_now,
    levels_of,
    waiting_of,
)
from annotation.quality.models import Choice, Choosing, Lift
from annotation.quality.stats.next_items import InformationWorth, ItemChoice, choose_items

# So many chosen items lie ahead for each labeler who is at work, and at least and at most so many
# in a lane: what is chosen early is chosen knowing little, what is chosen late is lent too late.
AHEAD_OF_EACH = 4
LEAST_AHEAD, MOST_AHEAD = 20, 400
# Never so closely that a large project fits abilities all day: so many times as long as it took.
AGAIN_AFTER = timedelta(seconds=15)
COST = 10


def choosing_of(project) -> Choosing:
    """The project's settings, those of the house where nobody has said anything."""
    return Choosing.objects.filter(project=project).first() or Choosing(project=project)


def set_choosing(*, project, actor, is_on: bool, control_percent: int) -> Choosing:
    """From now on. Turned off, what was lifted has its own priority again, and what nobody had
    begun may be drawn anew later."""
    least, most = Choosing.LEAST_CONTROL, Choosing.MOST_CONTROL
    if not least <= control_percent <= most:
        raise DomainError(
            _("From %(least)d to %(most)d %% are drawn at random.")
            % {"least": least, "most": most}
        )
    if is_on and project.ordering == Project.Ordering.NONE:
        raise DomainError(_("Here nothing is put in order: there is nothing to choose by."))
    said = {"is_on": is_on, "control_percent": control_percent}
    with transaction.atomic():
        choosing = _locked(project, control_percent)
        before = {name: getattr(choosing, name) for name in said}
        if said == before:
            return choosing
        Choosing.objects.filter(pk=choosing.pk).update(**said)
        if before["is_on"] and not is_on:
            _put_back(project)
        audit.record("choosing.changed", actor=actor, project=project, before=before, **said)
        if is_on:
            request_choice(project=project, actor=actor)
    return choosing_of(project)


def _locked(project, control_percent: int = 20) -> Choosing:
    """Held by whoever turns choosing on or off and by whoever draws: one at a time."""
    Choosing.objects.get_or_create(project=project, defaults={"control_percent": control_percent})
    return Choosing.objects.select_for_update().get(project=project)


def _put_back(project) -> None:
    lifts = Lift.objects.filter(project=project)
    put_items_back(lifts.values_list("item_id", "now", "before"))
    lifts.delete()
    # After the items are locked: nobody begins on one between this and the commit.
    project.choices.filter(put_back_at=None, item__taken=0).update(put_back_at=timezone.now())


def request_choice(*, project, actor=None) -> Job:
    """Queue a draw; one that waits or runs is returned instead of a second."""
    job, _created = jobs.enqueue(
        kind=tasks.CHOOSE, project=project, actor=actor, target=f"choosing:{project.pk}"
    )
    return job


def choose_in_job(claim: jobs.Claim) -> dict:
    """The abilities are fitted first, for that takes longest and holds nothing."""
    project = claim.job.project
    if not choosing_of(project).is_on:
        return {"chosen": 0}
    fit = fit_now(project)
    with transaction.atomic():
        claim.fence()
        count = fill_stock(project=project, fit=fit, job=claim.job)
        claim.finish({"chosen": count})
    return {"chosen": count}


def fill_stock(*, project, fit: Fit, job=None, rng: np.random.Generator | None = None) -> int:
    """Draw as many items as the stock of each lane lacks, log each draw and lift what was drawn.
    Inside a transaction; nothing where choosing is off by now. Returns how many were drawn."""
    rng = rng or np.random.default_rng()
    with transaction.atomic():
        choosing = _locked(project)
        if not choosing.is_on:
            return 0
        waiting, wanted, made = waiting_of(project), stock_wanted(project), []
        for lane in candidates_of(project):
            lacking = wanted - _ahead(waiting, lane.lane, lane.level)
            drawn = _draw(fit, lane, waiting, lacking, choosing.control_percent, rng)
            made += [_row(choosing, lane, one, fit, job) for one in drawn]
            _lift(project, lane, [int(lane.item_ids[one.item]) for one in drawn])
        Choice.objects.bulk_create(made)
    return len(made)


def _draw(fit: Fit, lane: Candidates, waiting, lacking: int, control_percent: int, rng):
    """What waits already is expected to be judged. Here the disagreement of an ensemble of reward
    models may take the place of the fit, as a `FixedWorth` of one number for each of
    `lane.item_ids`: the draw and its probabilities stay the same."""
    worth = InformationWorth(
        fit.ability, fit.covariance, fit.places_of(lane.generator_ids), lane.places
    )
    for one in waiting:
        worth.expect_all(fit.places_of([one.generator_ids])[0], float(one.places))
    return choose_items(worth, lacking, control=control_percent / 100, rng=rng)


def _row(choosing: Choosing, lane: Candidates, drawn: ItemChoice, fit: Fit, job) -> Choice:
    return Choice(
        project_id=choosing.project_id,
        item_id=int(lane.item_ids[drawn.item]),
        arm=drawn.arm,
        probability=drawn.probability,
        gain=drawn.gain,
        candidate_count=drawn.n_candidates,
        control_percent=choosing.control_percent,
        input_sha256=fit.sha256,
        job=job,
    )


def _lift(project, lane: Candidates, drawn: list[int]) -> None:
    """One above the rest of its lane: what was drawn, and what was begun."""
    begun = Item.objects.open().filter(
        project=project, lane=lane.lane, priority=lane.level, taken__gt=0, lift=None
    )
    lifted = lift_items({*drawn, *begun.values_list("pk", flat=True)}, to=lane.level + 1)
    Lift.objects.bulk_create(
        [
            Lift(item_id=item, project=project, before=before, now=lane.level + 1)
            for item, before in lifted
        ],
        # Where somebody has set its priority since it was lifted.
        update_conflicts=True,
        unique_fields=["item"],
        update_fields=["before", "now"],
    )


def _ahead(waiting: list[Waiting], lane: int, level: int) -> int:
    """How many chosen items lie before the rest of a lane and were not begun."""
    return sum(one.lane == lane and one.priority > level and not one.is_begun for one in waiting)


def stock_wanted(project) -> int:
    """By how many labelers are at work just now."""
    at_work = project.assignments.filter(state=Assignment.State.LIVE).count()
    return min(MOST_AHEAD, max(LEAST_AHEAD, AHEAD_OF_EACH * at_work))


def last_choice_job(project) -> Job | None:
    """The newest draw of a project, over or not."""
    return project.jobs.filter(kind=tasks.CHOOSE).order_by("-pk").first()


def choose_again() -> int:
    """Queue a draw for every project in which choosing is on and the stock of some lane is half
    used up; how many were queued."""
    queued = 0
    for choosing in Choosing.objects.filter(is_on=True).select_related("project"):
        last = last_choice_job(choosing.project)
        if last is not None and (last.is_active or last.rests(AGAIN_AFTER, cost=COST)):
            continue
        if _runs_low(choosing.project):
            request_choice(project=choosing.project)
            queued += 1
    return queued


def _runs_low(project) -> bool:
    waiting, wanted = waiting_of(project), stock_wanted(project)
    return any(
        2 * _ahead(waiting, lane, level) < wanted for lane, level in levels_of(project).items()
    )
