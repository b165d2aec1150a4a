"""Sorting the items of a large project into its slices, by a job, a piece at a time.

Each piece is a transaction of its own, so that nobody waits for all of it. Whoever changes a slice
meanwhile is seen by the next piece, and the work begins anew.
"""

from collections.abc import Iterator

from django.db import transaction
from django.utils.translation import gettext_noop

from annotation.core.jobs import Cancelled, Claim
from annotation.labeling.slices.services import assign_items, hold, leaving, remove_emptied
from annotation.projects.models import Slice

PIECE = 5_000
NOTE = gettext_noop("Sorting the items into slices")


def run_job(claim: Claim) -> dict:
    if pk := claim.job.payload.get("deletes"):
        return _delete(claim, pk)
    moved = 0
    while (result := _sort(claim, moved)) is None:
        moved = 0
    return result


def _sort(claim: Claim, moved: int) -> dict | None:
    """One walk over all items; None where the slices have changed on the way."""
    project = claim.job.project
    rules, total, done = _rules(project), project.items.count(), 0
    claim.progress(0, total, NOTE)
    for pks, count in _pieces(project.items):
        with transaction.atomic():
            hold(project)
            if _rules(project) != rules:
                return None
            moved += assign_items(project, pks=pks)
        done += count
        claim.progress(done, max(done, total), NOTE)
    with transaction.atomic():
        hold(project)
        if _rules(project) != rules:
            return None
        claim.fence()
        claim.finish({"moved": moved})
    return {"moved": moved}


def _rules(project) -> list:
    """What decides where an item belongs."""
    slices = project.slices.exclude(pk__in=leaving(project)).order_by("position")
    return list(slices.values_list("pk", "conditions"))


def _delete(claim: Claim, pk: int) -> dict:
    """Empty a slice, and delete it with its last item. What is begun is brought to its end: half a
    slice would be nobody's wish."""
    project, moved = claim.job.project, 0
    total = project.items.filter(slice=pk).count()
    while True:
        for pks, _count in _pieces(project.items.filter(slice=pk)):
            with transaction.atomic():
                hold(project)
                moved += assign_items(project, among=[pk], pks=pks)
            _say(claim, moved, total)
        with transaction.atomic():
            hold(project)
            if project.items.filter(slice=pk).exists():
                continue  # an import came in between
            claim.fence()
            if (deleted := Slice.objects.filter(pk=pk).first()) is not None:
                remove_emptied(deleted, claim.job.created_by)
            claim.finish({"moved": moved})
        return {"moved": moved}


def _say(claim: Claim, moved: int, total: int) -> None:
    try:
        claim.progress(moved, max(moved, total), NOTE)
    except Cancelled:
        return


def _pieces(items) -> Iterator[tuple[tuple[int, int], int]]:
    """(first and last id, how many) of each piece of these items."""
    last = 0
    while pks := list(
        items.filter(pk__gt=last).order_by("pk").values_list("pk", flat=True)[:PIECE]
    ):
        last = pks[-1]
        yield (pks[0], last), len(pks)
