"""The background side of a round: a step at a time, never longer than a few seconds."""

from datetime import timedelta

from annotation.core.jobs import Claim, job_kind

KIND = "round"


# Freezing and asking for rows may take a while on a busy machine; nothing renews meanwhile.
@job_kind(KIND, lease=timedelta(minutes=5))
def advance_round(claim: Claim):
    from annotation.demo import rounds  # a task is a leaf: services import us

    return rounds.advance(claim)
