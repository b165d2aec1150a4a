"""Ordering a policy's harness tasks, calling them off, trying them again."""

from collections.abc import Iterable, Mapping

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from annotation.core import audit, jobs
from annotation.core.errors import Conflict, DomainError
from annotation.core.hashing import sha256_of_value
from annotation.core.options import read_options
from annotation.runs import services as runs
from annotation.runs import tasks
from annotation.runs.harness.catalogue import catalogue
from annotation.runs.harness.options import LM_EVAL
from annotation.runs.models import HarnessEvaluation, ModelVersion

MOST_TASKS = 40
WHAT = gettext_lazy("harness tasks")


def order(
    *,
    version: ModelVersion,
    names: Iterable[str],
    options: Mapping | None = None,
    seed: int = 11,
    actor=None,
) -> HarnessEvaluation:
    """Queue the tasks. The same order twice, while the first is active, is one."""
    if version.kind != ModelVersion.Kind.POLICY:
        raise DomainError(_("“%(name)s” is no policy.") % {"name": version.name})
    if reason := runs.why_no_training():
        raise DomainError(reason)
    names = _known(names)
    chosen = read_options(LM_EVAL, options or {}, str(WHAT))
    if type(seed) is not int or not 0 <= seed < 2**31:
        raise DomainError(_("The seed is a whole number from 0 to 2147483647."))
    runs.check_files(version)
    with transaction.atomic():
        made = HarnessEvaluation.objects.create(
            version=version, tasks=names, options=chosen, seed=seed, created_by=actor
        )
        job, is_new = jobs.enqueue(
            kind=tasks.HARNESS_KIND,
            project=version.project,
            actor=actor,
            target=f"harness:{version.pk}:{sha256_of_value([names, chosen, seed])[:32]}",
            payload={"evaluation": made.pk},
        )
        if not is_new:
            transaction.set_rollback(True)
        else:
            made.job = job
            made.save(update_fields=["job"])
            audit.record(
                "model_version.on_harness",
                actor=actor,
                project=version.project,
                target=f"model_version:{version.pk}",
                name=version.name,
                tasks=", ".join(names),
            )
    return made if is_new else HarnessEvaluation.objects.get(job=job)


def _known(names: Iterable[str]) -> list[str]:
    """Each once, in their order; DomainError for one that nobody defined."""
    asked = list(dict.fromkeys(str(name).strip() for name in names if str(name).strip()))
    if not asked:
        raise DomainError(_("Choose at least one task."))
    if len(asked) > MOST_TASKS:
        raise DomainError(_("At most %(count)d tasks at a time.") % {"count": MOST_TASKS})
    there = catalogue()
    for name in asked:
        if name not in there.names:
            said = _("There is no task “%(name)s”. There are: %(known)s.")
            said %= {"name": name, "known": ", ".join(there.names)}
            raise DomainError(f"{said} {there.problem}".strip())
    return asked


def cancel(*, evaluation: HarnessEvaluation, actor=None) -> None:
    """One that waits is over at once; one that runs stops after the batch in hand."""
    if not evaluation.job.is_active:
        raise Conflict(_("It is over already."))
    with transaction.atomic():
        jobs.request_cancel(evaluation.job)
        _record("harness.cancelled", evaluation, actor)


def retry(*, evaluation: HarnessEvaluation, actor=None) -> None:
    """Queue again what failed or was cancelled: from the beginning, for nothing was kept."""
    if reason := runs.why_no_training():
        raise DomainError(reason)
    with transaction.atomic():
        jobs.revive(evaluation.job)
        _record("harness.retried", evaluation, actor)


def _record(kind: str, evaluation: HarnessEvaluation, actor) -> None:
    project, target = evaluation.version.project, f"harness_evaluation:{evaluation.pk}"
    audit.record(kind, actor=actor, project=project, target=target)
