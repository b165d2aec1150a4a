"""Making judges, asking them, and sending what they find back to people."""

from collections.abc import Iterable, Sequence

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Sum
from django.utils import timezone
from django.utils.translation import gettext as _

from annotation.candidates.endpoints.costs import cost_of, terms_of
from annotation.core import audit, jobs
from annotation.core.database import named_once
from annotation.core.errors import Conflict, DomainError
from annotation.core.models import Job
from annotation.labeling.overlap import raise_overlaps
from annotation.projects.services import MAX_OVERLAP, current_rubric
from annotation.quality import tasks
from annotation.quality.judges.items import MOST_ITEMS, choose_items, estimate
from annotation.quality.judges.models import MOST_TOKENS, Judge, JudgeRun
from annotation.quality.judges.principles import current_list, set_principles

LEAST_TOKENS = 16
LONGEST_INSTRUCTIONS = 20_000
MOST_JUDGES = 100  # of a project
MOST_TIE = 1000


def add_judge(
    *,
    project,
    endpoint,
    name: str,
    instructions: str = "",
    max_tokens: int = 1024,
    is_json_demanded: bool = True,
    principles: Sequence[str] = (),
    actor=None,
) -> Judge:
    """A judge by the rubric version in force. It never changes: other words are another judge.
    Its principles may: each list has its number, and each run names its own."""
    if endpoint.project_id != project.pk or endpoint.removed_at is not None:
        raise DomainError(_("The project has no such endpoint."))
    if not LEAST_TOKENS <= max_tokens <= MOST_TOKENS:
        said = _("An answer may have %(least)d to %(most)d tokens.")
        raise DomainError(said % {"least": LEAST_TOKENS, "most": MOST_TOKENS})
    if len(instructions) > LONGEST_INSTRUCTIONS:
        said = _("The instructions have more than %(count)d characters.")
        raise DomainError(said % {"count": LONGEST_INSTRUCTIONS})
    wanted = Judge(
        project=project,
        endpoint=endpoint,
        name=name.strip(),
        instructions=instructions.strip(),
        rubric_version=current_rubric(project),
        max_tokens=max_tokens,
        is_json_demanded=is_json_demanded,
        created_by=actor,
    )
    with transaction.atomic():
        judge = _save(wanted, actor)
        set_principles(judge=judge, principles=principles, actor=actor)
    return judge


def add_reward_judge(
    *, project, reward_model: str, name: str, tie_below: float, actor=None
) -> Judge:
    """A reward model as a judge: whichever of two has more reward. `runs` asks it."""
    if not 0 <= tie_below <= MOST_TIE:  # neither is NaN
        raise DomainError(_("A tie is a difference of 0 to %(most)d.") % {"most": MOST_TIE})
    return _save(
        Judge(
            project=project,
            reward_model=reward_model,
            name=name.strip(),
            tie_below=tie_below,
            created_by=actor,
        ),
        actor,
    )


def _save(judge: Judge, actor) -> Judge:
    project = judge.project
    if project.judges.count() >= MOST_JUDGES:
        raise DomainError(_("A project has at most %(count)d judges.") % {"count": MOST_JUDGES})
    try:
        judge.clean_fields(exclude=["created_by", "rubric_version", "endpoint", "tie_below"])
    except ValidationError as error:
        raise DomainError(" ".join(error.messages)) from error
    with named_once("judge_name_once", _("The project has a judge of this name already.")):
        judge.save(force_insert=True)
        audit.record(
            "judge.added",
            actor=actor,
            project=project,
            target=f"judge:{judge.pk}",
            name=judge.name,
            endpoint=judge.endpoint_id,
            reward_model=judge.reward_model,
        )
    return judge


def items_for(judge: Judge, *, most: int, only_judged: bool = True, seed: int = 1) -> list[int]:
    """The sample that a run of these settings asks about."""
    check_most(most)
    found = choose_items(judge.project, most=most, only_judged=only_judged, seed=seed)
    if not found:
        raise DomainError(
            _("No item with two responses in plain text has been judged yet.")
            if only_judged
            else _("No item has two responses in plain text.")
        )
    return found


def check_most(most: int) -> None:
    if not 1 <= most <= MOST_ITEMS:
        raise DomainError(_("Ask about 1 to %(most)d items.") % {"most": MOST_ITEMS})


