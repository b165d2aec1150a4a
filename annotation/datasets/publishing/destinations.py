"""Where a project's files may be sent: adding a place, trying it, and taking it away."""

import re
from functools import partial

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from annotation.core import audit, servers
from annotation.core.database import named_once
from annotation.core.errors import DomainError
from annotation.core.models import Job
from annotation.core.names import checked_name
from annotation.core.options import BadOption
from annotation.datasets import tasks
from annotation.datasets.models import Destination

HUB = "https://huggingface.co"
MOST_DESTINATIONS = 20  # of a project
LONGEST_NAME = 80
ACCESS_KEY = re.compile(r"[A-Za-z0-9._~+=/@-]{1,200}")
BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
REGION = re.compile(r"[a-z0-9-]{1,40}")
PART = r"[A-Za-z0-9][A-Za-z0-9._-]{0,95}"
PREFIX = re.compile(rf"({PART}(/{PART})*)?")
REPOSITORY = re.compile(rf"{PART}/{PART}")
# What a person says of one, by kind, besides kind, name and secret.
SETTINGS = {
    Destination.Kind.S3: ("endpoint", "region", "bucket", "prefix", "access_key"),
    Destination.Kind.HUB: ("endpoint", "repository"),
}


def add_destination(
    *, project, kind: str, name: str, secret: str, actor=None, **settings: str
) -> Destination:
    """A new place. Its secret can be replaced and never be read again. `settings`: SETTINGS."""
    if project.destinations.kept().count() >= MOST_DESTINATIONS:
        said = _("A project has at most %(count)d destinations.")
        raise DomainError(said % {"count": MOST_DESTINATIONS})
    if kind not in Destination.Kind.values:
        raise BadOption("kind", _("A destination is one of: %(kinds)s.") % {"kinds": "s3, hub"})
    made = Destination(project=project, kind=kind, created_by=actor)
    wrong = partial(BadOption, "name")
    made.name = checked_name(name, label=_("Name"), longest=LONGEST_NAME, raises=wrong)
    for field in SETTINGS[Destination.Kind(kind)]:
        setattr(made, field, settings.get(field, "").strip())
    made.endpoint = made.endpoint.rstrip("/") or ("" if made.is_bucket else HUB)
    _check(made)
    made.sealed_secret = _sealed(made, secret)
    taken = _("The project has a destination of this name already.")
    with named_once("destination_name_once", taken):
        made.save(force_insert=True)
        _record("destination.added", made, actor, address=made.address)
    return made


@transaction.atomic
def replace_secret(*, destination: Destination, secret: str, actor=None) -> None:
    """Another secret for the same server. The old one is gone."""
    held = _locked(destination)
    held.sealed_secret = _sealed(held, secret)
    held.save(update_fields=["sealed_secret"])
    _record("destination.secret_replaced", held, actor)
    destination.refresh_from_db()


@transaction.atomic
def remove_destination(*, destination: Destination, actor=None) -> None:
    """Nothing is sent there any more, and its secret is gone. What was sent stays there."""
    held = _locked(destination)
    held.sealed_secret, held.removed_at = "", timezone.now()
    held.keeps_checkpoints = False
    held.save(update_fields=["sealed_secret", "removed_at", "keeps_checkpoints"])
    _record("destination.removed", held, actor)


@transaction.atomic
def keep_checkpoints(*, destination: Destination, wanted: bool, actor=None) -> None:
    """Let the project's trainings send their checkpoints to this bucket, and to no other; or end
    that. What is there stays until its run is done."""
    # Two who choose at once choose one after the other: a project has one such bucket.
    rows = Destination.objects.filter(project=destination.project_id)
    list(rows.kept().select_for_update().order_by("pk"))
    held = _locked(destination)
    if not held.is_bucket:
        raise DomainError(_("Checkpoints are kept in a bucket; this is a repository on the Hub."))
    if held.keeps_checkpoints == wanted:
        return
    for other in rows.filter(keeps_checkpoints=True).exclude(pk=held.pk):
        other.keeps_checkpoints = False
        other.save(update_fields=["keeps_checkpoints"])
        _record("destination.keeps_no_checkpoints", other, actor)
    held.keeps_checkpoints = wanted
    held.save(update_fields=["keeps_checkpoints"])
    kind = "destination.keeps_checkpoints" if wanted else "destination.keeps_no_checkpoints"
    _record(kind, held, actor)
    destination.refresh_from_db()


def request_trial(*, destination: Destination, actor=None) -> Job:
    """Ask whether it would take files, by a worker: no page waits for somebody else's server."""
    job, created = servers.order_trial(
        destination, kind=tasks.TRY, noun="destination", actor=actor
    )
    if created:
        _record("destination.tried", destination, actor)
    return job


def last_trial(destination: Destination) -> Job | None:
    """The newest one: done, or failed with the sentence that says why."""
    return servers.last_trial(destination, kind=tasks.TRY, noun="destination")


def _locked(destination: Destination) -> Destination:
    return servers.locked(destination, removed=_("This destination was removed meanwhile."))


def _check(made: Destination) -> None:
    servers.check_columns(made, ("name", *SETTINGS[Destination.Kind(made.kind)]))
    servers.check_address(f"{made.endpoint}/", field="endpoint")
    for name, pattern, message in _rules(made):
        if not pattern.fullmatch(getattr(made, name)):
            raise BadOption(name, message)


def _rules(made: Destination):
    if not made.is_bucket:
        return [("repository", REPOSITORY, _("Write who owns it and its name: acme/taste."))]
    return [
        ("region", REGION, _("Write the region as the storage calls it, such as eu-central-1.")),
        ("bucket", BUCKET, _("A bucket's name has 3 to 63 small letters, digits, dots, hyphens.")),
        (
            "prefix",
            PREFIX,
            _("Write a folder in letters, digits, dots, hyphens, with slashes between."),
        ),
        ("access_key", ACCESS_KEY, _("This is no access key.")),
    ]


def _sealed(destination: Destination, secret: str) -> str:
    wrong = _("A secret is one word of at most 500 plain characters.")
    return servers.sealed_secret(secret, place=destination.place, field="secret", wrong=wrong)


def _record(kind: str, destination: Destination, actor, **details) -> None:
    audit.record(
        kind,
        actor=actor,
        project=destination.project,
        target=f"destination:{destination.pk}",
        name=destination.name,
        **details,
    )
