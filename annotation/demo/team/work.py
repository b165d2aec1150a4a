"""Judging in the team's project, through the same services as people do."""

from datetime import timedelta
from uuid import uuid4

from django.utils import timezone

from annotation.demo.panel import answer_assignment
from annotation.demo.team.cast import PERSONAS, SEED
from annotation.labeling.models import Assignment, GoldItem, Judgment, Purpose
from annotation.labeling.services import lend_next_item


def judge(project, labeler, count: int) -> list[Judgment]:
    """What is lent next, so many times or until nothing is."""
    made = []
    while len(made) < count:
        assignment = lend_next_item(project=project, labeler=labeler)
        if assignment is None:
            break
        made.append(_answer(assignment))
    return made


def judge_gold(project, labeler, count: int) -> list[Judgment]:
    """Known answers, in their order. They are put on the desk here, for the queue draws them by a
    secret of the installation: every demo would show another record."""
    known = GoldItem.objects.in_queue().filter(project=project).select_related("item")
    untouched = known.exclude(item__assignments__labeler=labeler)
    return [_answer(_lent(gold.item, labeler)) for gold in untouched.order_by("pk")[:count]]


def _lent(item, labeler) -> Assignment:
    return Assignment.objects.create(
        project=item.project,
        item=item,
        labeler=labeler,
        purpose=Purpose.GOLD,
        order=list(range(1, item.response_count + 1)),
        key=uuid4(),
        lease_until=timezone.now() + timedelta(minutes=item.project.lease_minutes),
    )


def _answer(assignment) -> Judgment:
    persona = PERSONAS[assignment.labeler.username]
    return answer_assignment(assignment=assignment, persona=persona, seed=SEED)
