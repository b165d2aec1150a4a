"""The team's project, in the order in which it all came about."""

from django.db import transaction

from annotation.core import jobs
from annotation.demo.services import CRITERIA, GUIDELINE
from annotation.demo.tasks import TEAM_KIND
from annotation.demo.team import calibration, cast, items, known, ladder, talk, watch
from annotation.demo.team.work import judge, judge_gold
from annotation.projects.models import Project
from annotation.projects.services import create_project
from annotation.quality.services import request_figures

SLUG = "reply-team"
BEFORE, AFTER = 16, 3  # items that each simulated labeler judges before and after the round


def request_team() -> None:
    """Have it made by the worker, which begins after the first page: it takes some seconds. Its
    people are made at once, for their sign-in links are printed."""
    if not Project.objects.filter(slug=SLUG).exists():
        cast.people()
        jobs.enqueue(kind=TEAM_KIND, target=SLUG)


def run_job(claim: jobs.Claim) -> dict:
    with transaction.atomic():
        project = seed_team()
        claim.fence()
        claim.finish({"project": project.slug})
    return {"project": project.slug}


def seed_team() -> Project:
    """All of it or nothing; made once, found ever after."""
    project = Project.objects.filter(slug=SLUG).first()
    if project is None:
        with transaction.atomic():
            project = _make()
    return project


def _make() -> Project:
    everybody = cast.people()
    lead = everybody[cast.LEAD]
    project = create_project(
        slug=SLUG,
        name="Reply team",
        description="A team in the middle of its work: ladder, gold, calibration, review.",
        actor=lead,
        overlap=2,
        guideline=GUIDELINE.replace("four replies", "three replies"),
        criteria=CRITERIA,
    )
    items.bring_items(project, lead, "training", "test", "gold", "work")
    cast.bring_in_the_experienced(project, everybody)
    watch.make_pools(project, everybody)
    known.make_known_answers(project, lead)
    known.set_up_ladder(project, lead)
    ladder.qualify(project, everybody)
    ladder.try_out(project, everybody)
    ladder.begin(project, everybody)
    _work(project, everybody, BEFORE)
    for labeler in _working(everybody):
        judge_gold(project, labeler, 6)
    ladder.part_ways(project, everybody)
    calibration.finish_a_round(project, everybody)
    _work(project, everybody, AFTER)
    talk.review(project, everybody)
    calibration.begin_a_round(project, everybody)
    talk.questions_and_news(project, everybody)
    watch.watch(project, everybody)
    known.mix_in_gold(project, lead)
    request_figures(project=project, actor=lead)
    return project


def _work(project, everybody, rounds: int) -> None:
    """In turns, so that the same two do not meet on every item."""
    for _turn in range(rounds):
        for labeler in _working(everybody):
            judge(project, labeler, 1)


def _working(everybody) -> list:
    names = [cast.username_of(persona) for persona in cast.PANEL] + [cast.SUSPENDED]
    return [everybody[name] for name in names]
