"""Ordering responses of an endpoint, calling it off, taking it up again."""

from collections.abc import Iterable

from django.db import transaction
from django.utils.translation import gettext as _

from annotation.candidates import tasks
from annotation.candidates.endpoints.costs import terms_of
from annotation.candidates.generation import options
from annotation.candidates.generation.prompts import check_askable, check_count
from annotation.candidates.marks.marking import ring_marking
from annotation.candidates.models import (
    Endpoint,
    GenerationOrder,
    GenerationRequest,
    GenerationRun,
)
from annotation.core import audit, jobs
from annotation.core.errors import Conflict, DomainError
from annotation.core.models import Job


@transaction.atomic
def start_generation(
    *, project, endpoint: Endpoint, prompt_ids: Iterable[int], actor=None, **params
) -> GenerationRun:
    """Queue n responses to each prompt by an endpoint. `params`: generation/options.py."""
    params = options.read(params)
    ids = sorted(set(prompt_ids))
    if endpoint.project_id != project.pk or endpoint.removed_at is not None:
        raise DomainError(_("There is no such endpoint in this project."))
    if not ids:
        raise DomainError(_("There is no prompt to respond to."))
    check_count(len(ids), params["n"])
    check_askable(project, ids)
    run = GenerationRun.objects.create(
        project=project, endpoint=endpoint, params=params, terms=terms_of(endpoint),
        created_by=actor,
    )  # fmt: skip
    through = GenerationRun.prompts.through
    through.objects.bulk_create(
        (through(generationrun_id=run.pk, prompt_id=pk) for pk in ids), batch_size=5000
    )
    _queue(run, actor)
    audit.record(
        "generation.started",
        actor=actor,
        project=project,
        target=f"generation:{run.pk}",
        endpoint=endpoint.pk,
        prompts=len(ids),
        n=params["n"],
    )
    return run


@transaction.atomic
def resume_generation(*, run: GenerationRun, actor=None) -> None:
    """Go on where it ended: what is stored stays, and what failed is asked again."""
    run = GenerationRun.objects.select_for_update(of=("self",)).get(pk=run.pk)
    if run.job is not None and run.job.is_active:
        raise Conflict(_("The same is under way already."))
    if run.endpoint is None:
        jobs.revive(run.job)
    elif run.endpoint.removed_at is not None:
        raise DomainError(_("Its endpoint was removed."))
    else:
        GenerationRequest.objects.filter(generation_run=run).exclude(fault="").delete()
        _queue(run, actor)
    audit.record(
        "generation.resumed", actor=actor, project=run.project, target=f"generation:{run.pk}"
    )


@transaction.atomic
def cancel_generation(*, run: GenerationRun, actor=None) -> None:
    """Ask it to end. What is stored stays."""
    if run.job is None or not run.job.is_active:
        raise Conflict(_("This run is over already."))
    jobs.request_cancel(run.job)
    if run.job.state == Job.State.CANCELLED:  # it waited for its turn: nobody else will ring
        ring(run)
    audit.record(
        "generation.cancelled", actor=actor, project=run.project, target=f"generation:{run.pk}"
    )


@transaction.atomic
def ring(run: GenerationRun) -> None:
    """What is stored is looked at, once the run has ended in whatever way."""
    if run.generated.exists():
        ring_marking(project=run.project, actor=run.created_by)


@transaction.atomic
def cancel_order(*, order: GenerationOrder, actor=None) -> None:
    """Ask all of its runs to end that are not over."""
    active = [run for run in _runs_of(order) if run.job.is_active]
    if not active:
        raise Conflict(_("All runs of this order are over already."))
    for run in active:
        cancel_generation(run=run, actor=actor)


@transaction.atomic
def resume_order(*, order: GenerationOrder, actor=None) -> None:
    """Go on with all of its runs that lack something and can be asked."""
    lacking = [run for run in _runs_of(order) if can_resume(run)]
    if not lacking:
        raise Conflict(_("No run of this order can be taken up again."))
    for run in lacking:
        resume_generation(run=run, actor=actor)


def can_resume(run: GenerationRun) -> bool:
    """Whether it is over, something is missing, and somebody is there to be asked."""
    if run.job is None or run.job.is_active or (run.endpoint and run.endpoint.removed_at):
        return False
    if run.job.state != Job.State.DONE:
        return True
    # What a model of ours could not read it cannot read the next time either.
    return run.endpoint is not None and run.requests.exclude(fault="").exists()


def _runs_of(order: GenerationOrder) -> list[GenerationRun]:
    runs = order.runs.select_related("job", "endpoint", "generator", "project")
    return list(runs.order_by("pk"))


def _queue(run: GenerationRun, actor) -> Job:
    run.job, _created = jobs.enqueue(
        kind=tasks.ASK_KIND,
        project=run.project,
        actor=actor,
        target=f"generation:{run.pk}",
        payload={"generation_run": run.pk},
    )
    run.save(update_fields=["job"])
    return run.job
