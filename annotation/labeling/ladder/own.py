"""What a labeler's page about their qualification shows. Only their own."""

from annotation.labeling.ladder import stages
from annotation.labeling.ladder.stages import Rule, Stage
from annotation.labeling.ladder.standing import standing_of
from annotation.labeling.ladder.suspension import suspension_of
from annotation.labeling.ladder.training import may_repeat
from annotation.labeling.models import Assignment, Item, Purpose

STEPS = [Stage.TRAINING, Stage.TEST, Stage.PROBATION, Stage.FULL]


def page_of(membership) -> dict:
    rules = stages.settings_of(membership.project)
    return {
        "project": membership.project,
        "membership": membership,
        "standing": standing_of(membership),
        "steps": steps_of(membership, rules),
        "attempts": attempts_of(membership, shows_items=rules.shows_test_items),
        "trained": _trained(membership),
        "may_repeat": may_repeat(membership),
        "suspension": suspension_of(membership),
        "changes": list(membership.stage_changes.exclude(rule=Rule.RETAKE)),
    }


def steps_of(membership, rules) -> list[dict]:
    """The ladder of this project, with the step somebody is on."""
    has = {
        Stage.TRAINING: stages.ladder_items(membership.project, Purpose.TRAINING).exists(),
        Stage.TEST: stages.ladder_items(membership.project, Purpose.TEST).exists(),
        Stage.PROBATION: rules.probation_items > 0,
        Stage.FULL: True,
    }
    here = membership.stage
    shown = [stage for stage in STEPS if has[stage] or stage == here]
    place = shown.index(here) if here in shown else len(shown)
    return [
        {"name": stage.label, "is_done": n < place, "is_here": n == place}
        for n, stage in enumerate(shown)
    ]


def attempts_of(membership, *, shows_items: bool) -> list[dict]:
    """Newest first. With the single items only where the project shows them."""
    attempts = list(membership.test_attempts.exclude(ended_at=None).order_by("-number"))
    prompts = _prompts(attempts) if shows_items else {}
    return [
        {
            "attempt": attempt,
            "sections": [
                section
                | {
                    "items": [
                        {"prompt": prompts.get(one["item"], ""), "is_right": one["is_right"]}
                        for one in section["items"]
                    ]
                    if shows_items
                    else []
                }
                for section in attempt.sections
            ],
        }
        for attempt in attempts
    ]


def _prompts(attempts) -> dict[int, str]:
    ids = {
        one["item"] for attempt in attempts for part in attempt.sections for one in part["items"]
    }
    items = Item.objects.filter(pk__in=ids).select_related("prompt")
    return {item.pk: item.prompt.last_message for item in items}


def _trained(membership):
    """What they answered of the training, to be read again."""
    done = Assignment.objects.filter(
        project=membership.project_id,
        labeler=membership.user_id,
        purpose=Purpose.TRAINING,
        state=Assignment.State.SUBMITTED,
        item__gold__use=Purpose.TRAINING,
    )
    return list(done.select_related("item__prompt").order_by("item__gold__position"))
