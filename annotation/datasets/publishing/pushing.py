"""A push as a job: ordered once, taken up again where it stopped, written down when it arrived."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TypeVar

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from annotation.core import audit, jobs
from annotation.core.errors import DomainError
from annotation.core.hashing import sha256_of_file
from annotation.core.outgoing import Arrived, Outgoing, Teller, told_when_full
from annotation.datasets import tasks
from annotation.datasets.exporting import written
from annotation.datasets.formats.catalogue import format_named
from annotation.datasets.formats.writing import RECORD
from annotation.datasets.models import Dataset, DatasetPush, Destination, Push
from annotation.datasets.publishing import shelves
from annotation.datasets.publishing.shelves import Shipment

AnyPush = TypeVar("AnyPush", bound=Push)
GONE = gettext_noop("This destination was removed meanwhile.")
SENDING = gettext_noop("Sending files")
WRITING = gettext_noop("Writing the export")


def push_dataset(
    *,
    dataset: Dataset,
    destination: Destination,
    form: str,
    as_parquet: bool = False,
    with_handles: bool = False,
    actor=None,
) -> DatasetPush:
    """Queue a push; the same that waits or runs is returned instead of a second one."""
    if as_parquet and format_named(form).columns is None:
        raise DomainError(_("This format is never Parquet."))
    push = DatasetPush(
        project=dataset.project,
        destination=destination,
        dataset=dataset,
        form=format_named(form).key,
        is_parquet=as_parquet,
        with_handles=with_handles,
        created_by=actor,
    )
    target = f"{dataset.pk}:{destination.pk}:{form}:{as_parquet:d}{with_handles:d}"
    said = {"format": push.form, "parquet": as_parquet, "handles": with_handles}
    return order(push, kind=tasks.PUSH, target=target, **said)


def order(push: AnyPush, *, kind: str, target: str, **said) -> AnyPush:
    """Write a push down and queue it. `said`: what its event tells of the order."""
    if push.destination.project_id != push.project_id or push.destination.removed_at is not None:
        raise DomainError(_(GONE))
    with transaction.atomic():
        push.save(force_insert=True)
        job, created = jobs.enqueue(
            kind=kind,
            project=push.project,
            actor=push.created_by,
            target=f"push:{target}",
            payload={"push": push.pk},
        )
        if not created:
            transaction.set_rollback(True)
        else:
            push.job = job
            push.save(update_fields=["job"])
            _tell("push.ordered", push, push.created_by, **said)
    return push if created else type(push).objects.get(job=job)


@transaction.atomic
def resume(push: Push, *, actor=None) -> None:
    """Queue it again after it failed or was cancelled: what arrived is not sent again."""
    if push.destination.removed_at is not None:
        raise DomainError(_(GONE))
    jobs.revive(push.job)
    _tell("push.resumed", push, actor)


@transaction.atomic
def cancel(push: Push, *, actor=None) -> None:
    """Ask it to end. What was sent already stays where it lies, and does not look whole."""
    if push.job.is_active:
        jobs.request_cancel(push.job)
        _tell("push.cancelled", push, actor)


def _tell(kind: str, push: Push, actor, **said) -> None:
    """Also of one that never arrives: parts of it may have left the house."""
    audit.record(
        kind,
        actor=actor,
        project=push.project,
        target=push.what,
        name=push.destination.name,
        **said,
    )


def push_in_job(claim: jobs.Claim) -> None:
    push = DatasetPush.objects.select_related("dataset__project", "destination").get(
        pk=claim.job.payload["push"]
    )
    claim.progress(note=WRITING)
    with (
        told_when_full(),
        written(
            push.dataset,
            format_named(push.form),
            as_parquet=push.is_parquet,
            pseudonymous=not push.with_handles,
        ) as (folder, record),
    ):
        files = outgoing(folder, record["files"], RECORD)
        shipment = Shipment(
            kind="dataset",
            folder=f"datasets/{push.dataset.short_hash}/{push.form}-{files[-1].sha256[:12]}",
            files=files,
            summary=f"Dataset {push.dataset.short_hash} as {push.form}",
            former=former_names(push),
        )
        deliver(claim, push, shipment, partial(_record, push))


def _record(push: DatasetPush) -> None:
    audit.record(
        "dataset.pushed",
        actor=push.created_by,
        project=push.project,
        target=push.what,
        format=push.form,
        name=push.destination.name,
        where=push.place,
        revision=push.revision,
    )


def deliver(claim: jobs.Claim, push: Push, shipment: Shipment, record: Callable[[], None]) -> None:
    """Send it. What arrived, its event and the job's end are written down together."""
    if push.destination.removed_at is not None:
        raise DomainError(GONE)

    def alive() -> None:
        """After each part: a destination that was removed gets no more, and one whose secret was
        replaced is asked anew with that."""
        claim.alive()
        known = Destination.objects.values_list("removed_at", "sealed_secret")
        removed_at, secret = known.get(pk=push.destination_id)
        if removed_at is not None:
            raise DomainError(GONE)
        if secret != push.destination.sealed_secret:
            raise jobs.Deferred(0)

    teller = Teller(partial(claim.progress, note=SENDING), alive)
    arrived = shelves.send(push.destination, shipment, teller)
    with transaction.atomic():
        claim.fence()
        _note(push, shipment, arrived)
        record()
        claim.finish({"place": arrived.place, "revision": arrived.revision})


def _note(push: Push, shipment: Shipment, arrived: Arrived) -> None:
    push.place, push.url, push.revision = arrived.place, arrived.url, arrived.revision
    push.sha256, push.arrived_at = shipment.files[-1].sha256, timezone.now()
    push.files = {
        file.name: {"bytes": file.size, "sha256": file.sha256} for file in shipment.files
    }
    push.save(update_fields=["place", "url", "revision", "sha256", "arrived_at", "files"])


def outgoing(folder: Path, files: dict, record: str) -> list[Outgoing]:
    """Those that a record names with bytes and sha256, and last the record itself."""
    found = [
        Outgoing(name, folder / name, entry["bytes"], entry["sha256"])
        for name, entry in files.items()
    ]
    path = folder / record
    return [*found, Outgoing(record, path, path.stat().st_size, sha256_of_file(path))]


def former_names(push: Push) -> set[str]:
    """What the newest push of its kind left at the destination."""
    before = type(push).objects.filter(destination=push.destination_id, arrived_at__isnull=False)
    newest = before.order_by("-arrived_at", "-pk").first()
    return set(newest.files) if newest is not None else set()
