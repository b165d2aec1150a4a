"""A labeler who has judged everything once, a while ago."""

from datetime import timedelta

from django.utils import timezone

from annotation.labeling.models import Assignment, Purpose
from annotation.labeling.queue import lend_next_item
from annotation.labeling.services import submit_judgment
from annotation.labeling.verdict import verdict_from_choices
from tests.factories import make_item, make_project


def asked_again(slug="shop", *, items=8, **fields):
    """A project that asks again as often as it may, and soon."""
    settings = {"repeat_percent": 20, "repeat_after_items": 2, "repeat_after_hours": 1}
    project = make_project(slug, overlap=50, **(settings | fields))
    for _ in range(items):
        make_item(project)
    return project


def judge(assignment, choices=None, *, lend_next=False):
    choices = choices or {n: n for n in sorted(assignment.order)}
    return submit_judgment(
        assignment_id=assignment.pk,
        labeler=assignment.labeler,
        key=assignment.key,
        verdict=verdict_from_choices(choices, response_count=len(assignment.order)),
        lend_next=lend_next,
    )[0]


def age(labeler, **ago):
    """What they have done so far, they did that long before; in the same order."""
    done = Assignment.objects.filter(labeler=labeler, over_at__isnull=False)
    for one in done:
        Assignment.objects.filter(pk=one.pk).update(over_at=one.over_at - timedelta(**ago))


def work_until_repeat(project, labeler, *, most=60, hours=2):
    """Judge on until a repeat is lent, on more items as they are wanted; the assignment."""
    for _ in range(most):
        make_item(project)
        lent = lend_next_item(project=project, labeler=labeler)
        if lent.purpose == Purpose.REPEAT:
            return lent
        judge(lent)
        age(labeler, hours=hours)
    raise AssertionError(f"no repeat among {most} items, {timezone.now():%H:%M}")
