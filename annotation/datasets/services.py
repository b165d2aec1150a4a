"""Freezing a project's rankings into a dataset, now or in the background; checking one later."""

import shutil
from dataclasses import dataclass
from pathlib import Path

from django.db import connection, transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from annotation.core import audit, jobs
from annotation.core.errors import Conflict, DomainError, NotFound
from annotation.core.hashing import sha256_of_value
from annotation.core.locks import lock_number
from annotation.core.models import Job
from annotation.core.numbers import grouped
from annotation.core.text import clean
from annotation.datasets import store, tasks
from annotation.datasets.build import build
from annotation.datasets.left_out import with_names
from annotation.datasets.models import Dataset
from annotation.datasets.policy import Policy, PolicyError

# Up to here freezing takes less than a visit to the queue.
SMALL = 5_000
# Up to here a page can count all of it while somebody waits.
LIVE = 20_000


@dataclass(frozen=True)
class Frozen:
    """What freezing came to. `created` is False where this very dataset was there already."""

    dataset: Dataset
    created: bool


def freeze_dataset(*, project, policy: Policy | None = None, name="", actor=None) -> Frozen:
    """Freeze the project's judgments as they are now. The same data gives the same dataset."""
    return _freeze(project, policy or Policy(), _checked_name(name), actor)


def freeze_in_job(claim: jobs.Claim) -> dict:
    """The same as a job: the row, the event and the job's end commit together."""
    job = claim.job
    policy = Policy.from_json(job.payload["policy"])
    claim.progress(0, 2, gettext_noop("Reading judgments and writing files"))
    _freeze(job.project, policy, job.payload["name"], job.created_by, claim)
    return job.result


def request_freeze(*, project, policy: Policy, name="", actor=None) -> Job:
    """Queue a freeze; one of the same policy that waits or runs is returned instead."""
    job, _is_new = jobs.enqueue(
        kind=tasks.FREEZE,
        project=project,
        actor=actor,
        target=f"project:{project.pk}:{sha256_of_value(policy.as_json())[:16]}",
        payload={"policy": policy.as_json(), "name": _checked_name(name)},
    )
    return job


def freeze_or_request(*, project, policy: Policy, name="", actor=None) -> Frozen | Job:
    """Frozen on the spot where that is quick; otherwise the job that does it."""
    if is_small(project):
        return freeze_dataset(project=project, policy=policy, name=name, actor=actor)
    return request_freeze(project=project, policy=policy, name=name, actor=actor)


def is_small(project) -> bool:
    return not project.judgments.all()[SMALL : SMALL + 1].exists()


def preview(*, project, policy: Policy) -> dict:
    """The counts that freezing would write into the manifest. Nothing is written."""
    return build(project, with_names(project, policy)).as_json()


def preview_quickly(*, project, policy: Policy) -> tuple[dict, int]:
    """The counts, fast enough for a page: (counts, n), counted on one prompt in n. The prompts
    are picked by their hash, so the same ones each time and no matter who asks."""
    total = project.judgments.count()
    one_in = 1
    while total / one_in > LIVE and one_in < 2**16:
        one_in *= 2
    below = f"{2**16 // one_in:04x}" if one_in > 1 else ""
    counts = build(project, with_names(project, policy), below=below).as_json()
    return counts, one_in


def find_dataset(datasets, prefix: str) -> Dataset:
    """The one of `datasets` whose hash starts so. NotFound, or Conflict where several do."""
    if len(prefix) < 4 or not set(prefix) <= set("0123456789abcdef"):
        raise NotFound(f"“{prefix}” is not the beginning (4 digits or more) of a dataset's hash.")
    found = {row.hash: row for row in datasets.filter(hash__startswith=prefix).order_by("-pk")}
    if not found:
        raise NotFound(f"There is no dataset “{prefix}”.")
    if len(found) > 1:
        raise Conflict(f"{len(found)} datasets start with “{prefix}”: write more of the hash.")
    return found.popitem()[1]


