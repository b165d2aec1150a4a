"""Writes about evaluations: ordering one, ending it early, trying again, deciding."""

from django.db import transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext as _

from annotation.candidates import options as generation_options
from annotation.core import audit, jobs
from annotation.core.errors import Conflict, DomainError
from annotation.core.hashing import sha256_of_value
from annotation.core.text import clean
from annotation.labeling.models import Item, RemovedPlace
from annotation.prompts.models import Generator
from annotation.runs import tasks
from annotation.runs.evaluation.held_out import choose_prompts
from annotation.runs.models import Evaluation, ModelVersion
from annotation.runs.registry.stages import set_stage
from annotation.runs.services import find_base, why_no_training

# Before work, behind what a lead lifts on purpose.
PRIORITY = 20
MOST_PROMPTS, MOST_EACH = 2000, 4
SAMPLING = {"max_new_tokens": 256, "temperature": 0.7, "top_p": 1.0}
LONGEST_REASON = 2000
Kind, Decision = Evaluation.Kind, Evaluation.Decision


def order_evaluation(
    *,
    project,
    new,
    old,
    kind: str = Kind.PEOPLE,
    judge=None,
    count: int = 100,
    n: int = 1,
    overlap: int | None = None,
    batch: str = "",
    seed: int = 11,
    actor=None,
    **sampling,
) -> Evaluation:
    """Compare a new model version with an old generator. A job makes what it needs.

    `new` and `judge`: model versions, their names or ids; `old`: a generator or its name, or the
    name of a model version; `count` prompts that neither was trained on, of the items of `batch`
    or of the whole project, with `n` responses of each side; `overlap`: judgments of each pair.
    """
    new = find_base(project=project, name=new)
    judge = find_base(project=project, name=judge)
    old = find_generator(project=project, name=old)
    overlap = project.overlap if overlap is None else overlap
    _check_sides(new, old)
    _check_judge(project, kind, judge)
    _check_number(count, 1, MOST_PROMPTS, _("prompts"))
    _check_number(n, 1, MOST_EACH, _("responses"))
    _check_number(overlap, 1, 50, _("judgments"))
    if type(seed) is not int or not 0 <= seed < 2**31:
        raise DomainError(_("The seed is a whole number from 0 to 2147483647."))
    sampling = generation_options.read({**SAMPLING, **sampling})
    if any(side.artifact for side in (new.generator, old)) and (reason := why_no_training()):
        raise DomainError(reason)
    prompts = choose_prompts(
        project=project, new=new, old=old, count=count, n=n, batch=batch, seed=seed
    )
    options = {"n": n, "overlap": overlap, "seed": seed, "from": batch, "sampling": sampling}
    with transaction.atomic():
        evaluation = create_evaluation(
            kind=kind,
            new=new,
            old=old,
            judge=judge,
            prompts=prompts,
            options={**options, "priority": PRIORITY},
            actor=actor,
        )
        job, is_new = jobs.enqueue(
            kind=tasks.EVALUATE_KIND,
            project=project,
            actor=actor,
            target=_target(evaluation, prompts),
            payload={"evaluation": evaluation.pk},
        )
        if is_new:
            evaluation.job = job
            evaluation.save(update_fields=["job"])
        else:  # ordered twice: the one that is being prepared
            transaction.set_rollback(True)
    return evaluation if is_new else Evaluation.objects.get(job=job)


def _target(evaluation: Evaluation, prompts) -> str:
    """Equal for orders of the same."""
    row = evaluation
    sides = [row.kind, row.new_id, row.old_id, row.judge_id]
    said = [*sides, row.options, sorted(prompt.pk for prompt in prompts)]
    return f"evaluation:{sha256_of_value(said)}"


def create_evaluation(*, kind, new, old, judge=None, prompts, options, actor=None) -> Evaluation:
    """The row itself, told to the audit trail. Inside a transaction."""
    evaluation = Evaluation.objects.create(
        project=new.project,
        kind=kind,
        new=new,
        old=old,
        judge=judge,
        options=options,
        created_by=actor,
    )
    evaluation.prompts.set(prompts)
    audit.record(
        "evaluation.started",
        actor=actor,
        project=new.project,
        target=f"evaluation:{evaluation.pk}",
        by=kind,
        new=new.name,
        old=old.name,
        prompts=len(prompts),
    )
    return evaluation


def find_generator(*, project, name) -> Generator:
    """The project's generator of that id or name; of equal names the newest."""
    if isinstance(name, Generator):
        found = name if name.project_id == project.pk else None
    else:
        found = project.generators.filter(name=str(name)).order_by("-pk").first()
        if found is None and str(name).isdecimal():
            found = project.generators.filter(pk=int(name)).first()
    if found is None:
        raise DomainError(
            _("There is no generator “%(name)s” in this project.") % {"name": name or ""}
        )
    return found


def _check_sides(new, old):
    if new is None:
        raise DomainError(_("Choose the new model version."))
    if new.kind != ModelVersion.Kind.POLICY:
        raise DomainError(_("“%(name)s” is a reward model: it writes nothing.") % {"name": new})
    if new.generator_id == old.pk:
        raise DomainError(_("The new one and the old one are the same model."))


