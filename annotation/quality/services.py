"""Computing agreement, now or in the background, and finding the report in force."""

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_noop

from annotation.core import jobs
from annotation.core.models import Job
from annotation.quality import tasks
from annotation.quality.models import AgreementReport, judgment_state
from annotation.quality.report import CODE_VERSION, compute_report
from annotation.quality.snapshot import Snapshot, take_snapshot

# Up to here the figures take well under a second, less than a visit to the queue.
SMALL = 5_000


def latest_report(project) -> AgreementReport | None:
    """The newest report of this version of the code: an older one may mean something else."""
    return project.agreement_reports.filter(code_version=CODE_VERSION).newest_first().first()


def is_stale(report: AgreementReport) -> bool:
    """Whether judgments came in since."""
    return report.state != judgment_state(report.project)


def compute_agreement(*, project) -> AgreementReport:
    """The report over the judgments as they are now; computed only if it is not there."""
    snapshot = take_snapshot(project)
    result = _known_result(project, snapshot) or compute_report(snapshot)
    return _keep(project, snapshot, result)


def compute_in_job(claim: jobs.Claim) -> None:
    """The same as a job: says how far it is; report and end of the job commit together."""
    project = claim.job.project
    claim.progress(0, 4, gettext_noop("Reading judgments"))
    snapshot = take_snapshot(project)
    result = _known_result(project, snapshot) or compute_report(snapshot, claim.progress)
    with transaction.atomic():
        claim.fence()
        report = _keep(project, snapshot, result, job=claim.job)
        claim.finish({"report": report.pk})


def request_agreement(*, project, actor=None) -> Job:
    """Queue the computation; one that waits or runs is returned instead of a second."""
    job, _ = jobs.enqueue(
        kind=tasks.KIND, project=project, actor=actor, target=f"project:{project.pk}"
    )
    return job


def last_job(project) -> Job | None:
    """The newest computation of a project, over or not."""
    return project.jobs.filter(kind=tasks.KIND).order_by("-pk").first()


def answer_agreement(*, project, actor=None) -> tuple[AgreementReport | None, Job | None]:
    """The report in force, and the job that brings a newer one where computing takes long.

    A small project is computed on the spot, so that its report is never stale. Otherwise the
    report may be stale or None, and the job says when to ask again.
    """
    report = latest_report(project)
    if report is not None and not is_stale(report):
        return report, None
    if judgment_state(project)[0] <= SMALL:
        return compute_agreement(project=project), None
    return report, request_agreement(project=project, actor=actor)


def _known_result(project, snapshot: Snapshot) -> dict | None:
    known = project.agreement_reports.filter(
        input_sha256=snapshot.sha256, code_version=CODE_VERSION
    ).first()
    return known and known.result


def _keep(project, snapshot: Snapshot, result: dict, job=None) -> AgreementReport:
    count, last = snapshot.state
    report, _ = AgreementReport.objects.update_or_create(
        project=project,
        input_sha256=snapshot.sha256,
        code_version=CODE_VERSION,
        defaults={
            "judgment_count": count,
            "last_judgment": last,
            "result": result,
            "computed_at": timezone.now(),
            "job": job,
        },
    )
    return report
