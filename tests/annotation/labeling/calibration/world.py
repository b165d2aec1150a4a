"""Rounds for tests, made through the services."""

from uuid import uuid4

from annotation.labeling.calibration.drafts import Plan, create_round
from annotation.labeling.calibration.opening import open_round
from annotation.labeling.calibration.revealing import reveal
from annotation.labeling.queue import lend_next_item
from annotation.labeling.services import submit_judgment
from annotation.labeling.verdict import verdict_from_choices


def make_round(project, lead, items, **fields):
    plan = Plan(name=fields.pop("name", "First round"), items=list(items), **fields)
    return create_round(project=project, plan=plan, actor=lead)


def opened(project, lead, items, **fields):
    return open_round(round_=make_round(project, lead, items, **fields), actor=lead)


def judge(project, labeler, ranks=(1, 2), **said):
    """Judge the next item: lent, and submitted."""
    assignment = lend_next_item(project=project, labeler=labeler)
    return submit(assignment, ranks, **said)


def submit(assignment, ranks=(1, 2), **said):
    verdict = verdict_from_choices(
        dict(enumerate(ranks, start=1)), response_count=len(ranks), **said
    )
    return submit_judgment(
        assignment_id=assignment.pk,
        labeler=assignment.labeler,
        verdict=verdict,
        key=uuid4(),
        lend_next=False,
        is_complete=False,
    )[0]


def judge_all(project, labelers, count, **said):
    for labeler in labelers:
        for _ in range(count):
            judge(project, labeler, **said)


def revealed(project, lead, labelers, items, **fields):
    round_ = opened(project, lead, items, **fields)
    judge_all(project, labelers, len(items))
    return reveal(round_=round_, actor=lead)
