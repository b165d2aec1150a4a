"""The background side of oversight."""

from annotation.core.jobs import Claim, job_kind

DELIVERY_KIND = "webhook"


# One attempt takes 20 s at most; as many attempts as sending.PAUSES has pauses, and one more.
@job_kind(DELIVERY_KIND, max_attempts=6, time_limit=60)
def deliver(claim: Claim):
    from annotation.oversight.webhooks import sending  # a task is a leaf: services import us

    return sending.deliver(claim)
