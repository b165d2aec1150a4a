"""Freezing a project's rankings into a dataset, now or in the background; checking one later."""

import shutil
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from django.db import connection, transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from annotation.core import audit, jobs
from annotation.core.errors import Conflict, DomainError, NotFound
from annotation.core.hashing import sha256_of_file, sha256_of_value
from annotation.core.locks import lock_number
from annotation.core.models import Job
from annotation.core.names import checked_name
from annotation.core.numbers import grouped
from annotation.core.text import clean
from annotation.datasets import store, tasks
from annotation.datasets.access import may_in_all
from annotation.datasets.build import build_of
from annotation.datasets.left_out import with_names
from annotation.datasets.models import Dataset, DatasetPerson, DatasetSource
from annotation.datasets.naming import check_names
from annotation.datasets.opinions import judge_of
from annotation.datasets.policy import Policy, PolicyError
from annotation.datasets.sources import Sources
from annotation.labeling.models import Judgment
from annotation.projects.models import Project
from annotation.quality.judges.models import Opinion

# Up to here freezing takes less than a visit to the queue.
SMALL = 5_000
# Up to here a page can count all of it while somebody waits.
LIVE = 20_000


@dataclass(frozen=True)
class Frozen:
    """What freezing came to. `created` is False where this very dataset was there already."""

    dataset: Dataset
    created: bool


def freeze_dataset(
    *, project, policy: Policy | None = None, name="", actor=None, further=()
) -> Frozen:
    """Freeze the project's judgments, and those of `further` ones with them, as they are now. The
    same data gives the same dataset."""
    sources = with_names(_sources(project, further, policy or Policy()))
    return _freeze(project, sources, _checked_name(name), actor)


def freeze_in_job(claim: jobs.Claim) -> dict:
    """The same as a job: the row, the event and the job's end commit together."""
    job = claim.job
    policy = Policy.from_json(job.payload["policy"])
    further = list(Project.objects.filter(pk__in=job.payload.get("further", ())))
    # Whoever ordered it may have left one of them since.
    if job.created_by and not may_in_all(job.created_by, "freeze", further):
        raise DomainError(
            _("Whoever ordered this may not freeze in all of its projects any more.")
        )
    claim.progress(0, 2, gettext_noop("Reading judgments and writing files"))
    # Names are asked for again: who is called otherwise since would silently count.
    sources = with_names(_sources(job.project, further, policy))
    _freeze(job.project, sources, job.payload["name"], job.created_by, claim)
    return job.result


def request_freeze(*, project, policy: Policy, name="", actor=None, further=()) -> Job:
    """Queue a freeze; one of the same policy that waits or runs is returned instead."""
    _sources(project, further, policy)  # refuses at once what the job would refuse
    ids = sorted(one.pk for one in further)
    asked = policy.as_json() | ({"further": ids} if ids else {})
    job, _is_new = jobs.enqueue(
        kind=tasks.FREEZE,
        project=project,
        actor=actor,
        target=f"project:{project.pk}:{sha256_of_value(asked)[:16]}",
        payload={"policy": policy.as_json(), "name": _checked_name(name), "further": ids},
    )
    return job


def freeze_or_request(*, project, policy: Policy, name="", actor=None, further=()) -> Frozen | Job:
    """Frozen on the spot where that is quick; otherwise the job that does it."""
    is_small = are_small(project, *further) and _has_few_opinions(project, policy)
    make = freeze_dataset if is_small else request_freeze
    return make(project=project, policy=policy, name=name, actor=actor, further=further)


def are_small(*projects) -> bool:
    """Together."""
    return not Judgment.objects.filter(project__in=projects)[SMALL : SMALL + 1].exists()


def _has_few_opinions(project, policy: Policy) -> bool:
    judge = judge_of(project, policy)
    if judge is None:
        return True
    return not Opinion.objects.filter(run__judge=judge)[SMALL : SMALL + 1].exists()


def preview(*, project, policy: Policy, further=()) -> dict:
    """The counts that freezing would write into the manifest. Nothing is written."""
    return build_of(with_names(_sources(project, further, policy))).as_json()