def start_run(*, judge: Judge, item_ids: list[int], actor=None) -> JudgeRun:
    """Ask the judge of every two responses of these items, in both orders."""
    _refuse_removed(judge)
    asked = estimate(judge, item_ids)
    return create_run(
        judge=judge,
        item_ids=item_ids,
        question_count=asked.questions,
        terms=terms_of(judge.endpoint),
        kind=tasks.ASK_JUDGE,
        actor=actor,
    )


def create_run(
    *, judge: Judge, item_ids: list[int], question_count: int, terms: dict, kind: str, actor=None
) -> JudgeRun:
    """The row with its job of this kind."""
    if not question_count:
        raise DomainError(_("There is nothing to ask about."))
    with transaction.atomic():
        run = JudgeRun.objects.create(
            project=judge.project,
            judge=judge,
            principle_list=current_list(judge),
            item_ids=sorted(item_ids),
            question_count=question_count,
            terms=terms,
            created_by=actor,
        )
        _enqueue(run, kind, actor)
        _record("judge_run.started", run, actor, judge=judge.pk, items=len(item_ids))
    return run


def _refuse_removed(judge: Judge) -> None:
    if judge.endpoint is not None and judge.endpoint.removed_at is not None:
        raise DomainError(_("The endpoint of this judge was removed."))


def cancel_run(*, run: JudgeRun, actor=None) -> None:
    """What was answered stays, and what is nearly here is waited for."""
    if not run.job.is_active:
        raise Conflict(_("This run is over."))
    with transaction.atomic():
        jobs.request_cancel(run.job)
        _record("judge_run.cancelled", run, actor)


def resume_run(*, run: JudgeRun, actor=None) -> None:
    """Ask what has no answer yet: what was not asked, and once more what failed."""
    _refuse_removed(run.judge)
    if run.job.is_active:
        raise Conflict(_("The same is under way already."))
    if answered_count(run) >= run.question_count:
        raise Conflict(_("Every question has an answer."))
    with transaction.atomic():
        JudgeRun.objects.filter(pk=run.pk).update(resumed_at=timezone.now())
        if run.job.state == Job.State.DONE:
            _enqueue(run, run.job.kind, actor)
        else:
            jobs.revive(run.job)
        _record("judge_run.resumed", run, actor)


def ask_people(*, run: JudgeRun, item_ids: Iterable[int], actor=None) -> list[int]:
    """One labeler more for each of these items of the run whose places are all taken. Returns
    those that were raised: a second click finds a free place, and raises nothing."""
    wanted = sorted(set(item_ids) & set(run.item_ids))
    if not wanted:
        raise DomainError(_("Choose at least one item of this run."))
    with transaction.atomic():
        raised = [item for item, _overlap in raise_overlaps(wanted, most=MAX_OVERLAP)]
        if raised:
            _record("judge_run.items_raised", run, actor, items=len(raised))
    return raised


def answered_count(run: JudgeRun) -> int:
    return run.opinions.answered().count()


def left_out_count(run: JudgeRun) -> int:
    """Answers that no figure counts: of responses that have left their items."""
    return run.opinions.answered().left().count()


def spent_by(run: JudgeRun) -> dict:
    """{"tokens_in", "tokens_out", "cost"} of every question, failed ones too, as far as the
    endpoint says; the cost is None where no price is known."""
    told = run.opinions.aggregate(into=Sum("prompt_tokens"), out=Sum("completion_tokens"))
    into, out = told["into"] or 0, told["out"] or 0
    # A reward model of ours has no price.
    cost = None if run.judge.reward_model else cost_of(run.terms, into, out)
    return {"tokens_in": into, "tokens_out": out, "cost": cost}


def _enqueue(run: JudgeRun, kind: str, actor) -> None:
    run.job, _created = jobs.enqueue(
        kind=kind,
        project=run.project,
        actor=actor,
        target=f"judge-run:{run.pk}",
        payload={"judge_run": run.pk},
    )
    run.save(update_fields=["job"])


def _record(kind: str, run: JudgeRun, actor, **details) -> None:
    audit.record(kind, actor=actor, project=run.project, target=f"judge_run:{run.pk}", **details)
