"""Trying a destination, as a job: done with what it found, or failed with why."""

from annotation.core.errors import DomainError
from annotation.core.jobs import Claim
from annotation.datasets.models import Destination
from annotation.datasets.publishing.pushing import GONE
from annotation.datasets.publishing.shelves import try_out


def try_in_job(claim: Claim) -> dict:
    destination = Destination.objects.get(pk=claim.job.payload["destination"])
    if destination.removed_at is not None:
        raise DomainError(GONE)
    return {"found": try_out(destination)}
