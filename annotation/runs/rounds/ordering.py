"""Ordering a round's next step, as far as a program can: datasets, trainings, evaluations, and the
round after it. Prompts, judgments and the decision are people's."""

from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID

from annotation.core.errors import Conflict, DomainError
from annotation.core.models import Job
from annotation.datasets import services as datasets
from annotation.datasets.policy import Policy
from annotation.datasets.tasks import FREEZE
from annotation.runs.evaluation.services import order_evaluation
from annotation.runs.models import Evaluation, Round, TrainingRun
from annotation.runs.rounds.services import next_round, tie
from annotation.runs.rounds.steps import Step, newest_policy, steps_of
from annotation.runs.services import start_run

Ordered = Job | Round | TrainingRun | Evaluation
Wishes = Mapping[str, Any]


def order_next(
    *, found: Round, wishes: Wishes | None = None, key: UUID | None = None, actor=None
) -> tuple[str, Ordered]:
    """The step's key (`next` for another round) and what was ordered: a job that freezes, the
    round with its dataset, a run, an evaluation or the next round. `wishes`: arguments of the
    order (`start_run`, `order_evaluation`) that the round does not know; `key`: the same again is
    the same next round. Conflict where the step is a person's or under way."""
    steps = steps_of(found)
    if steps.is_over:
        return "next", next_round(found=found, key=key, actor=actor)
    step = steps.open[0]
    order = ORDERS.get(step.key)
    if found.job and found.job.is_active:
        raise Conflict("A job carries this round: wait for its end.")
    if order is None:
        raise Conflict(_by_people(step))
    if step.state == "now":
        raise Conflict(f"“{step.key}” is under way: wait for its end.")
    return step.key, order(found, dict(wishes or {}), actor)


def _by_people(step: Step) -> str:
    said = f": {step.detail}" if step.detail else ""
    return f"“{step.key}” is for people, not for an order{said}."


def _freeze(found: Round, wishes: dict, actor) -> Job | Round:
    """Of the round's batches by the usual policy. What a job froze, the next order ties."""
    _refuse_wishes(wishes)
    policy = Policy(batches=tuple(found.batches))
    done = found.project.jobs.filter(
        kind=FREEZE,
        state=Job.State.DONE,
        payload__policy=policy.as_json(),
        payload__further=[],
        created_at__gte=found.created_at,
    )
    if job := done.order_by("-pk").first():
        dataset = found.project.datasets.get(hash=job.result["hash"])
    else:
        made = datasets.freeze_or_request(project=found.project, policy=policy, actor=actor)
        if not isinstance(made, datasets.Frozen):
            return made
        dataset = made.dataset
    return tie(found=found, batches=found.batches, dataset=dataset, base=found.base, actor=actor)


def _train(found: Round, wishes: dict, actor) -> TrainingRun:
    """By DPO from the round's base, unless something else is wished."""
    order = {"kind": "dpo", "base": found.base} | wishes
    return start_run(project=found.project, dataset=found.dataset, actor=actor, **order)


def _evaluate(found: Round, wishes: dict, actor) -> Evaluation:
    """The newest policy of the round against its base, blind and by people, unless wished
    otherwise."""
    order = {"new": newest_policy(found)} | wishes
    if "old" not in order:
        if found.base is None:
            raise DomainError(
                "The round has no base to compare with: say `old`, a generator or a model."
            )
        order["old"] = found.base.generator
    return order_evaluation(project=found.project, actor=actor, **order)


def _refuse_wishes(wishes: dict) -> None:
    if wishes:
        raise DomainError(
            "Freezing here takes the usual policy: POST another one to the project's datasets."
        )


ORDERS: dict[str, Callable[[Round, dict, Any], Ordered]] = {
    "dataset": _freeze,
    "runs": _train,
    "evaluation": _evaluate,
}
