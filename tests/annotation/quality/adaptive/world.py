"""A project that is judged through the front door by simulated labelers of known reliability."""

import uuid

import numpy as np

from annotation.labeling.models import Assignment, Judgment
from annotation.labeling.queue import lend_next_item
from annotation.labeling.services import submit_judgment
from annotation.labeling.verdict import verdict_from_choices
from tests.factories import make_item, make_judgment, make_member, make_project

FIRST, SECOND = {1: 1, 2: 2}, {1: 2, 2: 1}


def make_world(*, items=6, labelers=6, **fields):
    project = make_project(**({"overlap": 3} | fields))
    made = [make_item(project) for _ in range(items)]
    return project, made, [make_member(project) for _ in range(labelers)]


def judge_next(project, labeler, choose):
    """One item through the queue; `choose` turns an assignment into choices. None when nothing
    is left."""
    lent = lend_next_item(project=project, labeler=labeler)
    if lent is None:
        return None
    submit_judgment(
        assignment_id=lent.pk,
        labeler=labeler,
        key=uuid.uuid4(),
        verdict=verdict_from_choices(choose(lent), response_count=len(lent.order)),
        lend_next=False,
    )
    return lent


def work_off(project, labelers, choose, rng=None):
    """Everybody in turn until the queue has nothing for anybody. Returns how many judged."""
    rng = rng or np.random.default_rng(0)
    done, going = 0, list(labelers)
    while going:
        labeler = going[rng.integers(len(going))]
        if judge_next(project, labeler, lambda lent, who=labeler: choose(lent, who)) is None:
            going.remove(labeler)
        else:
            done += 1
    return done


def judged(item, labelers, choices):
    """Judgments as an import writes them, each with the place it holds."""
    for labeler, ranks in zip(labelers, choices, strict=False):
        make_judgment(item, labeler, ranks)
        Assignment.objects.create(
            project=item.project,
            item=item,
            labeler=labeler,
            order=[1, 2],
            state=Assignment.State.SUBMITTED,
            key=uuid.uuid4(),
            lease_until="2026-01-01T00:00Z",
            over_at="2026-01-01T00:00Z",
        )
    item.taken += len(choices)
    item.save(update_fields=["taken"])


def count_of(project) -> int:
    return Judgment.objects.filter(project=project).work().current().count()
