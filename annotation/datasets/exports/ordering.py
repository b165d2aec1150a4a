"""Ordering an export: what lies there, what is small enough to wait for, or a job."""

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from annotation.core import jobs
from annotation.core.errors import Conflict, DomainError
from annotation.datasets import tasks
from annotation.datasets.exports.kept import is_ready, keep
from annotation.datasets.exports.making import Listener, Recipe
from annotation.datasets.exports.wanted import Wanted, wanted_of
from annotation.datasets.models import Dataset, Export

# Bytes of a dataset’s files: 10 MB took half a second of a core at most, over all formats.
SMALL = 8 << 20
MAKING = gettext_noop("Writing the rows")


def is_small(dataset: Dataset) -> bool:
    """Whether any of its exports is made while somebody waits."""
    return sum(one["bytes"] for one in dataset.counts["files"].values()) <= SMALL


class NotReady(Conflict):
    """There is no file of today's card yet, and making one takes longer than a request."""


def order_export(*, dataset: Dataset, wanted: Wanted, actor=None) -> Export:
    """The export: as it lies there, made on the spot, or with the job that makes it. Ordered twice
    it is made once."""
    wanted.check(dataset)
    found = export_of(dataset, wanted)
    if found is not None and found.is_under_way:
        return found
    is_there = found is not None and is_ready(found)
    if not is_there and not is_small(dataset):  # no use for a recipe here: the job makes its own
        return _queue(dataset, wanted, actor)
    recipe = Recipe(dataset, wanted)
    if found is not None and is_there and found.key == recipe.key:
        return found
    if not is_small(dataset):
        return _queue(dataset, wanted, actor)
    with recipe.made(Listener()) as part:
        return keep(dataset, wanted, recipe.key, part, actor=actor)


def take_export(*, dataset: Dataset, wanted: Wanted, actor=None) -> Export:
    """A ready one that says what is true today, for whoever asks for the file at once; NotReady
    where that would take long."""
    wanted.check(dataset)
    if is_small(dataset):
        return order_export(dataset=dataset, wanted=wanted, actor=actor)
    found = export_of(dataset, wanted)
    if found is None or not is_ready(found):
        raise NotReady(_("This export is large and not ready: order it first."))
    if found.key != Recipe(dataset, wanted).key:
        raise NotReady(
            _("The licence or the figures on the card are others by now: order this export again.")
        )
    return found


def export_of(dataset: Dataset, wanted: Wanted) -> Export | None:
    return dataset.exports.filter(**wanted.named).select_related("job").first()


@transaction.atomic
def _queue(dataset: Dataset, wanted: Wanted, actor) -> Export:
    # What the row named before is too old, or has another card: were it to stay, the old file
    # would pass as the new order, all the more where that comes to nothing.
    export, _is_new = Export.objects.update_or_create(
        dataset=dataset,
        **wanted.named,
        defaults={
            "ordered_at": timezone.now(),
            "created_by": actor,
            "key": "",
            "sha256": "",
            "byte_count": 0,
            "expires_at": None,
        },
    )
    export.job, _is_first = jobs.enqueue(
        kind=tasks.EXPORT,
        project=dataset.project,
        actor=actor,
        target=f"export:{export.pk}",
        payload={"export": export.pk},
    )
    export.save(update_fields=["job"])
    return export


def make_in_job(claim: jobs.Claim) -> dict:
    """The file, its row and the job's end are there together, or none of them is."""
    rows = Export.objects.select_related("dataset__project")
    export = rows.filter(pk=claim.job.payload["export"]).first()
    if export is None:
        raise DomainError(gettext_noop("This order was removed meanwhile. Order it again."))
    claim.progress(0, max(1, export.dataset.prompt_count), MAKING)
    recipe = Recipe(export.dataset, wanted_of(export))
    if export.key != recipe.key or not is_ready(export):
        with recipe.made(Listener(claim)) as part:
            keep(export.dataset, recipe.wanted, recipe.key, part, claim=claim)
    return {"export": export.pk}


def cancel(export: Export) -> None:
    if export.is_under_way:
        jobs.request_cancel(export.job)
