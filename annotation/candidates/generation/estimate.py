"""What a run will cost, before it starts: at most, and where there is experience, likely."""

from dataclasses import dataclass
from decimal import Decimal

from django.db import connection
from django.db.models import Sum

from annotation.candidates.endpoints.costs import (
    BYTES_PER_TOKEN,
    cost_of,
    minutes_least,
    terms_of,
    tokens_of,
)
from annotation.candidates.models import Endpoint, GenerationRequest

EXPERIENCE = 20  # answered responses before their mean length is believed

BYTES = """
SELECT coalesce(sum(octet_length(messages::text)), 0) FROM prompts_prompt
 WHERE id = ANY(%(ids)s)
"""


@dataclass(frozen=True)
class Estimate:
    """Tokens are estimated from bytes; a server counts in its own way."""

    prompts: int
    responses: int
    tokens_in: int
    tokens_out_most: int
    tokens_out_likely: int | None
    cost_most: Decimal | None
    cost_likely: Decimal | None
    currency: str
    # By the limits per minute; None where there are none.
    minutes_least: float | None


def estimate(endpoint: Endpoint, prompt_ids: list[int], params: dict) -> Estimate:
    """For one request per prompt, which is one reading of the prompt for its n responses."""
    prompts, responses = len(prompt_ids), len(prompt_ids) * params["n"]
    tokens_in = _tokens_in(prompt_ids) + prompts * tokens_of(params.get("system", ""))
    most = responses * params["max_tokens"]
    mean = _mean_length(endpoint)
    likely = min(most, round(responses * mean)) if mean is not None else None
    return Estimate(
        prompts=prompts,
        responses=responses,
        tokens_in=tokens_in,
        tokens_out_most=most,
        tokens_out_likely=likely,
        cost_most=cost_of(terms_of(endpoint), tokens_in, most),
        cost_likely=None if likely is None else cost_of(terms_of(endpoint), tokens_in, likely),
        currency=endpoint.currency,
        minutes_least=minutes_least(endpoint, prompts, tokens_in + (likely or most)),
    )


def _tokens_in(prompt_ids: list[int]) -> int:
    with connection.cursor() as cursor:
        cursor.execute(BYTES, {"ids": prompt_ids})
        return int(cursor.fetchone()[0]) // BYTES_PER_TOKEN


def _mean_length(endpoint: Endpoint) -> float | None:
    """Tokens of a response that this endpoint wrote, so far."""
    told = GenerationRequest.objects.filter(
        generation_run__endpoint=endpoint, fault="", completion_tokens__isnull=False
    ).aggregate(tokens=Sum("completion_tokens"), responses=Sum("answered_count"))
    if (told["responses"] or 0) < EXPERIENCE:
        return None
    return told["tokens"] / told["responses"]
