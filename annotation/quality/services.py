"""Computing figures, now or in the background, and finding the report in force."""

from collections.abc import Callable
from datetime import timedelta

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_noop

from annotation.core import jobs
from annotation.core.models import Job
from annotation.projects.models import Project
from annotation.quality import tasks
from annotation.quality.analyses import ANALYSES
from annotation.quality.fairness.publishing import publish_slices
from annotation.quality.figures import unheard
from annotation.quality.freshness import forget_others, is_behind, perhaps_behind
from annotation.quality.models import Report, gold_states, judgment_state, state_of
from annotation.quality.snapshot import Snapshot, take_snapshot

# Up to here one analysis takes well under a second, less than a visit to the queue.
SMALL = 5_000
# So many judgments are counted within a few milliseconds.
COUNTED_AT_ONCE = 50_000
# Figures follow the judgments by themselves, but never so closely that a large project computes
# all day: a computation is this old, and this many times as old as it took.
REFRESH_AFTER = timedelta(minutes=10)
REFRESH_COST = 20
# Reading the judgments and every analysis count alike in a job's progress.
STEPS = 100


def latest_report(project, kind: str = "agreement") -> Report | None:
    """The newest report of this version of the code: an older one may mean something else."""
    version = ANALYSES[kind].version
    return project.reports.filter(kind=kind, code_version=version).newest_first().first()


def is_stale(report: Report) -> bool:
    """Whether judgments came in since, or known answers were changed.

    Counting a million judgments takes longer than the rest of a page. In a large project the next
    judgment says that figures are stale; one with an earlier id, whose transaction lasted until
    after they were computed, is noticed by `refresh_figures`, which does count.
    """
    project = report.project
    if report.judgment_count <= COUNTED_AT_ONCE:
        return report.state != state_of(project)
    return (
        project.judgments.filter(pk__gt=report.last_judgment).exists()
        or gold_states([project.pk]).get(project.pk, "") != report.gold_state
    )


def compute_report(*, project, kind: str = "agreement") -> Report:
    """The report over the judgments as they are now; computed only if it is not there."""
    snapshot = take_snapshot(project)
    sha256 = snapshot.sha256
    result = _known_result(project, kind, sha256) or ANALYSES[kind].compute(snapshot, unheard)
    return _keep(project, kind, snapshot, sha256, result)


def compute_in_job(claim: jobs.Claim) -> None:
    """Every analysis over one snapshot: says how far it is; reports and end commit together."""
    project, total = claim.job.project, STEPS * (len(ANALYSES) + 1)
    tell = _telling(claim, total)
    reading = gettext_noop("Reading judgments")
    tell(0, reading)
    snapshot = take_snapshot(project, lambda: tell(0, reading))
    sha256, results = snapshot.sha256, {}
    for place, (kind, analysis) in enumerate(ANALYSES.items(), start=1):

        def progress(done, of, note, place=place):
            tell(STEPS * place + STEPS * done // max(1, of), note)

        progress(0, 1, analysis.note)
        results[kind] = _known_result(project, kind, sha256) or analysis.compute(
            snapshot, progress
        )
    with transaction.atomic():
        claim.fence()
        kept = {
            kind: _keep(project, kind, snapshot, sha256, result, job=claim.job).pk
            for kind, result in results.items()
        }
        publish_slices(project, snapshot)
        claim.finish({"reports": kept})


def _telling(claim: jobs.Claim, total: int) -> Callable[[int, str], None]:
    """Says how far a job is; what was said already is a sign of life."""

    def tell(done: int, note: str) -> None:
        if (done, note) == (claim.job.progress_done, claim.job.progress_note):
            claim.alive()
        else:
            claim.progress(done, total, note)

    return tell


def request_figures(*, project, actor=None) -> Job:
    """Queue the computation; one that waits or runs is returned instead of a second."""
    job, _ = jobs.enqueue(
        kind=tasks.KIND, project=project, actor=actor, target=f"project:{project.pk}"
    )
    return job


def refresh_figures() -> int:
    """Queue the computation of projects whose figures are behind; how many were queued."""
    queued = 0
    for project in Project.objects.filter(pk__in=perhaps_behind()):
        job = last_job(project)
        is_resting = job is not None and (
            job.is_active or job.rests(REFRESH_AFTER, cost=REFRESH_COST)
        )
        if not is_resting and is_behind(project):
            request_figures(project=project)
            queued += 1
    return queued


def last_job(project) -> Job | None:
    """The newest computation of a project, over or not."""
    return project.jobs.filter(kind=tasks.KIND).order_by("-pk").first()


def answer(*, project, kind: str = "agreement", actor=None) -> tuple[Report | None, Job | None]:
    """The report in force, and the job that brings a newer one where computing takes long.

    A small project is computed on the spot, so that its report is never stale. Otherwise the
    report may be stale or None, and the job says when to ask again.
    """
    report = latest_report(project, kind)
    if report is not None and not is_stale(report):
        return report, None
    if judgment_state(project)[0] <= SMALL:
        return compute_report(project=project, kind=kind), None
    return report, request_figures(project=project, actor=actor)


def _known_result(project, kind: str, sha256: str) -> dict | None:
    known = project.reports.filter(
        kind=kind, input_sha256=sha256, code_version=ANALYSES[kind].version
    ).first()
    return known and known.result


def _keep(project, kind: str, snapshot: Snapshot, sha256: str, result: dict, job=None) -> Report:
    """The report in force from now on. One that was there already stays as old as it is: nothing
    new was found out, and people see only their own figures of last week."""
    count, last = snapshot.state
    state = {"judgment_count": count, "last_judgment": last, "gold_state": snapshot.gold_state}
    with transaction.atomic():
        report, _ = Report.objects.update_or_create(
            project=project,
            kind=kind,
            input_sha256=sha256,
            code_version=ANALYSES[kind].version,
            defaults=state,
            create_defaults=state | {"result": result, "computed_at": timezone.now(), "job": job},
        )
        forget_others(report)
    return report
