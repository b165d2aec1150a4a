"""A model version sent to a destination: its files as the manifest names them, that one last."""

from functools import partial

from django.utils.text import slugify
from django.utils.translation import gettext as _

from annotation.core import audit, jobs
from annotation.core.errors import DomainError
from annotation.core.hashing import sha256_of_file
from annotation.core.outgoing import Outgoing
from annotation.core.strict_json import loads
from annotation.datasets.models import Destination
from annotation.datasets.publishing.pushing import deliver, former_names, order, outgoing
from annotation.datasets.publishing.shelves import Shipment
from annotation.runs import tasks
from annotation.runs.models import ModelPush, ModelVersion
from annotation.runs.registry.download import folder_of

MANIFEST = "manifest.json"


def push_model(*, version: ModelVersion, destination: Destination, actor=None) -> ModelPush:
    """Queue a push; the same that waits or runs is returned instead of a second one."""
    if not (folder_of(version) / MANIFEST).is_file():
        raise DomainError(
            _("The files of “%(name)s” are not where they were registered.")
            % {"name": version.name}
        )
    push = ModelPush(
        project=version.project, destination=destination, version=version, created_by=actor
    )
    return order(push, kind=tasks.PUSH_KIND, target=f"{version.pk}:{destination.pk}")


def push_in_job(claim: jobs.Claim) -> None:
    push = ModelPush.objects.select_related("version__project", "destination").get(
        pk=claim.job.payload["push"]
    )
    version = push.version
    name = f"{slugify(version.name) or version.kind}-{version.sha256[:12]}"
    shipment = Shipment(
        kind="model",
        folder=f"models/{name}",
        files=checked_files(version, claim.alive),
        summary=f"{version.name} ({version.sha256[:12]})",
        former=former_names(push),
    )
    deliver(claim, push, shipment, partial(_record, push))


def checked_files(version: ModelVersion, alive=lambda: None) -> list[Outgoing]:
    """The files that the manifest names, as it names them. What was changed is not sent under the
    version's name."""
    folder = folder_of(version)
    try:
        if sha256_of_file(folder / MANIFEST) != version.sha256:
            raise DomainError(_damaged(version, MANIFEST))
        named = loads((folder / MANIFEST).read_bytes())["files"]
        for name, entry in named.items():
            if sha256_of_file(folder / name, alive=alive) != entry["sha256"]:
                raise DomainError(_damaged(version, name))
        return outgoing(folder, named, MANIFEST)
    except (FileNotFoundError, KeyError) as error:
        raise DomainError(_damaged(version, str(error))) from error


def _damaged(version: ModelVersion, what: str) -> str:
    return f"The files of “{version.name}” are damaged: {what}."


def _record(push: ModelPush) -> None:
    audit.record(
        "model_version.pushed",
        actor=push.created_by,
        project=push.project,
        target=push.what,
        version=push.version.name,
        name=push.destination.name,
        where=push.place,
        revision=push.revision,
    )
