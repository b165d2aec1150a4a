"""Measuring a reward model on newer judgments: ordered by a person or by the clock, done by a
job, which waits for the rewards that are still missing."""

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from annotation.core import audit, jobs
from annotation.core.errors import DomainError
from annotation.core.jobs import Claim
from annotation.oversight.alerts.services import tell
from annotation.oversight.models import AlertKind
from annotation.runs import tasks
from annotation.runs.evaluation.preparing import wait_for
from annotation.runs.models import AccuracyCheck, ModelVersion
from annotation.runs.scoring.services import order_scores, scores_of, unscored
from annotation.runs.services import why_no_training
from annotation.runs.staleness.figures import Hit, accuracy, has_fallen, sure_fall
from annotation.runs.staleness.reading import newer_judgments, read_newer

# The clock asks again when so many judgments came since the last look.
LEAST_NEW = 100


def order_check(*, version: ModelVersion, actor=None) -> AccuracyCheck:
    """Queue the measurement; while one is under way, that one."""
    if version.kind != ModelVersion.Kind.REWARD:
        raise DomainError(_("“%(name)s” is no reward model.") % {"name": version.name})
    if reason := why_no_training():
        raise DomainError(reason)
    with transaction.atomic():
        check = AccuracyCheck.objects.create(version=version, created_by=actor)
        job, is_new = jobs.enqueue(
            kind=tasks.CHECK_KIND,
            project=version.project,
            actor=actor,
            target=f"accuracy:{version.pk}",
            payload={"check": check.pk},
        )
        if not is_new:
            transaction.set_rollback(True)
        else:
            check.job = job
            check.save(update_fields=["job"])
            audit.record(
                "model_version.checked",
                actor=actor,
                project=version.project,
                target=f"model_version:{version.pk}",
                name=version.name,
            )
    return check if is_new else AccuracyCheck.objects.get(job=job)


def measure(claim: Claim) -> dict:
    """The job: rewards for what lacks them, then the accuracy. Safe to enter again."""
    check = AccuracyCheck.objects.select_related("version__dataset", "version__project").get(
        pk=claim.job.payload["check"]
    )
    version = check.version
    newer = read_newer(version)
    if check.score_job is None and unscored(version, newer.responses):
        with transaction.atomic():
            claim.fence()
            check.score_job = order_scores(
                version=version,
                responses=newer.responses,
                actor=check.created_by,
                target=f"accuracy:{check.pk}",
            )
            check.save(update_fields=["score_job"])
    if check.score_job is not None:
        wait_for(check.score_job)
    rewards = scores_of(version, newer.responses)
    hits = [
        Hit(prompt, _hit(rewards[better], rewards[worse]))
        for prompt, better, worse in newer.pairs
        # What was judged while the rewards were computed is the next measurement's.
        if rewards.get(better) is not None and rewards.get(worse) is not None
    ]
    return _store(claim, check, newer.judgments, hits)


def _hit(better: float, worse: float) -> float:
    return 0.5 if better == worse else float(better > worse)


def _store(claim, check, judgments, hits) -> dict:
    check.judgment_count, check.comparison_count = judgments, len(hits)
    check.prompt_count = len({hit.prompt for hit in hits})
    found = accuracy(hits, seed=check.version_id)
    if found is not None:
        check.value, check.low, check.high = found
        then = at_training(check.version)
        check.is_stale = has_fallen(found, then, prompts=check.prompt_count)
    check.measured_at = timezone.now()
    with transaction.atomic():
        claim.fence()
        check.save()
        result = {"check": check.pk, "comparisons": len(hits), "is_stale": check.is_stale}
        claim.finish(result)
        tell_of(check.version.project)
    return result


def tell_of(project) -> None:
    """What the newest measurement of the model in force says, to whoever watches for it."""
    version = in_force(project)
    check = version and latest_check(version)
    if check is None or check.value is None:
        return
    now = (check.value, check.low, check.high)
    fall = sure_fall(now, at_training(version), prompts=check.prompt_count)
    tell(project=project, kind=AlertKind.STALE, value=None if fall is None else 100 * fall)


def at_training(version: ModelVersion) -> tuple[float, float, float] | None:
    """Its held-out accuracy with its interval, as its trainer measured it."""
    entry = version.metrics.get("accuracy")
    if not isinstance(entry, dict):
        return None
    ends = tuple(entry.get(key) for key in ("value", "low", "high"))
    return None if None in ends else ends


def in_force(project) -> ModelVersion | None:
    """The reward model that the project goes by: the promoted one, else the newest candidate."""
    Stage = ModelVersion.Stage
    rewards = project.model_versions.filter(kind=ModelVersion.Kind.REWARD)
    rewards = rewards.select_related("dataset", "project").order_by("-pk")
    return (
        rewards.filter(stage=Stage.PROMOTED).first()
        or rewards.filter(stage=Stage.CANDIDATE).first()
    )


def latest_check(version: ModelVersion) -> AccuracyCheck | None:
    return version.accuracy_checks.exclude(measured_at=None).order_by("-pk").first()


def check_by_the_clock(projects) -> int:
    """Order a measurement where enough was judged since the last. Returns how many."""
    if why_no_training():
        return 0
    count = 0
    for project in projects:
        version = in_force(project)
        if version is None:
            continue
        tell_of(project)  # somebody may have begun to watch, or promoted another
        newest = version.accuracy_checks.order_by("-pk").first()
        newer = newer_judgments(version)
        if newest is not None:
            newer = newer.filter(submitted_at__gt=newest.created_at)
        if newer[:LEAST_NEW].count() >= LEAST_NEW:
            order_check(version=version)
            count += 1
    return count
