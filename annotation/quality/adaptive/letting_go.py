"""What was granted and nobody has begun is taken back: all that the rule gave, once it is off."""

from collections.abc import Callable

from django.db import transaction
from django.utils import timezone

from annotation.core import audit
from annotation.labeling.overlap import take_back
from annotation.projects.models import Project
from annotation.quality.models import AdaptiveWork, Refill

GRANTED = Refill.State.GRANTED


def let_go(project, actor, alive: Callable[[], None] = lambda: None) -> int:
    """Items that wait for a labeler whom the rule gave them are for as many as before, never for
    fewer than the project's overlap; nothing where adaptive work is on. The newest grants first:
    an item that was raised twice goes down twice. Each by itself, and only while it is still off,
    so that whoever turns it on again meanwhile has the last word. Returns how many changed."""
    theirs = _granted_by_people(project)
    by_the_rule = project.refills.filter(actor=None, state=GRANTED).order_by("-pk")
    freed = 0
    for pk in list(by_the_rule.values_list("pk", flat=True)):
        alive()
        with transaction.atomic():
            work = AdaptiveWork.objects.select_for_update().filter(project=project).first()
            if work is None or work.is_on:
                return freed
            refill = Refill.objects.select_for_update().get(pk=pk)
            freed += len(take_from(refill, actor=actor, spared=theirs))
    return freed


def _granted_by_people(project) -> set[tuple[int, int]]:
    """Places that leads granted stay, whatever the rule granted before or after."""
    rows = project.refills.filter(state=GRANTED, actor__isnull=False)
    return {pair for refill in rows for pair in refill.raised}


def take_from(refill: Refill, *, actor, spared: set[tuple[int, int]] | None = None) -> list[int]:
    """Take back what nobody began of a granted refill that is locked. What the rule granted never
    goes below the overlap of the project, which may have grown since. Returns the items."""
    floor = None
    if refill.actor_id is None:
        floor = Project.objects.values_list("overlap", flat=True).get(pk=refill.project_id)
    wanted = [pair for pair in refill.raised if pair not in (spared or ())]
    freed = take_back(wanted, floor=floor)
    if not freed:
        return []
    gone = set(freed)
    kept = [(item, overlap) for item, overlap in refill.raised if item not in gone]
    refill.item_ids = [item for item, _overlap in kept]
    refill.overlaps = [overlap for _item, overlap in kept]
    if not kept:
        refill.state, refill.ended_at = Refill.State.TAKEN_BACK, timezone.now()
    refill.save()
    audit.record(
        "adaptive.taken_back",
        actor=actor,
        project=refill.project,
        target=f"refill:{refill.pk}",
        items=len(freed),
        kept=len(kept),
    )
    return freed
