"""The background side of the demo: a round, a step at a time, and the team's project."""

from datetime import timedelta

from django.utils.translation import gettext_lazy

from annotation.core.jobs import Claim, job_kind

KIND = "round"


# Freezing and asking for rows may take a while on a busy machine; nothing renews meanwhile.
@job_kind(KIND, title=gettext_lazy("Whole round"), lease=timedelta(minutes=5))
def advance_round(claim: Claim):
    from annotation.demo import rounds  # a task is a leaf: services import us

    return rounds.advance(claim)


TEAM_KIND = "demo-team"


# One transaction without a word in between: on a busy machine it takes its time.
@job_kind(TEAM_KIND, title=gettext_lazy("Work of the demo team"), lease=timedelta(minutes=5))
def make_team(claim: Claim):
    from annotation.demo.team import seed  # a task is a leaf: services import us

    return seed.run_job(claim)