def export_dataset(*, dataset: Dataset, target: Path, force=False) -> list[str]:
    """Copy the dataset's files into `target`, each checked before and after. Returns names."""
    if found := store.problems(dataset.folder, dataset.manifest):
        raise DomainError(f"This dataset is damaged: {' '.join(found)}")
    if target.exists() and not target.is_dir():
        raise DomainError(f"{target} is a file, not a folder.")
    if not force and target.is_dir() and any(target.iterdir()):
        raise DomainError(f"{target} is not empty. Name another folder, or add --force.")
    target.mkdir(parents=True, exist_ok=True)
    listed = store.listed_files(dataset.manifest)
    names = [store.MANIFEST, *listed]
    for name in names:
        shutil.copyfile(dataset.folder / name, target / name)
    for name, expected in listed.items():
        if store.sha256_of_file(target / name) != expected["sha256"]:
            raise DomainError(f"{target / name} did not arrive whole.")
    return names


def set_licence(*, dataset: Dataset, licence: str, actor) -> None:
    """Say under which licence it may be used; its card does. The frozen files stay."""
    said = clean(licence, field="licence").strip()
    if len(said) > 100:
        raise PolicyError(_("A licence has at most 100 characters: name it."), field="licence")
    if said == dataset.licence:
        return
    with transaction.atomic():
        dataset.licence = said
        dataset.save(update_fields=["licence"])
        audit.record(
            "dataset.licensed",
            actor=actor,
            project=dataset.project,
            target=f"dataset:{dataset.pk}",
            licence=said,
        )


def _freeze(project, policy, name, actor, claim=None) -> Frozen:
    policy = with_names(project, policy)
    with store.staging() as staged:
        counts = build(project, policy, staged).as_json()
        _refuse_nothing(counts, policy)
        manifest = staged.seal(policy, counts)
        with transaction.atomic():
            _lock(manifest["hash"])
            is_known = Dataset.objects.filter(hash=manifest["hash"]).exists()
            is_new_folder = store.publish(staged.folder, manifest)
            try:
                return _record(project, policy, manifest, name, actor, claim)
            except BaseException:
                # Under the lock nobody else can have come to lean on a folder that we made.
                if is_new_folder and not is_known:
                    store.remove(manifest["hash"])
                raise


def _record(project, policy, manifest, name, actor, claim) -> Frozen:
    if claim is not None:
        claim.fence()
    dataset, created = Dataset.objects.get_or_create(
        project=project,
        hash=manifest["hash"],
        defaults={
            "name": name,
            "policy": policy.as_json(),
            "counts": manifest["counts"],
            "manifest": manifest,
            "job": claim and claim.job,
            "created_by": actor,
        },
    )
    if created:
        audit.record(
            "dataset.frozen",
            actor=actor,
            project=project,
            target=f"dataset:{dataset.pk}",
            hash=dataset.hash,
            comparisons=manifest["counts"]["comparisons"]["kept"],
        )
    if claim is not None:
        claim.finish({"hash": dataset.hash, "created": created})
    return Frozen(dataset, created)


def _lock(digest: str) -> None:
    """One publisher of a hash at a time, until the transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [lock_number(f"dataset:{digest}")])


def _checked_name(name: str) -> str:
    name = clean(name, field="name").strip()
    if len(name) > 100:
        raise PolicyError(_("A dataset's name has at most 100 characters."), field="name")
    return name


def _refuse_nothing(counts: dict, policy: Policy) -> None:
    if counts["comparisons"]["kept"] or counts["comparisons"]["ties"] or counts["sft"]["kept"]:
        return
    if policy.demonstrations == "only":
        raise DomainError(_("There is nothing to freeze: the project has no demonstrations."))
    if not counts["items"]["all"]:
        raise DomainError(_("There is nothing to freeze: no item matches."))
    if not counts["judgments"]["counted"]:
        raise DomainError(
            _("There is nothing to freeze: of %(count)s judgments none counts under this policy.")
            % {"count": grouped(counts["judgments"]["all"])}
        )
    raise DomainError(_("There is nothing to freeze: every pair was left out by the policy."))
