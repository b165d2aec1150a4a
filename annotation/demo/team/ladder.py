"""Four people on the ladder: qualified, in training, on probation, suspended with an appeal."""

from annotation.demo.team import cast
from annotation.demo.team.work import judge, judge_gold
from annotation.labeling.ladder.probation import review_probation
from annotation.labeling.ladder.suspension import appeal, suspend
from annotation.labeling.ladder.testing import start_attempt
from annotation.labeling.models import GoldItem

MOST = 20


def qualify(project, everybody) -> None:
    """Lea has gone the whole way: training, test, probation."""
    membership = _pass_test(project, everybody, cast.LEA)
    judge_gold(project, everybody[cast.LEA], 3)
    judge(project, everybody[cast.LEA], 5)
    review_probation(membership.pk)


def begin(project, everybody) -> None:
    """Nia has answered one item of the training."""
    cast.join(project, everybody, cast.NEWCOMER)
    judge(project, everybody[cast.NEWCOMER], 1)


def try_out(project, everybody) -> None:
    """Pau is in the middle of the probation."""
    _pass_test(project, everybody, cast.PROBATION)
    judge_gold(project, everybody[cast.PROBATION], 2)
    judge(project, everybody[cast.PROBATION], 3)


def part_ways(project, everybody) -> None:
    """Sam holds the scale upside down: a lead suspends, Sam appeals, the answer is to be given."""
    membership = project.memberships.get(user=everybody[cast.SUSPENDED])
    suspend(
        membership=membership,
        actor=everybody[cast.LEAD],
        reason="Your best replies are the ones that others rank last, on known answers too. Let "
        "us look at the scale together before you go on.",
    )
    appeal(
        membership=membership,
        text="I took rank 1 for the worst reply, as in my last project. I have read the guideline "
        "again and would like to start over with the training.",
    )


def _pass_test(project, everybody, username):
    membership = cast.join(project, everybody, username)
    judge(project, everybody[username], _asked(project, GoldItem.Use.TRAINING))
    membership.refresh_from_db()
    start_attempt(membership=membership)
    judge(project, everybody[username], _asked(project, GoldItem.Use.TEST))
    return membership


def _asked(project, use) -> int:
    return GoldItem.objects.active().filter(project=project, use=use).count()
