"""A project with a ladder: two items of training, a test of two sections, and some work."""

from annotation.labeling.gold.making import Known, make_gold
from annotation.labeling.models import GoldItem
from annotation.labeling.models import TestSection as Section  # pytest takes it for a test
from annotation.labeling.queue import lend_next_item
from annotation.labeling.services import submit_judgment
from annotation.labeling.verdict import verdict_from_choices
from annotation.projects.models import LadderSettings, Membership
from tests.factories import make_item, make_member, make_project

Stage = Membership.Stage
RIGHT, WRONG = (1, 2), (2, 1)


def make_ladder(project=None, *, training=2, sections=(("Truth", 2), ("Form", 1)), **rules):
    """The right answer everywhere: the first response is the better one."""
    project = project or make_project(overlap=2)
    LadderSettings.objects.create(project=project, **{"first_stage": Stage.TRAINING} | rules)
    lead = make_member(project, Membership.Role.LEAD)
    for place in range(training):
        known_item(project, lead, use=GoldItem.Use.TRAINING, position=place, explanation="So.")
    for place, (name, count) in enumerate(sections):
        section = Section.objects.create(project=project, name=name, position=place)
        for number in range(count):
            known_item(project, lead, use="test", section=section, position=number)
    return project


def known_item(project, lead, *, item=None, explanation="", **fields):
    known = Known(verdict(*RIGHT), explanation=explanation)
    return make_gold(item=item or make_item(project), actor=lead, known=known, **fields)


def verdict(*ranks):
    return verdict_from_choices(dict(enumerate(ranks, start=1)), response_count=len(ranks))


def lead_of(project):
    return project.memberships.get(role=Membership.Role.LEAD).user


def membership(labeler):
    """As it is now."""
    return Membership.objects.select_related("project", "user").get(user=labeler)


def move(labeler, stage):
    """Put a labeler there without a word: where a test begins, not what it is about."""
    Membership.objects.filter(user=labeler).update(stage=stage)


def judge(labeler, ranks=RIGHT, *, assignment=None):
    """Answer what is lent next. Returns the judgment."""
    project = membership(labeler).project
    assignment = assignment or lend_next_item(project=project, labeler=labeler)
    return submit_judgment(
        assignment_id=assignment.pk,
        labeler=labeler,
        verdict=verdict(*ranks),
        key=assignment.key,
        lend_next=False,
    )[0]


def judge_all(labeler, *answers):
    """Until nothing comes; each by the next of `answers`, the last for all the others."""
    judged = []
    while lend_next_item(project=membership(labeler).project, labeler=labeler):
        judged.append(judge(labeler, answers[min(len(judged), len(answers) - 1)]))
    return judged