def _check_judge(project, kind, judge):
    if kind not in Kind.values:
        raise DomainError(_("It is judged by people or by a reward model."))
    if kind == Kind.PEOPLE and judge is not None:
        raise DomainError(_("People judge without a reward model."))
    if kind == Kind.PEOPLE and project.ordering == "none":
        raise DomainError(_("This project asks for no order of two responses."))
    if kind == Kind.REWARD and judge is None:
        raise DomainError(_("Choose the reward model that judges."))
    if judge is not None and judge.kind != ModelVersion.Kind.REWARD:
        raise DomainError(_("“%(name)s” is no reward model.") % {"name": judge.name})


def _check_number(value, least, most, what):
    if type(value) is not int or not least <= value <= most:
        raise DomainError(
            _("The number of %(what)s is from %(least)d to %(most)d.")
            % {"what": what, "least": least, "most": most}
        )


def stop_evaluation(*, evaluation: Evaluation, actor=None) -> Evaluation:
    """Ask for no more: end the preparation, or take what is not judged to the end out of the
    queue. What was judged stays, and pairs that are complete count."""
    with transaction.atomic():
        # Without its key: the job that adds pairs to it may hold the row that is waited for below.
        held = Evaluation.objects.select_for_update(no_key=True).get(pk=evaluation.pk)
        if held.stopped_at is not None:
            raise Conflict(_("This evaluation was ended already."))
        for job in preparing_jobs(held):
            jobs.request_cancel(job)
        open_items = Item.objects.filter(
            evaluation_pair__evaluation=held, state=Item.State.OPEN, taken__lt=F("overlap")
        )
        # Rows of items are locked in the order of their ids, as everywhere.
        ids = list(open_items.order_by("pk").select_for_update(of=("self",)).values_list("pk"))
        Item.objects.filter(pk__in=[pk for (pk,) in ids]).update(state=Item.State.WITHDRAWN)
        # Those that a decision on a response withdrew do not come back with it either.
        theirs = RemovedPlace.objects.filter(item__evaluation_pair__evaluation=held)
        theirs.of_items_withdrawn_for_it().delete()
        held.stopped_at = timezone.now()
        held.save(update_fields=["stopped_at"])
        audit.record(
            "evaluation.stopped",
            actor=actor,
            project=held.project,
            target=f"evaluation:{held.pk}",
            withdrawn=len(ids),
        )
    evaluation.refresh_from_db()
    return evaluation


def preparing_jobs(evaluation: Evaluation) -> list:
    """The active jobs that it waits for, its own last: the others would be ordered again."""
    runs = (evaluation.new_run, evaluation.old_run)
    waiting = [run.job for run in runs if run is not None]
    waiting += [evaluation.score_job, evaluation.job]
    return [job for job in reversed(waiting) if job is not None and job.is_active]


def retry_evaluation(*, evaluation: Evaluation, actor=None) -> Evaluation:
    """Queue the preparation again that failed or was ended."""
    with transaction.atomic():
        held = Evaluation.objects.select_for_update().get(pk=evaluation.pk)
        for run in (held.new_run, held.old_run):
            if run is not None and run.job.state in ("failed", "cancelled"):
                jobs.revive(run.job)
        if held.job is None:
            raise Conflict(_("Nothing of it was prepared by a job of its own."))
        jobs.revive(held.job)
        Evaluation.objects.filter(pk=held.pk).update(stopped_at=None, score_job=None)
        audit.record(
            "evaluation.resumed",
            actor=actor,
            project=held.project,
            target=f"evaluation:{held.pk}",
        )
    evaluation.refresh_from_db()
    return evaluation


def decide(*, evaluation: Evaluation, decision: str, reason: str, actor) -> Evaluation:
    """Record what a person makes of it. To promote moves the new version; a later decision takes
    the place of this one, and the audit trail keeps both."""
    if decision not in Decision.values:
        raise DomainError(_("Choose: promote the new one, keep the old one, or go on."))
    reason = clean(reason, field="reason").strip()
    if not reason:
        raise DomainError(_("Say why: whoever looks at this in a year wants to know."))
    if len(reason) > LONGEST_REASON:
        raise DomainError(
            _("A reason has at most %(count)d characters.") % {"count": LONGEST_REASON}
        )
    with transaction.atomic():
        held = Evaluation.objects.select_for_update().get(pk=evaluation.pk)
        held.decision, held.reason = decision, reason
        held.decided_by, held.decided_at = actor, timezone.now()
        held.save(update_fields=["decision", "reason", "decided_by", "decided_at"])
        if decision == Decision.PROMOTE:
            set_stage(version=held.new, stage=ModelVersion.Stage.PROMOTED, actor=actor)
        audit.record(
            "evaluation.decided",
            actor=actor,
            project=held.project,
            target=f"evaluation:{held.pk}",
            decision=decision,
            new=held.new.name,
            reason=reason[:500],
        )
    evaluation.refresh_from_db()
    return evaluation
