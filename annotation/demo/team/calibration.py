"""A calibration round that was judged, talked over and closed, and one that is being judged."""

from uuid import uuid4

from annotation.demo.panel import username_of
from annotation.demo.team import cast
from annotation.demo.team.items import bring_items, items_for
from annotation.demo.team.known import known_of
from annotation.demo.team.work import judge
from annotation.labeling.calibration.drafts import Plan, create_round
from annotation.labeling.calibration.opening import open_round
from annotation.labeling.calibration.outcomes import agree, leave_open, make_example
from annotation.labeling.calibration.revealing import reveal
from annotation.labeling.calibration.talking import say
from annotation.projects.rubrics.drafts import draft_of, publish_draft
from annotation.projects.services import current_rubric
from annotation.quality.calibration import close_round

NOTE = (
    "From our first calibration round: the right order number alone does not help anybody. There "
    "is an example at “Helpful”."
)


def finish_a_round(project, everybody) -> None:
    """It ends with a verdict, an open point, and an example that makes the rubric's version 2."""
    lead = everybody[cast.LEAD]
    members = _members(everybody, cast.PANEL[:3])
    round_ = _open(project, lead, "Tone against substance", "calibration", members)
    for labeler in members:
        judge(project, labeler, 3)
    reveal(round_=round_, actor=lead)
    first, second, third = round_.items.select_related("item__prompt", "round")
    _talk(first, everybody)
    verdict = known_of(first.item).verdict
    agree(
        found=first,
        actor=lead,
        verdict=verdict,
        note="The reply that does what was asked goes first, plain as it is.",
        key=uuid4(),
        rubric=current_rubric(project),
    )
    leave_open(
        found=second,
        actor=lead,
        note="Is no order number better than a question for it? To be settled with the shop.",
        key=uuid4(),
    )
    make_example(
        found=third,
        actor=lead,
        criterion="helpful",
        text="A reply that only repeats the order number: 2, however polite.",
        key=uuid4(),
    )
    draft = draft_of(project)
    publish_draft(project=project, revision=draft.revision, note=NOTE, actor=lead)
    close_round(round_=round_, actor=lead)


def begin_a_round(project, everybody) -> None:
    """Two have judged their items; Lea and another one have not."""
    members = _members(everybody, cast.PANEL[1:])
    _open(project, everybody[cast.LEAD], "After version 2", "second-calibration", members)
    for labeler in members[1:3]:
        judge(project, labeler, 3)


def _members(everybody, personas) -> list:
    return [everybody[cast.LEA], *(everybody[username_of(persona)] for persona in personas)]


def _open(project, lead, name, part, members):
    """With items of its own: what is in the queue may be lent to anybody meanwhile."""
    bring_items(project, lead, part)
    plan = Plan(
        name=name,
        items=items_for(project, part),
        takes_everybody=False,
        labelers=[user.pk for user in members],
    )
    return open_round(round_=create_round(project=project, plan=plan, actor=lead), actor=lead)


def _talk(found, everybody) -> None:
    ada, bela = (everybody[username_of(persona)] for persona in cast.PANEL[:2])
    opened = say(
        found=found,
        author=bela,
        text="I put the friendly one first: a customer who is angry reads the tone before all.",
    )
    say(
        found=found,
        author=ada,
        text="And then finds that nothing was done. I went by the action.",
        parent_id=opened.pk,
    )
    say(
        found=found,
        author=everybody[cast.LEA],
        text="Both, but in that order: action, order number, tone. So says the guideline.",
        parent_id=opened.pk,
    )
