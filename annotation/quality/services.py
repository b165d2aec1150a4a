"""Computing figures, now or in the background, and finding the report in force."""

from datetime import timedelta

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_noop

from annotation.core import jobs
from annotation.core.models import Job
from annotation.labeling.models import Judgment
from annotation.projects.models import Project
from annotation.quality import tasks
from annotation.quality.analyses import ANALYSES
from annotation.quality.fairness.publishing import publish_slices
from annotation.quality.figures import unheard
from annotation.quality.models import Report, judgment_state
from annotation.quality.snapshot import Snapshot, take_snapshot

# Up to here one analysis takes well under a second, less than a visit to the queue.
SMALL = 5_000
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
    """Whether judgments came in since."""
    return report.state != judgment_state(report.project)


def compute_report(*, project, kind: str = "agreement") -> Report:
    """The report over the judgments as they are now; computed only if it is not there."""
    snapshot = take_snapshot(project)
    sha256 = snapshot.sha256
    result = _known_result(project, kind, sha256) or ANALYSES[kind].compute(snapshot, unheard)
    return _keep(project, kind, snapshot, sha256, result)


def compute_in_job(claim: jobs.Claim) -> None:
    """Every analysis over one snapshot: says how far it is; reports and end commit together."""
    project, total = claim.job.project, STEPS * (len(ANALYSES) + 1)
    claim.progress(0, total, gettext_noop("Reading judgments"))
    snapshot = take_snapshot(project)
    sha256, results = snapshot.sha256, {}
    for place, (kind, analysis) in enumerate(ANALYSES.items(), start=1):

        def progress(done, of, note, place=place):
            claim.progress(STEPS * place + STEPS * done // max(1, of), total, note)

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


def request_figures(*, project, actor=None) -> Job:
    """Queue the computation; one that waits or runs is returned instead of a second."""
    job, _ = jobs.enqueue(
        kind=tasks.KIND, project=project, actor=actor, target=f"project:{project.pk}"
    )
    return job


def refresh_figures() -> int:
    """Queue the computation of projects whose judgments moved on; how many were queued."""
    lately = timezone.now() - timedelta(days=1)
    moved = Judgment.objects.filter(submitted_at__gt=lately).order_by().values("project")
    queued = 0
    for project in Project.objects.filter(pk__in=moved.distinct()):
        report, job = latest_report(project), last_job(project)
        if job is not None and (job.is_active or _is_fresh(job)):
            continue
        if report is None or is_stale(report):
            request_figures(project=project)
            queued += 1
    return queued


def _is_fresh(job: Job) -> bool:
    """Whether the last computation, however it ended, is too young for another one."""
    ended = job.finished_at or job.created_at
    took = ended - (job.started_at or ended)
    return timezone.now() - ended < max(REFRESH_AFTER, REFRESH_COST * took)


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
    count, last = snapshot.state
    report, _ = Report.objects.update_or_create(
        project=project,
        kind=kind,
        input_sha256=sha256,
        code_version=ANALYSES[kind].version,
        defaults={
            "judgment_count": count,
            "last_judgment": last,
            "result": result,
            "computed_at": timezone.now(),
            "job": job,
        },
    )
    return report