def preview_quickly(*, project, policy: Policy, further=()) -> tuple[dict, int]:
    """The counts, fast enough for a page: (counts, n), counted on one prompt in n. The prompts
    are picked by their hash, so the same ones each time and no matter who asks."""
    sources = with_names(_sources(project, further, policy))
    total = Judgment.objects.filter(project__in=sources.projects).count()
    if judge := judge_of(project, policy):
        total += Opinion.objects.filter(run__judge=judge).count()
    one_in = 1
    while total / one_in > LIVE and one_in < 2**16:
        one_in *= 2
    below = f"{2**16 // one_in:04x}" if one_in > 1 else ""
    return build_of(sources, below=below).as_json(), one_in


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
        if sha256_of_file(target / name) != expected["sha256"]:
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


def _sources(project, further, policy: Policy) -> Sources:
    found = Sources.of(project, further, policy)
    check_names(found)
    return found


def _freeze(project, sources: Sources, name, actor, claim=None) -> Frozen:
    with store.staging() as staged:
        counts = build_of(sources, staged).as_json()
        _refuse_nothing(counts, sources.policy)
        manifest = staged.seal(sources.policy, counts)
        with transaction.atomic():
            _lock(manifest["hash"])
            is_known = Dataset.objects.filter(hash=manifest["hash"]).exists()
            is_new_folder = store.publish(staged.folder, manifest)
            try:
                return _record(project, sources, manifest, name, actor, claim)
            except BaseException:
                # Under the lock nobody else can have come to lean on a folder that we made.
                if is_new_folder and not is_known:
                    store.remove(manifest["hash"])
                raise


def _record(project, sources: Sources, manifest, name, actor, claim) -> Frozen:
    if claim is not None:
        claim.fence()
    dataset, created = Dataset.objects.get_or_create(
        project=project,
        hash=manifest["hash"],
        defaults={
            "name": name,
            "policy": sources.policy.as_json(),
            "counts": manifest["counts"],
            "manifest": manifest,
            "job": claim and claim.job,
            "created_by": actor,
        },
    )
    if created:
        _keep_sources(dataset, sources)
        for one in sources.projects:  # each has it in its trail that its judgments went there
            lent = {} if one.pk == project.pk else {"into": project.slug}
            audit.record(
                "dataset.frozen",
                actor=actor,
                project=one,
                target=f"dataset:{dataset.pk}",
                hash=dataset.hash,
                comparisons=manifest["counts"]["comparisons"]["kept"],
                **lent,
            )
    if claim is not None:
        claim.finish({"hash": dataset.hash, "created": created})
    return Frozen(dataset, created)


def _keep_sources(dataset: Dataset, sources: Sources) -> None:
    further = [one for one in sources.projects if one.pk != dataset.project_id]
    DatasetSource.objects.bulk_create(
        DatasetSource(dataset=dataset, project=one) for one in further
    )
    DatasetPerson.objects.bulk_create(
        DatasetPerson(dataset=dataset, user_id=user, name=name)
        for user, name in sources.people.items()
    )


def _lock(digest: str) -> None:
    """One publisher of a hash at a time, until the transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [lock_number(f"dataset:{digest}")])


def _checked_name(name: str) -> str:
    wrong = partial(PolicyError, field="name")
    return checked_name(name, label=_("Name"), longest=100, raises=wrong)


def _refuse_nothing(counts: dict, policy: Policy) -> None:
    if counts["comparisons"]["kept"] or counts["comparisons"]["ties"] or counts["sft"]["kept"]:
        return
    if policy.demonstrations == "only":
        raise DomainError(_("There is nothing to freeze: the project has no demonstrations."))
    if not counts["items"]["all"]:
        raise DomainError(_("There is nothing to freeze: no item matches."))
    if policy.judge and not counts["judgments"]["all"]:
        raise DomainError(
            _("There is nothing to freeze: “%(name)s” has not been asked about any of the items.")
            % {"name": policy.judge}
        )
    if not counts["judgments"]["counted"]:
        raise DomainError(
            _("There is nothing to freeze: of %(count)s judgments none counts under this policy.")
            % {"count": grouped(counts["judgments"]["all"])}
        )
    raise DomainError(_("There is nothing to freeze: every pair was left out by the policy."))
