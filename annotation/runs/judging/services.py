"""Making a reward model a judge, and having it judge items that it has not learned from."""

import random
from dataclasses import dataclass

from django.utils.translation import gettext as _

from annotation.core.errors import DomainError
from annotation.datasets.split import split_key
from annotation.labeling.models import Item
from annotation.quality.judges import services as judges
from annotation.quality.judges.items import MOST_ITEMS, choose_items
from annotation.quality.judges.models import Judge, JudgeRun
from annotation.runs import tasks
from annotation.runs.evaluation.held_out import seen_by
from annotation.runs.models import ModelVersion
from annotation.runs.services import find_base, why_no_training

# By the model's own reckoning a difference of 0.2 is a chance of 55 % to be the better one.
TIE_BELOW = 0.2


@dataclass(frozen=True)
class Sample:
    """asked: ids of items; learned: those of them whose prompts it was trained or chosen by;
    left_out: how many such were left out of what could have been asked about."""

    asked: list[int]
    learned: list[int]
    left_out: int


def add_judge(*, project, version, name: str, tie_below: float = TIE_BELOW, actor=None) -> Judge:
    """`version`: a reward model of the project, its name or its id."""
    found = find_base(project=project, name=version)
    if found is None or found.kind != ModelVersion.Kind.REWARD:
        raise DomainError(_("The project has no such reward model."))
    return judges.add_reward_judge(
        project=project, reward_model=found.name, name=name, tie_below=tie_below, actor=actor
    )


def version_of(judge: Judge) -> ModelVersion:
    rewards = ModelVersion.objects.filter(kind=ModelVersion.Kind.REWARD).select_related("project")
    found = rewards.filter(project=judge.project_id, name=judge.reward_model).first()
    if found is None:
        raise DomainError(_("The project has no such reward model."))
    return found


def sample_for(
    judge: Judge,
    *,
    most: int,
    only_judged: bool = True,
    with_learned: bool = False,
    seed: int = 1,
    among: list[int] | None = None,
) -> Sample:
    """At most so many items at random, of these or of all; of what it has learned from only where
    asked for."""
    judges.check_most(most)
    able = choose_items(
        judge.project, most=MOST_ITEMS, only_judged=only_judged, seed=seed, among=among
    )
    rows = Item.objects.filter(pk__in=able).order_by("external_id", "pk")
    seen = seen_by(version_of(judge))
    prompts = dict(rows.values_list("pk", "prompt__messages"))
    learned = {pk for pk, messages in prompts.items() if split_key(messages) in seen}
    fresh = [pk for pk in prompts if with_learned or pk not in learned]
    if not fresh:
        raise DomainError(
            _("No item is left to judge: of %(all)d, the model has learned from %(seen)d.")
            % {"all": len(prompts), "seen": len(learned)}
        )
    rng = random.Random(f"judge {seed}")  # noqa: S311  repeatable, not secret
    asked = rng.sample(fresh, min(most, len(fresh)))
    return Sample(
        asked=sorted(asked),
        learned=sorted(learned & set(asked)),
        left_out=0 if with_learned else len(learned),
    )


def start_run(*, judge: Judge, sample: Sample, actor=None) -> JudgeRun:
    """Every two responses of each item, by their rewards; what is not scored yet is scored."""
    if reason := why_no_training():
        raise DomainError(reason)
    counts = Item.objects.filter(pk__in=sample.asked).values_list("response_count", flat=True)
    return judges.create_run(
        judge=judge,
        item_ids=sample.asked,
        question_count=sum(count * (count - 1) // 2 for count in counts),
        terms={
            "model": judge.reward_model,
            "left_out": sample.left_out,
            "learned": sample.learned,
        },
        kind=tasks.JUDGE_KIND,
        actor=actor,
    )
