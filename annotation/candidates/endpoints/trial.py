"""Trying an endpoint: one small request, and what came back, as the job's result."""

from django.utils.translation import gettext_noop

from annotation.candidates.endpoints.client import complete
from annotation.candidates.endpoints.faults import EndpointFailed
from annotation.candidates.endpoints.pace import take_moment
from annotation.candidates.models import Endpoint
from annotation.core.errors import DomainError
from annotation.core.jobs import Claim, Deferred

QUESTION = "Reply with one short sentence: who are you?"
MOST_TOKENS = 64
SHOWN = 500  # characters of the answer
REMOVED = gettext_noop("This endpoint was removed meanwhile.")


def try_endpoint(claim: Claim) -> dict:
    """A fault is what was asked for, too: nothing of the project failed by it."""
    endpoint = Endpoint.objects.select_related("project").get(pk=claim.job.payload["endpoint"])
    if endpoint.removed_at is not None:
        raise DomainError(REMOVED)
    # Its moment is taken once: who comes back at that moment goes ahead.
    wait = take_moment(endpoint, tokens=MOST_TOKENS) if claim.token == 1 else 0
    if wait:
        raise Deferred(wait)
    try:
        answer = complete(
            endpoint, [{"role": "user", "content": QUESTION}], max_tokens=MOST_TOKENS
        )
    except EndpointFailed as error:
        return {"fault": error.fault.name, "detail": error.fault.detail}
    return {
        "text": answer.texts[0][:SHOWN],
        "finish_reason": answer.finish_reasons[0],
        "model": answer.model,
        "fingerprint": answer.fingerprint,
        "milliseconds": round(answer.latency * 1000),
        "prompt_tokens": answer.usage.prompt_tokens,
        "completion_tokens": answer.usage.completion_tokens,
    }
