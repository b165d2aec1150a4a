"""A destination as something that takes files: all of a push, or nothing that looks whole."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Literal

from django.utils.crypto import get_random_string
from django.utils.translation import gettext_noop

from annotation.core import egress
from annotation.core.hub.asking import Hub
from annotation.core.hub.repo import Repo
from annotation.core.object_storage.bucket import Bucket, Kept, StorageError
from annotation.core.object_storage.signing import Credentials, sha256_of
from annotation.core.outgoing import Arrived, Outgoing, Teller
from annotation.core.sealed import unseal
from annotation.datasets.models import Destination

NOT_WHOLE = gettext_noop("A file did not arrive whole.")
TRIAL = b"Concord looks whether it may write here.\n"
# What a trial found.
WRITES = gettext_noop("It takes files and gives them back.")
IS_THERE = gettext_noop("The token is good, and the repository is there.")
IS_MADE = gettext_noop("The token is good. A private repository is made by the first push.")


@dataclass(frozen=True)
class Shipment:
    """What is sent together. The last of the files names the others with their hashes.

    `folder` names the content, so that in a bucket no shipment ever writes over another; `former`
    are names that a repository has from the one before.
    """

    kind: Literal["dataset", "model"]
    folder: str
    files: Sequence[Outgoing]
    summary: str
    former: Collection[str] = ()


def send(
    destination: Destination,
    shipment: Shipment,
    teller: Teller,
    network: egress.Network | None = None,
) -> Arrived:
    if not destination.is_bucket:
        repo = repo_of(destination, shipment.kind, network)
        return repo.push(
            shipment.files, summary=shipment.summary, former=shipment.former, teller=teller
        )
    return _fill(bucket_of(destination, network), destination.prefix, shipment, teller)


def _fill(bucket: Bucket, prefix: str, shipment: Shipment, teller: Teller) -> Arrived:
    """File by file, the record of them last: a folder without it is not whole. What is there
    already with the same hash is not sent again."""
    folder = "/".join(part for part in (prefix, shipment.folder) if part)
    total = len(shipment.files)
    for done, file in enumerate(shipment.files):
        teller.files(done, total)
        key, wanted = f"{folder}/{file.name}", Kept(file.size, file.sha256)
        if bucket.look(key) == wanted:
            continue
        bucket.put_file(key, file.path, teller.alive, sha256=file.sha256)
        if bucket.look(key, is_there=True) != wanted:
            raise StorageError(NOT_WHOLE)
    teller.files(total, total)
    return Arrived(place=f"s3://{bucket.name}/{folder}")


def bucket_of(destination: Destination, network: egress.Network | None = None) -> Bucket:
    credentials = Credentials(destination.access_key, _secret(destination), destination.region)
    return Bucket(destination.endpoint, destination.bucket, credentials, network)


def repo_of(
    destination: Destination,
    kind: Literal["dataset", "model"],
    network: egress.Network | None = None,
) -> Repo:
    hub = Hub(destination.endpoint, _secret(destination), network)
    return Repo(hub, kind, destination.repository)


def _secret(destination: Destination) -> str:
    return unseal(destination.sealed_secret, place=destination.place)


def try_out(destination: Destination, network: egress.Network | None = None) -> str:
    """Whether it would take files; raises the sentence that says why not."""
    if not destination.is_bucket:
        return IS_THERE if repo_of(destination, "dataset", network).check() else IS_MADE
    bucket = bucket_of(destination, network)
    name = f"concord-trial-{get_random_string(12)}.txt"
    key = "/".join(part for part in (destination.prefix, name) if part)
    bucket.put(key, TRIAL, sha256=sha256_of(TRIAL))
    try:
        if bucket.get(key) != TRIAL or bucket.look(key) != Kept(len(TRIAL), sha256_of(TRIAL)):
            raise StorageError(NOT_WHOLE)
    finally:
        bucket.delete(key)
    return WRITES
