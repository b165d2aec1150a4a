"""When figures of groups are computed, and what is kept of them: the last ones, nothing else."""

import hashlib
from datetime import timedelta

import numpy as np
from django.conf import settings
from django.utils import timezone

from annotation.accounts.self_description.slices import compare_groups
from annotation.core.strict_json import canonical
from annotation.quality.fairness.coarse import coarse_slices
from annotation.quality.fairness.measures import figures_of_labelers
from annotation.quality.models import Report
from annotation.quality.snapshot import Snapshot

KIND = "fairness"
CODE_VERSION = "1"
# Between two publications: who joins, or judges differently, is one of many by then.
REST = timedelta(days=28)
# So many times k people count before anything is told: five of ten are soon guessed.
FEWEST_GROUPS = 4


def latest_slices(project) -> Report | None:
    found = project.reports.filter(kind=KIND, code_version=CODE_VERSION)
    return found.newest_first().first()


def is_over(report: Report) -> bool:
    """Not to be shown any more: somebody may have taken their answers back since."""
    return timezone.now() - report.computed_at >= REST


def publish_slices(project, snapshot: Snapshot) -> Report:
    """The slices that may be shown now. Inside the transaction that keeps the other figures.

    Published ones stand for REST, whatever happens meanwhile. After that they are computed anew
    if as many people count as did then, or at least k more or fewer; with one to k - 1 of
    difference nothing is shown, for two publications would tell of those few.
    """
    earlier = latest_slices(project)
    k = settings.FAIRNESS_K
    if earlier is not None and _stands(earlier, k):
        return earlier
    people, result = _computed(snapshot, k)
    counted = earlier.result["counted"] if earlier is not None else None
    if counted is not None and 0 < abs(people - counted) < k:
        result = {"reason": "few_changed", "groups": [], "hidden": []}
    elif result["groups"]:
        counted = people
    result |= {"k": k, "people": people, "counted": counted}
    project.reports.filter(kind=KIND).delete()
    return Report.objects.create(
        project=project,
        kind=KIND,
        code_version=CODE_VERSION,
        input_sha256=hashlib.sha256(canonical(result)).hexdigest(),
        judgment_count=snapshot.state[0],
        last_judgment=snapshot.state[1],
        result=result,
        computed_at=timezone.now(),
    )


def _stands(report: Report, k: int) -> bool:
    """A raised k takes effect at once. With so few people that nothing is told there is nothing
    to rest; above, a group must not appear on the day when its last member comes."""
    found = report.result
    if is_over(report) or found["reason"] == "few_changed" or found["k"] < k:
        return False
    return found["people"] >= FEWEST_GROUPS * k


def _computed(snapshot: Snapshot, k: int) -> tuple[int, dict]:
    """How many people count, and the groups. The answers exist inside this call only."""
    figures = figures_of_labelers(snapshot)
    known = np.isfinite(next(iter(figures.values()))) if figures else np.zeros(0, dtype=bool)
    counted = np.flatnonzero(known)
    people = [int(snapshot.labeler_ids[at]) for at in counted]
    figures = {name: values[counted] for name, values in figures.items()}

    def compare(answers):
        described = sum(any(said) for said in zip(*answers.values(), strict=True))
        return described, coarse_slices(figures, answers, k=k)

    described, found = compare_groups(people, compare)
    if described < FEWEST_GROUPS * k:
        found = {"groups": [], "hidden": []}
    reason = None if found["groups"] else "too_few_described"
    return described, found | {"reason": reason}
