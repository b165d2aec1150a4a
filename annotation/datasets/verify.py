"""Is a dataset still what its hash says, and does the database still give the same one?"""

from dataclasses import dataclass, field

from django.utils.translation import gettext_noop

from annotation.core import jobs
from annotation.core.erasing import PREFIX
from annotation.core.models import Job
from annotation.datasets import store, tasks, wording
from annotation.datasets.build import build_of
from annotation.datasets.changed_lines import changed_lines, changed_rows
from annotation.datasets.models import Dataset
from annotation.datasets.policy import Policy
from annotation.datasets.sources import Sources
from annotation.projects.models import Membership


@dataclass(frozen=True)
class Verification:
    """`problems`: what is wrong with the files. `differences`: how the dataset that the database
    gives today differs. `recomputed`: its hash, empty where the judgments were not read."""

    problems: list[str]
    recomputed: str
    differences: list[str] = field(default_factory=list)

    @property
    def is_whole(self) -> bool:
        return not self.problems

    @property
    def is_reproduced(self) -> bool:
        return not self.differences

    def as_json(self) -> dict:
        return {
            "problems": self.problems,
            "recomputed": self.recomputed,
            "differences": self.differences,
        }


def verify_dataset(dataset: Dataset, *, files_only=False) -> Verification:
    """Hash every file again, and freeze again beside it. Changes nothing.

    Judgments that came in since are differences, and no fault: the dataset is of its time.
    """
    found = store.problems(dataset.folder, dataset.manifest)
    if files_only:
        return Verification(found, "")
    policy = Policy.from_json(dataset.policy)
    with store.staging() as staged:
        sources = Sources.of(dataset.project, dataset.projects, policy)
        counts = build_of(sources, staged).as_json()
        manifest = staged.seal(policy, counts)
        if manifest["hash"] == dataset.hash:
            names = list(store.listed_files(dataset.manifest)) if found else []
            lines = changed_lines(dataset.folder, staged.folder, names)
            return Verification(found + lines, dataset.hash)
        differences = _differences(dataset.manifest, manifest)
        differences += _erased(dataset.projects)
        if not found:  # a damaged folder has no rows to compare
            differences += changed_rows(dataset.folder, staged.folder)
    return Verification(found, manifest["hash"], differences)


def verify_in_job(claim: jobs.Claim) -> dict:
    claim.progress(note=gettext_noop("Hashing files and reading judgments"))
    return verify_dataset(Dataset.objects.get(pk=claim.job.payload["dataset"])).as_json()


def request_verification(*, dataset: Dataset, actor=None) -> Job:
    """Queue the check; one that waits or runs is returned instead of a second."""
    job, _ = jobs.enqueue(
        kind=tasks.VERIFY,
        project=dataset.project,
        actor=actor,
        target=f"dataset:{dataset.pk}",
        payload={"dataset": dataset.pk},
    )
    return job


def last_verification(dataset: Dataset) -> Job | None:
    jobs_of_it = Job.objects.filter(kind=tasks.VERIFY, target=f"dataset:{dataset.pk}")
    return jobs_of_it.order_by("-pk").first()


def _erased(projects) -> list[str]:
    """A reason why rankings differ whose counts are the same."""
    erased = Membership.objects.filter(handle__startswith=PREFIX, is_active=False)
    count = erased.filter(project__in=projects).values("user").distinct().count()
    return [f"{count:,} of its labelers were erased: other handles."] if count else []


def _differences(then: dict, now: dict) -> list[str]:
    """In words: counts first, for they say why; then the files that came out otherwise."""
    if then["policy"] != now["policy"]:
        return ["The policy is written down in another form."]
    said = []
    for what, old, new in (
        ("Items", then["counts"]["items"]["all"], now["counts"]["items"]["all"]),
        ("Judgments", then["counts"]["judgments"]["all"], now["counts"]["judgments"]["all"]),
        (
            "Counted judgments",
            then["counts"]["judgments"]["counted"],
            now["counts"]["judgments"]["counted"],
        ),
        (
            "Comparisons",
            then["counts"]["comparisons"]["kept"],
            now["counts"]["comparisons"]["kept"],
        ),
        ("Ties", then["counts"]["comparisons"]["ties"], now["counts"]["comparisons"]["ties"]),
        ("SFT rows", then["counts"]["sft"]["kept"], now["counts"]["sft"]["kept"]),
    ):
        if old != new:
            said.append(f"{what}: {old:,} then, {new:,} now.")
    for slug, old in sorted(then["counts"].get("projects", {}).items()):
        new = now["counts"]["projects"].get(slug)
        for what in ("items", "judgments"):
            if new is not None and old[what]["all"] != new[what]["all"]:
                said.append(
                    f"{slug}, {what}: {old[what]['all']:,} then, {new[what]['all']:,} now."
                )
    for reason, old in then["counts"]["dropped"].items():
        new = now["counts"]["dropped"].get(reason, 0)
        if old != new:
            name = wording.title(wording.PAIR_DROPS, reason)
            said.append(f"Left out, {name.lower()}: {old:,} then, {new:,} now.")
    files = now["counts"]["files"]
    for name, old in then["counts"]["files"].items():
        if name not in files or files[name]["sha256"] != old["sha256"]:
            said.append(f"{name} would be another one.")
    return said
